/** The outputs of a run that are made of bytes: files, or blocks for the main thread. */
import { holdFile } from '../archive/file-locks.ts';
import type { ManifestOutput } from '../core/manifest.ts';
import { type TableOptions, withTable } from '../core/table-options.ts';
import { isMadeOfBytes } from '../export/choose-format.ts';
import { createOutput } from '../export/create-output.ts';
import type { FileDestination } from '../export/file-destination.ts';
import type { Destination, ExportItem, PageSource } from '../export/format.ts';
import { HashingDestination } from '../export/hashing-destination.ts';
import { canFollow, type Written, writeFollowing, writeWhole } from '../export/write-output.ts';
import type { BytesTarget, ExportTarget, FileTarget, FinishedOutput } from './messages.ts';

interface ByteOutput {
  readonly target: FileTarget | BytesTarget;
  /** Null for the main thread. */
  readonly file: FileDestination | null;
  readonly destination: Destination;
  /** Null where nobody wants its hash. */
  readonly hash: HashingDestination | null;
  /** Null while it is not written whole. */
  written: Written | null;
}

/** What was written, for the summary and for a manifest. */
interface SettledOutput {
  readonly finished: FinishedOutput;
  readonly described: ManifestOutput;
}

export class Outputs {
  readonly #all: readonly ByteOutput[];
  readonly #table: TableOptions;
  /** The one that is written while pages come. The others are written from the whole archive. */
  readonly #following: ByteOutput | null;

  private constructor(all: readonly ByteOutput[], table: TableOptions) {
    this.#all = all;
    this.#table = table;
    this.#following = all.find(({ target }) => canFollow(target)) ?? null;
  }

  /**
   * Opens all, or none.
   *
   * @param main takes blocks that go to no file
   * @param areHashed whether a manifest is to have their hashes
   * @throws EverypageError as `createOutput` does
   */
  static open(
    targets: readonly ExportTarget[],
    table: TableOptions,
    main: Destination,
    areHashed: boolean,
  ): Outputs {
    const all: ByteOutput[] = [];
    const outputs = (): Outputs => new Outputs(all, table);
    try {
      for (const target of targets) {
        if (target.kind === 'pages') continue;
        const file =
          target.kind === 'file' ? createOutput(target, target.path, holdFile, table) : null;
        const to = file ?? main;
        const hash = areHashed && isMadeOfBytes(target) ? new HashingDestination(to) : null;
        all.push({ target, file, destination: hash ?? to, hash, written: null });
      }
    } catch (error) {
      outputs().abort();
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
    return this.#all.some(({ file }) => file === null || file.waitsForReader);
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
    output.written = await writeFollowing(
      output.target,
      pages,
      output.destination,
      select,
      this.#table,
    );
    return output.written;
  }

  /**
   * Writes each of the others: work that the caller starts, and whose errors it takes.
   *
   * @param key of the records, as it was found
   */
  others(
    pages: PageSource,
    select: string | null,
    key: string | null | undefined,
  ): readonly (() => Promise<void>)[] {
    const table = withTable(this.#table, undefined, key);
    const others = this.#all.filter((output) => output !== this.#following);
    return others.map((output) => async () => {
      const { target, destination } = output;
      output.written = await writeWhole(target, pages, destination, select, table);
    });
  }

  /**
   * Puts files that are written whole in their places, if they are to be written at all; else they stay as
   * they were. What a pipe or the main thread got nobody can take back. Returns what was written.
   */
  settle(isGood: boolean, isAbandoned: boolean): readonly SettledOutput[] {
    const isKept = (output: ByteOutput): boolean =>
      output.written !== null && (isGood || isStream(output));
    for (const output of this.#all) {
      if (isKept(output) && !isAbandoned) output.file?.commit();
      else output.file?.abort();
    }
    return this.#all.filter(isKept).map((output) => ({
      finished: {
        destination: output.target.kind === 'file' ? output.target.path : 'stdout',
        ...output.written!,
      },
      described: described(output, output.written!),
    }));
  }

  abort(): void {
    for (const { file } of this.#all) file?.abort();
  }
}

function described(output: ByteOutput, { records, bytes }: Written): ManifestOutput {
  const { target, hash } = output;
  const path = target.kind === 'file' && !isStream(output) ? target.path : null;
  return { path, format: target.format, records, bytes, sha256: hash?.digest() ?? null };
}

/** Somebody reads it meanwhile. */
function isStream({ file }: ByteOutput): boolean {
  return file === null || file.waitsForReader;
}
