/**
 * The contract of this folder: shapes. A format turns pages in page order into bytes at a
 * destination; it opens nothing, names nothing and knows no archive. It may import core/ and decode/.
 */
import type { FormatName } from '../core/options.ts';
import type { Place } from '../core/page-request.ts';
import type { TableOptions } from '../core/table-options.ts';
import type { FoundRecords } from '../decode/decode.ts';

/** Endings of compressed text. */
export const compressions = ['.gz', '.zst'] as const;

export type Compression = (typeof compressions)[number];

export interface OutputForm {
  readonly format: FormatName;
  readonly compression: Compression | null;
}

/** A page as a format sees it: decoded, known to be valid JSON, byte order mark removed. */
export interface ExportPage {
  readonly place: Place;
  /** Redacted; for messages. */
  readonly url: string;
  readonly body: Uint8Array;
  /** Its records under the selection of this export, where a check has found them already. */
  readonly found?: FoundRecords;
  /** So many records at its front are left out, because an earlier page gave them. Default 0. */
  readonly skip?: number;
  /** Indexes of records that are left out as well, because an earlier reading of the list gave them. */
  readonly repeats?: ReadonlySet<number>;
  /**
   * The page without records that are left out, where the selection is not the list's own records:
   * what it is applied to. Default: the body.
   */
  readonly rest?: Uint8Array;
}

/** Stands between two pages where the next one is not there yet: what is buffered goes out. */
export const FLUSH = Symbol('the next page is not there yet');

export type ExportItem = ExportPage | typeof FLUSH;

export interface Destination {
  /**
   * Resolves when more may be written. By then it needs `bytes` no more, which are written over, or has
   * transferred them.
   */
  write(bytes: Uint8Array): Promise<void> | void;
}

/** A destination that gets all that was written, or nothing. */
export interface OutputDestination extends Destination {
  /** Makes what was written count. Call it once, at the end. */
  commit(): Promise<void> | void;
  /** Takes back what was written. Does nothing after `commit`, and throws nothing. */
  abort(): Promise<void> | void;
  /** Whoever reads it may be slow, or not there. */
  readonly waitsForReader: boolean;
  /** Its `commit` may fail where others no longer can: a server may be gone. Default false. */
  readonly isRemote?: boolean;
  /** What it changes, where two names may mean one: no output of the same run changes it too. */
  readonly place?: string;
}

export interface ExportCounts {
  readonly records: number;
  readonly bytes: number;
}

/** Writes each page when it comes: nothing depends on a later one. */
export type Format = (
  pages: AsyncIterable<ExportItem> | Iterable<ExportItem>,
  destination: Destination,
  selection: string | null,
) => Promise<ExportCounts>;

/** All pages, once all are there, from the first one at each call. */
export type PageSource = () => AsyncIterable<ExportPage> | Iterable<ExportPage>;

/** Has columns, which are those of all records: it needs every page before the first byte. */
export type TableFormat = (
  pages: PageSource,
  destination: Destination,
  selection: string | null,
  options: TableOptions,
) => Promise<
  ExportCounts & {
    /** What a user should know, a sentence each. */ readonly notes: readonly string[];
  }
>;
