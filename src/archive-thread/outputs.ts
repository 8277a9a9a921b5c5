/** The outputs of a run: files, databases, blocks for the main thread, and destinations of the user's. */
import { createHash } from 'node:crypto';
import { holdFile } from '../archive/file-locks.ts';
import { usageError } from '../core/errors.ts';
import type { ManifestOutput } from '../core/manifest.ts';
import { nameOfOutput } from '../core/record-sink.ts';
import { type TableOptions, withTable } from '../core/table-options.ts';
import { isMadeOfBytes } from '../export/choose-format.ts';
import { createOutput } from '../export/create-output.ts';
import type { Destination, ExportItem, OutputDestination, PageSource } from '../export/format.ts';
import { SinkDestination } from '../export/sink-destination.ts';
import { canFollow, type Written, writePages } from '../export/write-output.ts';
import type { BytesTarget, ExportTarget, FileTarget, FinishedOutput } from './messages.ts';

interface ByteOutput {
  readonly target: FileTarget | BytesTarget;
  /** Null for the main thread. */
  readonly file: OutputDestination | null;
  readonly destination: Destination;
  /** Null where nobody wants its hash. */
  readonly hash: HashingDestination | null;
  /** Null while it is not written whole. */
  written: Written | null;
}

interface SinkOutput {
  readonly target: null;
  readonly sink: SinkDestination;
  written: Written | null;
}

type Output = ByteOutput | SinkOutput;

/** What was written, for the summary and for a manifest. */
export interface SettledOutput {
  readonly finished: FinishedOutput;
  readonly described: ManifestOutput;
}

/** Sinks that are loaded, by their targets. */
export type Sinks = ReadonlyMap<ExportTarget, SinkDestination>;

/**
 * @param ownsThread whether no code of a user's but the sinks' runs in this thread, as on the archive's own
 * and in the command line: then an error that nobody waits for is theirs
 * @throws EverypageError USAGE where one cannot be loaded
 */
export async function loadSinks(
  targets: readonly ExportTarget[],
  ownsThread: boolean,
): Promise<Sinks> {
  const sinks = new Map<ExportTarget, SinkDestination>();
  for (const target of targets) {
    if (target.kind === 'sink') sinks.set(target, await SinkDestination.load(target, ownsThread));
  }
  return sinks;
}

export class Outputs {
  readonly #all: readonly Output[];
  readonly #table: TableOptions;
  /** The one that is written while pages come. The others are written from the whole archive. */
  readonly #following: ByteOutput | null;

  private constructor(all: readonly Output[], table: TableOptions) {
    this.#all = all;
    this.#table = table;
    this.#following = all.find(isFollowing) ?? null;
  }

  /**
   * Opens all, or none; sinks are opened when they are written.
   *
   * @param main takes blocks that go to no file
   * @param areHashed whether a manifest is to have their hashes
   * @throws EverypageError as `createOutput` does
   */
  static async open(
    targets: readonly ExportTarget[],
    table: TableOptions,
    main: Destination,
    sinks: Sinks,
    areHashed: boolean,
  ): Promise<Outputs> {
    const all: Output[] = [];
    const outputs = (): Outputs => new Outputs(all, table);
    try {
      for (const target of targets) {
        if (target.kind === 'pages') continue;
        if (target.kind === 'sink') {
          all.push({ target: null, sink: sinks.get(target)!, written: null });
          continue;
        }
        const file =
          target.kind === 'file' ? await createOutput(target, target.path, holdFile, table) : null;
        checkPlace(file, all);
        const to = file ?? main;
        const hash = areHashed && isMadeOfBytes(target) ? new HashingDestination(to) : null;
        all.push({ target, file, destination: hash ?? to, hash, written: null });
      }
    } catch (error) {
      await outputs().abort(error);
      throw error;
    }
    return outputs();
  }

  /** What is written while pages come is put in its place at the end; a pipe has got them by then. */
  get isAllOrNothing(): boolean {
    const first = this.#following ?? this.#all[0];
    return first !== undefined && !isStream(first);
  }

  /** Somebody reads them meanwhile, who may be slow or not there. */
  get haveReader(): boolean {
    return this.hasSink || this.#all.some(isStream);
  }

  /** What a user wrote may wait for anything, also when it is committed. */
  get hasSink(): boolean {
    return this.#all.some(({ target }) => target === null);
  }

  get isFollowing(): boolean {
    return this.#following !== null;
  }

  get areWritten(): boolean {
    return this.#all.every(({ written }) => written !== null);
  }

  /** What the first of those that are written holds. */
  get written(): Written | null {
    return this.#all.find(({ written }) => written !== null)?.written ?? null;
  }

  /** Writes the one that can be written while pages come; null where none can. */
  async follow(pages: AsyncIterable<ExportItem>, select: string | null): Promise<Written | null> {
    const output = this.#following;
    if (output === null) return null;
    output.written = await writePages(
      output.target,
      () => pages,
      output.destination,
      select,
      this.#table,
    );
    return output.written;
  }

