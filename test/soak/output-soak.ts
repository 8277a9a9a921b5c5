/**
 * Kills commands while they write an output over an older one: after each kill the old output is whole, or the
 * new one is, and the same command ends with exactly the rows of one that nobody killed.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../src/demo/demo-items.ts';
import { exportArchive } from '../../src/index.ts';
import { type CliResult, startCli } from '../run/run-cli.ts';
import { type PageServer, startPageServer } from '../servers/page-server.ts';
import { environment, killAt, killWhenStill } from './kill-moment.ts';
import type { Moment } from './kill-plan.ts';
import type { OutputKind } from './output-kinds.ts';

export type Source = 'run' | 'export';

export interface OutputSoakOptions {
  readonly kinds: readonly OutputKind[];
  readonly sources: readonly Source[];
  /** Of each kind from each source. */
  readonly kills: number;
  readonly seed: number;
  /** Cases side by side. */
  readonly lanes: number;
  /** A folder of its own. */
  readonly folder: string;
  /** Pages of 250 records. */
  readonly pages: number;
  readonly onCase?: (result: OutputSoakResult) => void;
}

export interface OutputSoakResult {
  readonly kind: string;
  readonly source: Source;
  readonly kills: number;
  /** Kills that hit while a file of the output was being written. */
  readonly whileWriting: number;
  /** Kills that came when the new output was in its place already. */
  readonly late: number;
  /** Times that the same command was then left to end, and its rows compared. */
  readonly ends: number;
  readonly rowsEach: number;
  /** Null where all was as it must be. */
  readonly failure: string | null;
}

const RECORDS = 250;
const OLD_PAGES = 3;
const NEW = 'new.everypage';
const OLD = 'old.everypage';

function bodyOf(page: number): string {
  const records = Array.from({ length: RECORDS }, (_, index) => {
    const id = page * RECORDS + index;
    const tags = index % 3 === 0 ? '[]' : `["a${index}","b"]`;
    return `{"id":${id},"big":${9007199254740993n + BigInt(id)},"price":${index}.50,"name":"n ${id}","tags":${tags},"at":{"city":"c${index % 7}"}}`;
  });
  return `{"data":[${records.join()}]}`;
}

export async function outputSoak(options: OutputSoakOptions): Promise<readonly OutputSoakResult[]> {
  const { kinds, sources, lanes, folder, pages } = options;
  const server = await startPageServer({
    protocol: 'http',
    respond: ({ n }) => ({ body: bodyOf(n) }),
  });
  const archives = join(folder, 'archives');
  mkdirSync(archives, { recursive: true });
  const results: OutputSoakResult[] = [];
  const cases = sources.flatMap((source) => kinds.map((kind) => ({ source, kind })));
  const lane = async (): Promise<void> => {
    for (let next = cases.shift(); next !== undefined; next = cases.shift()) {
      const name = `${next.source}-${next.kind.name}`;
      const soaked = new OutputCase({ ...options, ...next, server, archives, name });
      const result = await soaked.run();
      results.push(result);
      options.onCase?.(result);
      if (result.failure !== null) cases.length = 0;
      else rmSync(join(folder, name), { recursive: true, force: true });
    }
  };
  try {
    await whole(archives, [urlOf(server, OLD_PAGES), ...SELECT, '--archive', OLD]);
    await whole(archives, [urlOf(server, pages), ...SELECT, '--archive', NEW]);
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    await server.close();
  }
  return results;
}

const SELECT = ['--select', 'data'];

function urlOf({ origin }: PageServer, pages: number): string {
  return `${origin}/pages/[1-${pages}]`;
}

/** A command that nobody kills. */
async function whole(folder: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await startCli(folder, [...args, '-q'], { env: environment }).ended;
  assert.equal(code, 0, stderr.slice(-2000));
}

interface CaseOptions extends OutputSoakOptions {
  readonly kind: OutputKind;
  readonly source: Source;
  readonly server: PageServer;
  readonly archives: string;
  readonly name: string;
}

class OutputCase {
  readonly #options: CaseOptions;
  readonly #folder: string;
  readonly #random: () => number;
  #kills = 0;
  #whileWriting = 0;
  #late = 0;
  #ends = 0;

