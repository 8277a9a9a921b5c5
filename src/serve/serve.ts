/**
 * The contract of this folder: an API that answers from a recording. It knows no archive and asks nothing of
 * the network. It may import core/, and the contracts of archive/ and decode/.
 */
import type { AskedPage, AttemptRecord } from '../archive/archive-types.ts';
import type { Place } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';

/** An answer as it came. */
export interface RecordedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** As it came off the wire. */
  readonly body: Uint8Array;
  /** Content-encoding of `body`; null for none. */
  readonly encoding: string | null;
  /** Decoded. */
  decode(): Uint8Array;
}

/** One try of a page, in the order in which they were made. */
export type RecordedAttempt = Pick<
  AttemptRecord,
  'durationMs' | 'status' | 'outcome' | 'toldToWaitMs'
>;

/** Records of the list, and a page whose form they take. */
export interface RecordSlice {
  /** JSON text of each. */
  readonly records: readonly Uint8Array[];
  /** The page that holds the first of them; the last page of the list where there is none. */
  readonly page: Place;
  /** Where the records of that page stand in its body; null where it has none. */
  readonly span: readonly [from: number, to: number] | null;
  /** Records of the whole list. */
  readonly total: number;
}

/** What was recorded, as the server asks for it. */
export interface Recording {
  /** Whose links become the server's own: `https://api.example.com`. */
  readonly origins: readonly string[];
  readonly pagination: Pagination | null;
  /** The first page that is stored. */
  readonly first: AskedPage | null;
  /** Records in a page for which no size is asked; null where that is not known. */
  readonly pageSize: number | null;
  /** Those whose `nameOf` is `name`, in page order. */
  named(name: string): readonly AskedPage[];
  /** The first ones whose name begins so. */
  beginning(name: string, limit: number): readonly AskedPage[];
  answer(place: Place): RecordedAnswer;
  attempts(place: Place): readonly RecordedAttempt[];
  /** Records from ≤ n < to of the list; null where its records are not known. */
  slice(from: number, to: number): RecordSlice | null;
}

/** A request to the server. */
export interface Asked {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
  /** Of this server, as the client named it: `http://127.0.0.1:8080`. */
  readonly origin: string;
}

/** What goes back. */
export interface Reply {
  /** Null: the connection is cut, as it was. */
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Uint8Array;
  /** Sent after so long. */
  readonly delayMs: number;
  /** For a log: `page 3`, `made of stored records`, `never stored`. */
  readonly what: string;
}

export interface ReplayOptions {
  /** Each try as it was: its status, how long it took, how long it said to wait. Default false. */
  readonly realtime?: boolean;
  /** Bodies keep their bytes, also where they hold links to the recorded origin. Default false. */
  readonly asStored?: boolean;
}
