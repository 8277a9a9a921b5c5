/** Stable codes of everything that can go wrong; the docs and the exit codes are keyed on them. */
export type ErrorCode =
  | 'USAGE'
  | 'URL_INVALID'
  | 'LIST_UNREADABLE'
  | 'OUTPUT_FOLDER'
  | 'OUTPUT_WRITE'
  | 'ARCHIVE_LOCKED'
  | 'ARCHIVE_DAMAGED'
  | 'ARCHIVE_VERSION'
  | 'ARCHIVE_FOREIGN'
  | 'ARCHIVE_INCOMPLETE'
  | 'INCOMPLETE'
  | 'STOPPED'
  | 'ARCHIVE_WRITE'
  | 'PLAN_CHANGED'
  | 'SELECTION'
  | 'SCHEMA'
  | 'CREDENTIALS_REFUSED'
  | 'OTHER_ORIGIN'
  | 'PRIVATE_ADDRESS'
  | 'CERTIFICATE'
  | 'INTERRUPTED'
  | 'CLOSED_PIPE'
  | 'INTERNAL';

/**
 * An error that is meant to be read by a user: `message` says what happened and what to do,
 * `code` is stable, `cause` is the error behind it. Its text never holds a credential.
 */
export class EverypageError extends Error {
  override readonly name = 'EverypageError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** What the user typed or gave is invalid usage. */
export function usageError(message: string, cause?: unknown): EverypageError {
  return new EverypageError('USAGE', message, cause === undefined ? undefined : { cause });
}

/**
 * A usage error in the one form: what was expected, and what came.
 *
 * @example expected('a size such as 64MiB', 'big') // expected a size such as 64MiB, got "big"
 */
export function expected(what: string, got: unknown, hint?: string): EverypageError {
  const shown = typeof got === 'string' ? JSON.stringify(got.slice(0, 80)) : String(got);
  const more = hint === undefined ? '' : ` (${hint})`;
  return usageError(`expected ${what}, got ${shown}${more}`);
}

/**
 * What a value is, for a message; a string may be a credential, so it is not shown.
 *
 * @example kindOf(new Map()) // 'an instance of Map'
 */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name = Object.getPrototypeOf(value)?.constructor?.name ?? 'Object';
  return name === 'Object' ? 'an object' : `an instance of ${name}`;
}

/** No whole response came (`DNS` … `CLOSED`), or the body of a good one is not a page (`EMPTY` …). */
const pageFaults = [
  'DNS',
  'CONNECTION_REFUSED',
  'CONNECT_TIMEOUT',
  'OPEN_FILES',
  'PRIVATE_ADDRESS',
  'CERTIFICATE',
  'TLS',
  'PROXY',
  'PROXY_DENIED',
  'PROXY_CREDENTIALS',
  'PROTOCOL',
  'CONNECTION_RESET',
  'TRUNCATED',
  'UNPROCESSED',
  'CALM',
  'IDLE_TIMEOUT',
  'TIMEOUT',
  'TOO_SLOW',
  'TOO_LARGE',
  'CLOSED',
  'EMPTY',
  'ENCODING',
  'NOT_JSON',
  'FAIL_WHEN',
  'SELECTION',
  'UNLIKE',
  'NO_RECORDS',
] as const;

/**
 * Stable codes of why a page failed, for machines; the sentence beside one is for people and may
 * change. `HTTP_404`: the server answered with that status. docs/limits-and-retries.md says what each
 * means.
 */
export type PageCode = `HTTP_${number}` | (typeof pageFaults)[number];

/** Successes without a page: not ready yet, and nothing to send. */
const NO_PAGE = new Set([202, 204, 205]);

/** Whether a text that was kept is one of the codes. */
export function isPageCode(text: string): text is PageCode {
  return /^HTTP_\d+$/.test(text) || pageFaults.some((fault) => fault === text);
}

/**
 * The code of a failed page as far as its status tells it: null without a status, and for a 2xx, whose
 * body was refused for a reason that the status does not know.
 *
 * @example codeOfStatus(404) // 'HTTP_404'
 */
export function codeOfStatus(status: number | null): PageCode | null {
  if (status === null) return null;
  // With these no page can come: the status is the reason.
  const isRefusedBody = status >= 200 && status < 300 && !NO_PAGE.has(status);
  return isRefusedBody ? null : `HTTP_${status}`;
}
