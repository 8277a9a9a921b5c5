/** A command line to print: the one that was typed, quoted for a shell and without credentials. */
import { isSecretHeader, isSecretName, redactUrl } from '../core/redact.ts';
import { flagNamed } from './flags.ts';
import type { TypedArguments, TypedFlag } from './parse-arguments.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** As the user starts the program: `npx everypage` under npx. */
function programName(env: Environment): string {
  return env['npm_command'] === 'exec' ? 'npx everypage' : 'everypage';
}

/** Quoted for a POSIX shell, only where that is needed. */
export function shellQuote(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  if (!/\p{C}/u.test(argument)) return `'${argument.replaceAll("'", `'\\''`)}'`;
  // $'…' is the one form that shows control characters instead of sending them to the terminal.
  const escaped = argument.replace(/[\\']|\p{C}/gu, (char) => {
    if (char === '\\' || char === "'") return `\\${char}`;
    return [...Buffer.from(char)]
      .map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`)
      .join('');
  });
  return `$'${escaped}'`;
}

/** What was typed, with `more` words added to its flags. */
export function againCommand(
  typed: TypedArguments,
  env: Environment,
  more: readonly string[] = [],
): string {
  const secretParams = typed.list('secret-param');
  const words = [
    ...(typed.verb === 'fetch' ? [] : [typed.verb]),
    ...typed.positionals.map((argument) => shownUrl(argument, secretParams)),
    // `--fresh` would discard what the command is meant to go on from.
    ...typed.flags
      .filter(({ name }) => name !== 'fresh')
      .flatMap((flag) => flagWords(flag, secretParams)),
    ...more,
  ];
  const command = [programName(env), ...joinVerbose(words).map(shellQuote)].join(' ');
  const readsStdin = typed.positionals.some((word) => word === '-' || word === '@-');
  return readsStdin ? `${command}   (with the same list on standard input)` : command;
}

/** What was typed after another verb, as a command that fetches. */
export function fetchCommandText(
  typed: TypedArguments,
  env: Environment,
  more: readonly string[],
): string {
  const secretParams = typed.list('secret-param');
  const words = [
    ...typed.positionals.map((argument) => shownUrl(argument, secretParams)),
    ...typed.flags
      .filter(({ name }) => !['json', 'color'].includes(name))
      .flatMap((flag) => flagWords(flag, secretParams)),
    ...more,
  ];
  return [programName(env), ...joinVerbose(words).map(shellQuote)].join(' ');
}

/** `everypage export` with the output, format and selection of what was typed. */
export function takeCommand(typed: TypedArguments, env: Environment, archivePath: string): string {
  const secretParams = typed.list('secret-param');
  const words = [
    'export',
    archivePath,
    ...typed.flags
      .filter(({ name }) => ['output', 'format', 'select', 'pages'].includes(name))
      .flatMap((flag) => flagWords(flag, secretParams)),
    '--allow-incomplete',
  ];
  return [programName(env), ...joinVerbose(words).map(shellQuote)].join(' ');
}

/** User info gets a placeholder: a URL that merely lost it would be refused without a hint why. */
function shownUrl(argument: string, secretParams: readonly string[]): string {
  if (argument.startsWith('@')) return argument;
  const redacted = redactUrl(argument, secretParams);
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(argument)) return redacted;
  return redacted.replace('://', '://<user>:<password>@');
}

/** `-vv` is read as `-v -v`. */
function joinVerbose(words: readonly string[]): readonly string[] {
  return words.reduce<string[]>((joined, word) => {
    const last = joined.at(-1) ?? '';
    if (word === '-v' && /^-v+$/.test(last)) joined[joined.length - 1] = `${last}v`;
    else joined.push(word);
    return joined;
  }, []);
}

function flagWords(flag: TypedFlag, secretParams: readonly string[]): readonly string[] {
  if (flagNamed(flag.name).metavar === null) return [flag.rawName];
  const value = shownValue(flag, secretParams);
  if (value.startsWith('-') && value !== '-') return [`--${flag.name}=${value}`];
  return [flag.rawName, value];
}

/** The value, or a placeholder in `<…>` for a credential in it. */
function shownValue({ name, value }: TypedFlag, secretParams: readonly string[]): string {
  const text = value ?? '';
  switch (name) {
    case 'user':
      return `${text.split(':', 1)[0]}:<password>`;
    case 'proxy':
      return shownUrl(text, []);
    case 'header': {
      const headerName = text.split(':', 1)[0] ?? '';
      return !text.startsWith('@') && isSecretHeader(headerName) ? `${headerName}: <secret>` : text;
    }
    case 'data':
      return !text.startsWith('@') && holdsSecretField(text, secretParams) ? '<body>' : text;
    default:
      return text;
  }
}

/** JSON, GraphQL and form bodies alike: what stands before a colon or an equals sign is a name. */
function holdsSecretField(body: string, secretParams: readonly string[]): boolean {
  if (/passw|secret|token|api[_-]?key/i.test(body)) return true;
  const names = body.matchAll(/\b([\w.[\]%-]{1,64})["']?\s{0,9}[:=]/g);
  return [...names].some(([, name]) => isSecretName(name!, secretParams));
}