  /** Writes all of them, of an archive that is not being written. */
  async writeAll(pages: PageSource, select: string | null, runId: string): Promise<void> {
    for (const output of this.#all) {
      await writeOutput(output, pages, { select, table: this.#table, runId });
    }
  }

  /**
   * Writes each of the others: work that the caller starts, and whose errors it takes.
   *
   * @param key of the records, as it was found
   * @param beganAt when the run began, in milliseconds since 1970
   * @param runId see `SinkContext`
   */
  others(
    pages: PageSource,
    select: string | null,
    key: string | null | undefined,
    beganAt: number,
    runId: string,
  ): readonly (() => Promise<void>)[] {
    const table = withTable(this.#table, undefined, key, beganAt);
    const others = this.#all.filter((output) => output !== this.#following);
    return others.map((output) => () => writeOutput(output, pages, { select, table, runId }));
  }

  /**
   * Puts files that are written whole in their places, if they are to be written at all; else they stay as
   * they were. What a pipe or the main thread got nobody can take back. Returns what was written.
   *
   * @throws EverypageError where a sink or a server fails; then no file is in its place
   */
  async settle(isGood: boolean, isAbandoned: () => boolean): Promise<readonly SettledOutput[]> {
    const isKept = (output: Output): boolean =>
      output.written !== null && (isGood || isStream(output));
    // Commits to servers and sinks come first: nothing else that is left can fail.
    for (const output of this.#all) {
      if (!isKept(output) || isAbandoned()) continue;
      if (output.target === null) await output.sink.commit();
      else if (output.file?.isRemote) await output.file.commit();
    }
    for (const output of this.#all) {
      if (output.target === null) await output.sink.abort(NOT_WRITTEN);
      // What was committed above is not committed twice.
      else if (output.file?.isRemote) await output.file.abort();
      else if (isKept(output) && !isAbandoned()) await output.file?.commit();
      else await output.file?.abort();
    }
    return this.#all.filter(isKept).map((output) => ({
      finished: { destination: nameOf(output), ...output.written! },
      described: described(output, output.written!),
    }));
  }

  /** Ends the wait for whoever takes them. */
  leave(): void {
    for (const output of this.#all) if (output.target === null) output.sink.leave();
  }

  async abort(reason: unknown): Promise<void> {
    for (const output of this.#all) if (output.target !== null) await output.file?.abort();
    for (const output of this.#all) if (output.target === null) await output.sink.abort(reason);
  }
}

/** @throws EverypageError USAGE for what an earlier output changes too: one would wait for the other */
function checkPlace(file: OutputDestination | null, earlier: readonly Output[]): void {
  if (file?.place === undefined) return;
  const other = earlier.find((it) => it.target !== null && it.file?.place === file.place);
  if (other !== undefined) {
    throw usageError(
      `${nameOf(other)} is named twice as an output; name another table with ?table=`,
    );
  }
}

const NOT_WRITTEN = new Error('the run does not write its outputs');

function isFollowing(output: Output): output is ByteOutput {
  return output.target !== null && canFollow(output.target);
}

interface Wanted {
  readonly select: string | null;
  readonly table: TableOptions;
  readonly runId: string;
}

async function writeOutput(output: Output, pages: PageSource, wanted: Wanted): Promise<void> {
  const { select, table, runId } = wanted;
  output.written =
    output.target === null
      ? await output.sink.write(pages, select, { runId, key: table.key, expressions: table })
      : await writePages(output.target, pages, output.destination, select, table);
}

function nameOf(output: Output): string {
  if (output.target === null) return output.sink.name;
  return output.target.kind === 'file' ? nameOfOutput(output.target.path) : 'stdout';
}

function described(output: Output, { records, bytes }: Written): ManifestOutput {
  const destination = nameOf(output);
  if (output.target === null) {
    return { destination, path: null, format: 'sink', records, bytes, sha256: null };
  }
  const { target, hash } = output;
  const isFile = target.kind === 'file' && !isStream(output) && !output.file?.isRemote;
  const path = isFile ? target.path : null;
  const sha256 = hash?.digest() ?? null;
  return { destination, path, format: target.format, records, bytes, sha256 };
}

/** Whether a reader takes the output while it is written. */
function isStream(output: Output): boolean {
  return output.target !== null && (output.file === null || output.file.waitsForReader);
}

/** Hashes what goes to a destination on its way, so that no output is read again for its hash. */
class HashingDestination implements Destination {
  readonly #to: Destination;
  readonly #hash = createHash('sha256');

  constructor(to: Destination) {
    this.#to = to;
  }

  write(bytes: Uint8Array): Promise<void> | void {
    // First: whoever takes them may transfer them.
    this.#hash.update(bytes);
    return this.#to.write(bytes);
  }

  /** Hex SHA-256 of all that was written. Call it once, at the end. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}
