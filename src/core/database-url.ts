/** URLs of database servers, which are outputs too. A password in one is never shown. */
import { usageError } from './errors.ts';
import { percentDecoded } from './escape.ts';
import { redactUrl } from './redact.ts';

const SCHEME = /^(postgres(?:ql)?):\/\//i;
/** What else in a query is a credential. */
const SECRETS = ['sslpassword'];

/** Whether an output is a URL of PostgreSQL, not the path of a file. */
export function isDatabaseUrl(output: string): boolean {
  return SCHEME.test(output);
}

/**
 * Refuses the URL of anything else. It is no path: its folder could not be made, and it may have a password.
 *
 * @throws EverypageError USAGE; its message has the scheme alone
 */
export function checkOutputUrl(output: string): void {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(output)?.[1];
  if (scheme === undefined || isDatabaseUrl(output)) return;
  throw usageError(
    `an output is no URL of ${scheme}; it is a file, postgres://user@host/database?table=items, or a module of your own, sink:./my-sink.ts`,
  );
}

/**
 * An output as it may be shown: the path of a file as it is, the URL of a database without its password.
 *
 * @param mark stands in the place of the password
 * @example shownOutput('postgres://me:secret@host/db?table=items') // 'postgres://me@host/db?table=items'
 */
export function shownOutput(output: string, mark = ''): string {
  const scheme = SCHEME.exec(output)?.[1];
  if (scheme === undefined) return output;
  const url = parsed(output);
  // Where its parts end is not known, so a part of it may be the password.
  if (url === null) return `${scheme}://…`;
  const { username, password } = url;
  const user = password === '' ? username : username + mark;
  const shown = redactUrl(output, SECRETS);
  return user === '' ? shown : shown.replace('://', () => `://${user}@`);
}

/** Whether a password stands in the URL, where other users may see it in the list of processes. */
export function holdsPassword(output: string): boolean {
  if (!isDatabaseUrl(output)) return false;
  const url = parsed(output);
  return url === null || url.password !== '' || redactUrl(output, SECRETS).includes('=REDACTED');
}

interface DatabaseUrl {
  /** Without `table`: what the server is asked for. */
  readonly connection: string;
  /** What `?table=` names; null without it. */
  readonly table: string | null;
  /** As messages name it. */
  readonly shown: string;
}

/**
 * Takes the URL of a database apart.
 *
 * @throws EverypageError USAGE for one that cannot be read; its text is not in the message
 * @example readDatabaseUrl('postgres://me@host/db?table=items').table // 'items'
 */
export function readDatabaseUrl(output: string): DatabaseUrl {
  if (parsed(output) === null) {
    throw usageError(
      'the URL of the database cannot be read; it is postgres://user@host:port/database?table=items, and in a user or password @ is written %40, / %2F, : %3A, # %23 and ? %3F',
    );
  }
  const at = output.indexOf('?');
  const params = at === -1 ? [] : output.slice(at + 1).split('&');
  const isTable = (param: string): boolean => /^table=/i.test(param);
  const kept = params.filter((param) => !isTable(param));
  const table = params
    .filter(isTable)
    .at(-1)
    ?.replace(/^table=/i, '');
  return {
    connection:
      (at === -1 ? output : output.slice(0, at)) + (kept.length > 0 ? `?${kept.join('&')}` : ''),
    table: table === undefined ? null : percentDecoded(table.replaceAll('+', ' ')),
    shown: shownOutput(output),
  };
}

/** Null for what has more than one reading. */
function parsed(output: string): URL | null {
  // A socket has no host: postgres://me@/db?host=/run/postgresql.
  const text = output.replace('@/', '@socket/');
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  // A password that holds / or ? ends before its @.
  return /@/.test(url.pathname + url.search + url.hash) || url.hash !== '' ? null : url;
}

/** Whether a store is named that stands in a bucket (`s3://bucket/prefix`), and no folder. */
export function isS3Url(text: string): boolean {
  return /^s3:/i.test(text);
}
