import { hash } from 'node:crypto';
import type { Method, Place } from './page-request.ts';

/** What a page says comes after it. */
export type NextStep =
  /** Absolute, resolved against the page's own URL. */
  | {
      readonly kind: 'url';
      readonly url: string;
      /** Where credentials of the server's own were taken out of it to be kept: a hash that tells such links apart. */
      readonly mark?: string;
      /** Absent: by the start's own method and body. */
      readonly send?: LinkedRequest;
    }
  /** A token, a key: a string's text, or another literal as it stands in the page (bytes unchanged). */
  | {
      readonly kind: 'cursor';
      readonly value: string;
      /** `value` is such another literal: it stands in a JSON body without quotes. */
      readonly literal?: true;
    }
  /** Query parameters to merge into the start URL (MediaWiki's `continue`). */
  | { readonly kind: 'parameters'; readonly values: Readonly<Record<string, string>> };

/** How a link says that it is to be asked for, as STAC's links do. */
export interface LinkedRequest {
  readonly method: Method;
  /** JSON text; null: the link names none. */
  readonly body: string | null;
  /** The body's members go into the start's body; else it takes its place. */
  readonly merges: boolean;
  /** Names in lower case, none of a credential. Absent for none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What a page says about the list that it is part of. It is read once from headers and body and kept in the
 * archive, so that a plan can be made again without the bodies.
 */
export interface PageInfo {
  /** Records in it; an overlap counts. 0 if the path to them leads to null or to nothing. */
  readonly records: number;
  /** Which of them are `null`, by their index: places in a list that hold no record. Absent for none. */
  readonly nulls?: readonly number[];
  /** Null: it names no next page. */
  readonly next: NextStep | null;
  /** False: it says that it is the last one. Null: it does not say. */
  readonly more: boolean | null;
  /** Records in all, as this page says. */
  readonly total: number | null;
  /** The total is said to be at least so many (`relation: gte`). */
  readonly totalIsLowerBound: boolean;
  /** Pages in all, as this page says. */
  readonly totalPages: number | null;
  /** It states one of the two, longer than can be read: that is not as if it stated none. */
  readonly totalIsUnreadable?: true;
  /** The field in which it says itself that it lacks records: `Pagination.partialPath`, or an error beside them. */
  readonly partialBy?: string;
  /** How many of its records are no objects, where those of the first page are. Absent for none. */
  readonly strangers?: number;
  /** Checksums of the last ten records in chains and where they have no key; `firstMark` is that of the first one. */
  readonly lastMarks?: readonly number[];
  readonly firstMark?: number;
  /** The page size, and the offset or page number, that the server says it used. */
  readonly echoedSize: number | null;
  readonly echoedPosition: number | null;
  /** First 16 hex digits of a SHA-256 over the bytes of its records; null without records. */
  readonly digest: string | null;
  /** Literal text of the first and the last record's key; null without a key or without records. */
  readonly firstKey: string | null;
  readonly lastKey: string | null;
  /** How many of its first records are the last ones of the page before, by their keys. Only in chains. */
  readonly repeats?: number;
  /** Its records may come again in the next page, with further properties: MediaWiki without `batchcomplete`. */
  readonly isPart?: true;
  /** All its records are those of the page before, with further properties of them. */
  readonly goesOn?: true;
  /** Where its list should stand is null, or no list at all, not even an empty one. */
  readonly listIs?: 'null' | 'absent';
  /** What it names as the next page is its own last record: all that changes in the request is that key. */
  readonly nextHoldsKey?: true;
  /** What it names as the next page holds this property of its last record, which others may have too. */
  readonly nextByField?: string;
  /** What it names as the next page counts on and lacks this parameter, which the page was asked with. */
  readonly nextDrops?: string;
  /** What it names as the next page begins so many records behind its last one. Absent for none. */
  readonly skips?: number;
  /** The next page is named by its number, and this one holds fewer records than so many, as were asked for. */
  readonly shortOf?: number;
  /**
   * Where pages overlap, the keys of its first and of its last record, or their bytes: see `shortKey`. Of
   * other lists without keys, digests of the two.
   */
  readonly firstRecord?: string;
  readonly lastRecord?: string;
  /** An earlier page with the same next step, or with the same records. The archive knows it. */
  readonly nextSeenAt: Place | null;
  readonly recordsSeenAt: Place | null;
}

/** How a page ended, for the plan that asked for it. */
export type PageEnd =
  | {
      readonly state: 'stored';
      readonly pageInfo: PageInfo;
      /** An earlier run stored it. Default false. */
      readonly isKnown?: boolean;
    }
  /** `beyond-end`: a speculative page that the server says is past the end. */
  | { readonly state: 'failed' | 'beyond-end'; readonly status: number | null };

/** How a plan came to its end. */
export interface PlanEnd {
  /**
   * `list`: it was a list. `stated`: the server said that there is no more. `total`: as many records
   * as the server said there are. `past-end`: an empty page or a refusal past the end, and
   * nothing to check against; with a detail, more was stated. `short`: ended by our own rule alone (a user's
   * function, a page that names no next one where none ever did). `single`: one page, because no pagination was detected. `loop`: the server led back
   * to an earlier page. `stuck`: the second page was the first again. `ceiling`: the server returns
   * no records beyond a depth. `broken`: a page of a chain failed, and what follows it is unknown.
   */
  readonly reason:
    | 'list'
    | 'stated'
    | 'total'
    | 'past-end'
    | 'short'
    | 'single'
    | 'loop'
    | 'stuck'
    | 'ceiling'
    | 'broken';
  /** A sentence for people with what was seen, without its full stop; null if there is nothing to add. */
  readonly detail: string | null;
  /** For each branch, the first position after its end: pages from there on are beyond the end. */
  readonly ends: readonly { readonly branch: number; readonly position: number }[];
  /** Two readings of the list had the same records in the same pages. */
  readonly agreed?: true;
  /** Readings of a chain that ended at a refused page, after which the list was read again. Default none. */
  readonly restarts?: readonly Restart[];
  /** What pages state and their own records contradict: nothing is held against it. Default none. */
  readonly dropped?: readonly Dropped[];
}

export interface Dropped {
  readonly what: 'total' | 'totalPages' | 'more';
  /** A sentence for people with what was seen, without its full stop. */
  readonly why: string;
}

/** The page at `position` of `branch` was refused with `status`, probably because its cursor had expired. */
export interface Restart {
  readonly branch: number;
  readonly position: number;
  readonly status: number | null;
  /** The branch of the reading that the list was taken from. */
  readonly into: number;
}

/** Longer keys are kept as their hash, whose text is longer than this, so that it equals no key. */
export const LONGEST_KEY_BYTES = 40;

/** A record's key as it is kept and compared. SQLite ends a text from JSON at a NUL. */
export function shortKey(key: string): string {
  const isShort = key.length <= LONGEST_KEY_BYTES && Buffer.byteLength(key) <= LONGEST_KEY_BYTES;
  return isShort && !key.includes('\u0000') ? key : `sha256:${hash('sha256', key, 'base64url')}`;
}