  constructor(options: CaseOptions) {
    this.#options = options;
    this.#folder = join(options.folder, options.name);
    const salt = [...options.name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
    this.#random = seededRandom((options.seed + salt) % 1_000_000_000);
  }

  async run(): Promise<OutputSoakResult> {
    const { kind, source, pages } = this.#options;
    let failure: string | null = null;
    try {
      await this.#soak();
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    return {
      kind: kind.name,
      source,
      kills: this.#kills,
      whileWriting: this.#whileWriting,
      late: this.#late,
      ends: this.#ends,
      rowsEach: pages * RECORDS,
      failure,
    };
  }

  async #soak(): Promise<void> {
    const { kind, kills } = this.#options;
    const folder = this.#folder;
    mkdirSync(folder, { recursive: true });
    await this.#export(OLD);
    kind.addStranger(folder);
    const before = await kind.read(folder);
    const restore = await kind.save(folder);
    await this.#export(NEW);
    const after = await kind.read(folder);
    assert.ok(before !== null && after !== null && before !== after, 'there is nothing to compare');
    const startAgain = (): void => {
      restore();
      this.#removeArchive();
    };
    startAgain();
    const startedAt = performance.now();
    await whole(folder, this.#command());
    const durationMs = performance.now() - startedAt;
    assert.ok((await kind.read(folder)) === after, 'two commands that nobody killed differ');
    startAgain();

    while (this.#kills < kills) {
      const leftBefore = this.#unfinished();
      const { signal, code, stderr } = await this.#runAndKill(durationMs);
      const isKilled = signal === 'SIGKILL';
      if (!isKilled) assert.equal(code, 0, stderr.slice(-2000));
      this.#kills += Number(isKilled);
      const isWriting = this.#unfinished().some((name) => !leftBefore.includes(name));
      this.#whileWriting += Number(isKilled && isWriting);
      const found = await kind.read(folder);
      assert.ok(
        found === before || found === after,
        'the output is neither the old nor the new one',
      );
      if (!isKilled) assert.ok(found === after, 'a command that ended left the old output');
      const isNew = found === after;
      this.#late += Number(isKilled && isNew);
      // Else the next command goes on with what this one left.
      const isEnded = isNew || this.#kills >= kills || this.#random() < 0.25;
      if (isKilled && isEnded) await this.#end(after);
      if (isEnded) startAgain();
    }
  }

  /** Files that stand for an output that is being written. */
  #unfinished(): readonly string[] {
    const { suffix } = this.#options.kind;
    if (suffix === null) return [];
    return readdirSync(this.#folder).filter((name) => name.endsWith(suffix));
  }

  /** The same command, left alone. */
  async #end(after: string): Promise<void> {
    const { kind } = this.#options;
    await whole(this.#folder, this.#command());
    assert.ok((await kind.read(this.#folder)) === after, 'the rows are not those of the archive');
    const left = readdirSync(this.#folder).filter((name) => /\.tmp$|-journal$|\.wal$/.test(name));
    assert.deepEqual(left, [], 'something of a killed command is left');
    this.#ends += 1;
  }

  async #runAndKill(durationMs: number): Promise<CliResult> {
    const { server } = this.#options;
    const folder = this.#folder;
    const started = startCli(folder, [...this.#command(), '-q'], { env: environment });
    const limit = killWhenStill(started, folder, {
      counts: () => server.counts(),
      onRequest: null,
    });
    const unwatch = killAt(this.#moment(durationMs), started, folder, null);
    const result = await started.ended;
    clearInterval(limit);
    unwatch();
    assert.notEqual(result.signal, 'SIGABRT', 'a command hangs');
    return result;
  }

  /** Anywhere in the time that a command takes, or in the part of it in which the output is written. */
  #moment(durationMs: number): Moment {
    const random = this.#random;
    const { suffix } = this.#options.kind;
    if (suffix === null || random() < 0.4) {
      return { after: 'start', nth: 0, suffix: '', waitMs: random() * durationMs * 1.05 };
    }
    const waitMs = random() < 0.3 ? 0 : random() * durationMs * 0.5;
    return { after: 'file', nth: 1 + Math.floor(random() * 4), suffix, waitMs };
  }

  #command(): readonly string[] {
    const { source, kind, server, pages, archives } = this.#options;
    const output = ['-o', kind.outputIn(this.#folder)];
    if (source === 'export') return ['export', join(archives, NEW), ...output];
    return [urlOf(server, pages), ...SELECT, ...output, '--archive', 'run.everypage'];
  }

  async #export(archive: string): Promise<void> {
    const { archives, kind } = this.#options;
    const named = kind.outputIn(this.#folder);
    const output = named.includes('://') ? named : join(this.#folder, named);
    await exportArchive(join(archives, archive), { output });
  }

  #removeArchive(): void {
    for (const name of readdirSync(this.#folder)) {
      if (name.startsWith('run.everypage')) rmSync(join(this.#folder, name));
    }
  }
}
