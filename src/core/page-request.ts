import { hash } from 'node:crypto';

/**
 * Where a page stands in the plan: branches are ordered by number, positions within a branch. A
 * position is an index in a list or a chain, or the ordinal of the page's first new record where the
 * API pages by offset; so it need not be one more than the position before.
 */
export interface Place {
  readonly branch: number;
  readonly position: number;
}

/** Page order. */
export function comparePlaces(a: Place, b: Place): number {
  return a.branch - b.branch || a.position - b.position;
}

/** `0:12`: a place as the key of a map, and as people see it. */
export function placeName({ branch, position }: Place): string {
  return `${branch}:${position}`;
}

/**
 * Branches from here on hold pages that were read again at the end of a run: the page of branch `b` stands
 * in branch `b + RECHECK_BRANCH`, at its own position. They are compared, never exported.
 */
export const RECHECK_BRANCH = 2 ** 22;

/** Whether a page is read only to check others: whatever comes of it never stops the run. */
export function isRecheck({ branch }: Place): boolean {
  return branch >= RECHECK_BRANCH;
}

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
  /** Requested without knowing whether it exists: then a status of `pastEnd` is no failure. */
  readonly speculative?: boolean;
  /** What the server has said about it: where it is empty or refused after all, it is asked for again. */
  readonly expected?: Expectation;
  /** Where the user wrote it, for messages: `urls.txt line 7`, or null for an argument. */
  readonly source: string | null;
}

export const PAGE_KEY_BYTES = 16;

type Keyed = Pick<PageRequest, 'method' | 'url' | 'body' | 'headers'>;

/**
 * What identifies a page when a plan is made again: the first 16 bytes of a SHA-256 over
 * method, URL and body.
 *
 * The hashed text is `METHOD`, the URL's length in UTF-16 units, the URL and the body's SHA-256 in
 * hex (`-` without a body), each followed by a line feed, then the headers that say which page it
 * is, as JSON, if there are any; no two requests give the same text.
 *
 * @param request its URL redacted, as an archive keeps it: credentials in it may be renewed
 */
export function pageKey(request: Keyed): Uint8Array {
  // Of its own memory: a slice of Buffer's pool would be copied whole when it is posted to a thread.
  return Uint8Array.from(Buffer.from(keyText(request, request.url), 'latin1'));
}

/**
 * The same as a text of a character a byte, which takes less memory and time: in Node 24 a digest asked
 * for as text costs 0.4 µs, as a buffer 1.5 µs.
 *
 * @param url that of the request, redacted
 */
export function keyText(request: Omit<Keyed, 'url'>, url: string): string {
  const { method } = request;
  const rest = request.body === null && request.headers === undefined ? '-\n' : restOf(request);
  const text = `${method}\n${url.length}\n${url}\n${rest}`;
  return hash('sha256', text, 'binary').slice(0, PAGE_KEY_BYTES);
}

function restOf({ body, headers }: Pick<Keyed, 'body' | 'headers'>): string {
  const digest = body === null ? '-' : hash('sha256', body, 'hex');
  return `${digest}\n${headers === undefined ? '' : `${JSON.stringify(headers)}\n`}`;
}

/**
 * What the server has said about a page before it is asked for. A page that comes empty, or is refused, though
 * it was said to be there, is asked for once more before that counts: it may be a limit that no status
 * names, and not the end of the list.
 *
 * | the server says | empty | refused by a status of `mayHideLimit` |
 * |---|---|---|
 * | nothing (absent): a first page, one that looks for the end, one that fills a gap | counts | counts |
 * | `counted`: a total counts it | once more | counts |
 * | `promised`: the page before it, or records behind it, say that it is there | once more | up to three times more |
 *
 * A total that is too large counts many pages that are not there, and they are asked for side by side: so a
 * refusal of one counts at first. When all are answered, the plan asks for the first of them as one that is
 * promised (`EndEvidence.toAskAgain`), if the list still says that there is more.
 *
 * What a refusal that counts means is another question: of a `speculative` page it is the end of the list, of
 * any other a failure.
 */
export type Expectation = 'counted' | 'promised';

/** Refusals that servers give for limits, too, without saying so. All others say what they mean. */
export function mayHideLimit(status: number): boolean {
  return status === 400 || status === 403;
}

/** Refusals that say that there is no such page. */
export const gone: ReadonlySet<number> = new Set([404, 410, 416]);
