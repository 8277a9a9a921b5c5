/** Where the parts of a run stand: a folder that all machines reach. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { EverypageError, usageError } from '../core/errors.ts';
import { renameFile, syncFile, syncFolder, whyUnreadable } from '../core/files.ts';
import type { PlanEnd } from '../core/page-info.ts';
import { type RunRecord, readRecord } from './run-record.ts';

const MARKER = 'run.json';
const MANIFEST = 'manifest.json';
const PARTS = 'parts';
const SUFFIX = '.everypage';
const TEMPORARY = '.tmp';

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

export class PartStore {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * The store of a new run, or of one that goes on.
   *
   * @throws EverypageError USAGE where another run has it, or it cannot be written
   */
  static begin(path: string, record: RunRecord): PartStore {
    const store = new PartStore(PartStore.makeFolder(path));
    const other = store.#readMarker();
    if (other !== null && other.id !== record.id) throw ofAnotherRun(path, other);
    if (other === null) store.#write(MARKER, JSON.stringify(record));
    return store;
  }

  /** @throws EverypageError USAGE where it cannot be written */
  static makeFolder(path: string): string {
    try {
      mkdirSync(join(path, PARTS), { recursive: true });
      accessSync(path, constants.W_OK);
      return resolve(path);
    } catch (cause) {
      throw usageError(`the store ${path} cannot be written: ${whyUnreadable(cause)}`, cause);
    }
  }

  /** The run whose store stands at `path`; null where there is none. */
  static find(path: string): RunRecord | null {
    return new PartStore(resolve(path)).#readMarker();
  }

  /**
   * The store of a run that another process began.
   *
   * @throws EverypageError USAGE where it is not there, or is not of that run
   */
  static join(path: string, run: Pick<RunRecord, 'id'>): PartStore {
    const store = new PartStore(resolve(path));
    const id = store.#readMarker()?.id;
    if (id === run.id) return store;
    const what = id === undefined ? 'holds no run' : `belongs to another run (${id})`;
    throw usageError(
      `the store ${path} ${what}; it has to be the folder of run ${run.id}, which every machine reaches; --store says by which path`,
    );
  }

  /** The run that a store is of. @throws EverypageError USAGE where it is none */
  static read(path: string): { readonly store: PartStore; readonly record: RunRecord } {
    const store = new PartStore(resolve(path));
    const record = store.#readMarker();
    if (record === null) throw usageError(`${path} is no store: ${MARKER} is not in it`);
    return { store, record };
  }

  /** Where a part is written before it has its name. */
  temporaryPath(name: string): string {
    return join(this.path, PARTS, name + TEMPORARY);
  }

  /** Gives a part its name; a power cut cannot take it away after this. */
  publish(name: string): void {
    renameFile(this.temporaryPath(name), this.pathOf(name));
    syncFolder(join(this.path, PARTS));
  }

  pathOf(name: string): string {
    return join(this.path, PARTS, name + SUFFIX);
  }

  /** Removes all parts: the run begins again. */
  clear(): void {
    rmSync(join(this.path, MANIFEST), { force: true });
    rmSync(join(this.path, PARTS), { recursive: true, force: true });
    mkdirSync(join(this.path, PARTS));
  }

  /** A part that does not count, or a temporary one. */
  remove(name: string): void {
    for (const path of [this.temporaryPath(name), this.pathOf(name)]) rmSync(path, { force: true });
  }

  /** A part that cannot be read is kept under another name, and is no part any more. */
  setAside(name: string): string {
    const path = `${this.pathOf(name)}.damaged`;
    renameFile(this.pathOf(name), path);
    return path;
  }

  has(name: string): boolean {
    return existsSync(this.pathOf(name));
  }

  /** All that have their names, counted or not, in the order of their names. */
  names(): readonly string[] {
    return readdirSync(join(this.path, PARTS))
      .filter((file) => file.endsWith(SUFFIX))
      .map((file) => file.slice(0, -SUFFIX.length))
      .toSorted();
  }

  writeManifest(manifest: Manifest): void {
    this.#write(MANIFEST, JSON.stringify(manifest));
  }

  /** @throws EverypageError ARCHIVE_INCOMPLETE before the run has ended */
  readManifest(): Manifest {
    const path = join(this.path, MANIFEST);
    if (!existsSync(path)) {
      throw new EverypageError(
        'ARCHIVE_INCOMPLETE',
        `${this.path} is the store of a run that has not ended; everypage status shows how far it is`,
      );
    }
    return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  }

  #write(name: string, text: string): void {
    const path = join(this.path, name);
    writeFileSync(path + TEMPORARY, text, { mode: 0o600 });
    syncFile(path + TEMPORARY);
    renameFile(path + TEMPORARY, path);
    syncFolder(this.path);
  }

  #readMarker(): RunRecord | null {
    const path = join(this.path, MARKER);
    if (!existsSync(path)) return null;
    return readRecord(readFileSync(path, 'utf8'));
  }
}

export function ofAnotherRun(path: string, { id }: RunRecord): EverypageError {
  return usageError(
    `the store ${path} belongs to another run (${id}); name an empty folder with --store, or run the command that began it`,
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
