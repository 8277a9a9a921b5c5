/** What stands in the store of a run: its record, its parts and, in the end, the manifest that says which count. */
import { EverypageError, usageError } from '../core/errors.ts';
import type { PlanEnd } from '../core/page-info.ts';
import { type RunRecord, readRecord } from './run-record.ts';
import type { LocalFile, StoreHome } from './store-home.ts';

const MARKER = 'run.json';
const MANIFEST = 'manifest.json';
const PARTS = 'parts';
const SUFFIX = '.everypage';

/** Behind a bucket each answer takes tens of milliseconds, so the next parts come while one is read. */
const OPENED_AHEAD = 4;

/** A part that counts, and the positions of its pages that do not. */
export interface CountedPart {
  readonly name: string;
  readonly except: readonly number[];
}

/** What a finished store holds; it is read without the queue. */
export interface Manifest {
  readonly run: string;
  readonly total: number;
  /** SHA-256 over the keys of the plan, in hex. */
  readonly planDigest: string;
  readonly parts: readonly CountedPart[];
  /** How a list ended that pages by itself; null for a list of known pages. */
  readonly end: PlanEnd | null;
}

export interface OpenedPart extends CountedPart {
  /**
   * Its file on this machine, until the next part is asked for; null where it is not there.
   *
   * @throws EverypageError ARCHIVE_DAMAGED where its bytes are not those that were written
   */
  path(): Promise<string | null>;
}

export class PartStore {
  readonly home: StoreHome;
  /** When it was made: two stores of one run differ in that. */
  readonly createdAt: number;

  private constructor(home: StoreHome, { createdAt }: Pick<RunRecord, 'createdAt'>) {
    this.home = home;
    this.createdAt = createdAt;
  }

  /**
   * The store of a new run, or of one that goes on.
   *
   * @throws EverypageError USAGE where another run has it, or it cannot be written
   */
  static async begin(home: StoreHome, record: RunRecord): Promise<PartStore> {
    await home.prepare();
    const other = await PartStore.find(home);
    if (other !== null && other.id !== record.id) throw ofAnotherRun(home, other);
    if (other === null) await home.write(MARKER, Buffer.from(JSON.stringify(record)));
    return new PartStore(home, other ?? record);
  }

  /** The run whose store stands there; null where there is none. */
  static async find(home: StoreHome): Promise<RunRecord | null> {
    const bytes = await home.read(MARKER);
    if (bytes === null) return null;
    const record = readRecord(Buffer.from(bytes).toString());
    if (record !== null) return record;
    throw usageError(`${home.where}/${MARKER} is not what everypage writes there`);
  }

  /**
   * The store of a run that another process began.
   *
   * @throws EverypageError USAGE where it is not there, or is not of that run
   */
  static async join(home: StoreHome, run: Pick<RunRecord, 'id'>): Promise<PartStore> {
    const found = await PartStore.find(home);
    if (found?.id === run.id) return new PartStore(home, found);
    const what = found === null ? 'holds no run' : `belongs to another run (${found.id})`;
    throw usageError(
      `the store ${home.where} ${what}; it has to be that of run ${run.id}, which every machine reaches; --store says by which path`,
    );
  }

  /** The run that a store is of. @throws EverypageError USAGE where it is none */
  static async read(
    home: StoreHome,
  ): Promise<{ readonly store: PartStore; readonly record: RunRecord }> {
    const record = await PartStore.find(home);
    if (record === null) throw usageError(`${home.where} is no store: ${MARKER} is not in it`);
    return { store: new PartStore(home, record), record };
  }

  /** Where a part is written before `publish` gives it its name. */
  draft(name: string): string {
    return this.home.draft(fileOf(name));
  }

  async publish(name: string): Promise<void> {
    await this.home.publish(fileOf(name));
  }

  discard(name: string): void {
    this.home.discard(fileOf(name));
  }

  /** One part after the other, each as a file of this machine. */
  async *open(parts: Iterable<CountedPart>): AsyncGenerator<OpenedPart> {
    const left = parts[Symbol.iterator]();
    const ahead: { readonly part: CountedPart; readonly file: Promise<LocalFile | null> }[] = [];
    const openNext = (): void => {
      const { value: part } = left.next();
      if (part === undefined) return;
      const file = this.home.open(fileOf(part.name));
      file.catch(() => {});
      ahead.push({ part, file });
    };
    try {
      for (let count = 0; count < OPENED_AHEAD; count += 1) openNext();
      for (let next = ahead[0]; next !== undefined; next = ahead[0]) {
        const { part, file } = next;
        yield { ...part, path: async () => (await file)?.path ?? null };
        await release(file);
        ahead.shift();
        openNext();
      }
    } finally {
      await Promise.all(ahead.map(({ file }) => release(file)));
    }
  }

  /** Removes all parts: the run begins again. */
  async clear(): Promise<void> {
    const names = await this.home.names(PARTS);
    await this.home.remove([MANIFEST]);
    await this.home.remove(names.map((name) => `${PARTS}/${name}`));
  }

  /** A part that does not count. */
  async remove(name: string): Promise<void> {
    await this.home.remove([fileOf(name)]);
  }

  /** A part that cannot be read is kept under another name, and is no part any more. Returns where. */
  async setAside(name: string): Promise<string> {
    const damaged = `${fileOf(name)}.damaged`;
    await this.home.rename(fileOf(name), damaged);
    return `${this.home.where}/${damaged}`;
  }

  /** All that have their names, counted or not, in the order of their names. */
  async names(): Promise<readonly string[]> {
    return (await this.home.names(PARTS))
      .filter((file) => file.endsWith(SUFFIX))
      .map((file) => file.slice(0, -SUFFIX.length))
      .toSorted();
  }

  async writeManifest(manifest: Manifest): Promise<void> {
    await this.home.write(MANIFEST, Buffer.from(JSON.stringify(manifest)));
  }

  /** @throws EverypageError ARCHIVE_INCOMPLETE before the run has ended */
  async readManifest(): Promise<Manifest> {
    const bytes = await this.home.read(MANIFEST);
    if (bytes !== null) return JSON.parse(Buffer.from(bytes).toString()) as Manifest;
    throw new EverypageError(
      'ARCHIVE_INCOMPLETE',
      `${this.home.where} is the store of a run that has not ended; everypage status shows how far it is`,
    );
  }
}

function fileOf(part: string): string {
  return `${PARTS}/${part}${SUFFIX}`;
}

/** A file that did not arrive has nothing to release. */
async function release(file: Promise<LocalFile | null>): Promise<void> {
  const opened = await file.catch(() => null);
  opened?.release();
}

export function ofAnotherRun({ where }: StoreHome, { id }: RunRecord): EverypageError {
  return usageError(
    `the store ${where} belongs to another run (${id}); name an empty one with --store, or run the command that began it`,
  );
}

/** A part as the queue lists it: its name, and positions with commas between that do not count in it. */
export function partOf(entry: string): CountedPart {
  const [name = '', except = ''] = entry.split(' ');
  return { name, except: positionsOf(except) };
}

/** Positions with commas between. */
export function positionsOf(text: string): readonly number[] {
  return text === '' ? [] : text.split(',').map(Number);
}
