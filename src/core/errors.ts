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
  | 'CREDENTIALS_REFUSED'
  | 'OTHER_ORIGIN'
  | 'PRIVATE_ADDRESS'
  | 'CERTIFICATE'
  | 'INTERRUPTED'
  | 'CLOSED_PIPE'
  | 'INTERNAL';

/**
 * An error that is meant to be read by a user: `message` says what happened and what to do,
 * `code` is stable, `cause` is what lay beneath. Its text never holds a credential.
 */
export class EverypageError extends Error {
  override readonly name = 'EverypageError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
