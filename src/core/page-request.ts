/**
 * Where a page stands in the plan: branches are ordered by number, positions within a branch. A
 * position is an index in a list or a chain, or the ordinal of the page's first new record where the
 * API pages by offset; so it need not be one more than the position before.
 */
export interface Place {
  readonly branch: number;
  readonly position: number;
}

/** Pages read a second time at the end of a run, to see drift. They are compared, never exported. */
export const RECHECK_BRANCH = 2 ** 23 - 1;

export type Method = 'GET' | 'POST';

/** One page to fetch, as the plan states it. It holds no credentials of the run; its URL may. */
export interface PageRequest {
  readonly place: Place;
  readonly method: Method;
  /** Absolute http or https URL, without user info. Redact before showing or storing it. */
  readonly url: string;
  readonly body: Uint8Array | null;
  /** Headers that say which page it is (`range`, a cursor), lower case; they enter its key. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Asked for without knowing whether it is there: a status of `pastEnd` is then no failure. */
  readonly speculative?: boolean;
  /** Where the user wrote it, for messages: `urls.txt line 7`, or null for an argument. */
  readonly source: string | null;
}
