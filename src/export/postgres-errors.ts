/** What errors of PostgreSQL mean to whoever asked for the output. */
import { EverypageError, usageError } from '../core/errors.ts';
import { reasonOfFile } from '../core/files.ts';
import { KEPT } from './output-error.ts';

/** What `pg` throws: an error of the server has a code of five characters (its manual, appendix A). */
interface ServerError extends Error {
  readonly code?: string;
  readonly detail?: string;
  readonly where?: string;
  readonly column?: string;
  readonly errors?: readonly Error[];
}

const PASSWORD =
  'Give the password by PGPASSWORD, or in ~/.pgpass (chmod 600), and look at the user in the URL.';

/** What to do, by code. */
const ADVICE: Readonly<Record<string, string>> = {
  '28000': 'Look at the user in the URL, and at pg_hba.conf of the server.',
  '28P01': PASSWORD,
  '3D000': 'Create it first: createdb NAME, or look at the name in the URL.',
  '3F000': 'Create it first: CREATE SCHEMA NAME.',
  '42501': 'Ask for the right, or write to another table.',
  '53100': 'Free some room on the disk of the server.',
  '53300': 'Close some connections, or raise max_connections.',
  '55P03': 'Another session holds the table. Wait for it, or end it.',
  '40P01': 'Another session wanted the same table.',
  '25006': 'The server only reads; write to the primary.',
  '2BP01':
    'Columns of the table are replaced. Drop what depends on them first, or use --if-exists append.',
  '0A000': 'Drop what depends on the column first, or take another --table.',
  '54011': 'Write fewer columns: --select takes a part of each record.',
  '54000': 'Write fewer columns: --select takes a part of each record.',
  '22P05': 'The database has an encoding that lacks characters; use one with ENCODING UTF8.',
};

/** Codes of the server; those of Node have other forms. */
const OF_SERVER = /^[0-9A-Z]{5}$/;

/** What the user can mend in the command or the table: exit code 2. */
const USAGE = /^(?:22|23|42(?!501)|428|2BP|0A0|54)/;

/**
 * @param shown the database, as messages name it
 */
export function postgresError(shown: string, cause: unknown): EverypageError {
  if (cause instanceof EverypageError) return cause;
  const error = (cause instanceof Error ? cause : new Error(String(cause))) as ServerError;
  const { code = '' } = error;
  const known = networkFault(error);
  if (known !== null) {
    const message = `Cannot write ${shown}: ${known} ${KEPT}`;
    return new EverypageError('OUTPUT_WRITE', message, { cause });
  }
  const isOfServer = OF_SERVER.test(code);
  const detail = error.detail === undefined ? '' : ` (${error.detail})`;
  const said = `${error.message}${detail}${recordOf(error)}`.replaceAll(/\s*\n\s*/g, ' ');
  const advice = ADVICE[code] ?? (isOfServer ? '' : 'The connection was lost.');
  const text = [`Cannot write ${shown}: ${said}.`, advice, KEPT]
    .filter((it) => it !== '')
    .join(' ');
  if (isOfServer && USAGE.test(code)) return usageError(text, cause);
  return new EverypageError('OUTPUT_WRITE', text, { cause });
}

/** An answer to COMMIT that did not come says nothing about what the server did. */
export function commitError(shown: string, cause: unknown): EverypageError {
  const { code = '' } = cause as ServerError;
  if (OF_SERVER.test(code) && !code.startsWith('57')) return postgresError(shown, cause);
  return new EverypageError(
    'OUTPUT_WRITE',
    `The connection to ${shown} was lost at the COMMIT, so whether the rows are there is not known. ${KEPT} Before you append again, look at the table.`,
    { cause },
  );
}

/** COPY says in which line it stopped, and a line is a record. */
function recordOf({ where = '' }: ServerError): string {
  const line = /^COPY \S+, line (\d+)/.exec(where)?.[1];
  return line === undefined ? '' : `, at record ${line}`;
}

/** What the network says; null where the server says more. */
function networkFault(error: ServerError): string | null {
  // An address of each kind was tried.
  const { code = '', message } =
    error.errors?.[0] === undefined ? error : (error.errors[0] as ServerError);
  // As the file of a certificate; of a connection the call is `connect`.
  const { syscall, path } = error as { syscall?: string; path?: string };
  if (syscall === 'open') return `${path} cannot be read: ${reasonOfFile(error) ?? code}.`;
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return 'no server answers there. Is it started, and are host and port right?';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `its host name is not known (${code}).`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `it cannot be reached (${code}).`;
    case 'EPIPE':
    case 'ECONNRESET':
      return `the connection was lost (${code}).`;
    case 'EACCES':
      return 'permission is denied for its socket.';
    default:
      break;
  }
  if (/timeout expired|timeout exceeded/i.test(message)) return 'it did not answer within 10 s.';
  if (/does not support SSL/i.test(message)) {
    return 'the server has no TLS; leave out sslmode, or write sslmode=disable.';
  }
  if (/password must be a string|no password/i.test(message))
    return `a password is missing. ${PASSWORD}`;
  if (/certificate/i.test(message)) {
    return `its certificate was refused (${message}); name its authority: sslrootcert=FILE.`;
  }
  return null;
}
