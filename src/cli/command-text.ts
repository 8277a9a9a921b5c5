/** Command lines to print. They are quoted for a shell and show no credentials. */
import { shellQuote } from '../core/escape.ts';
import { shownUrl } from './flag-values.ts';
import { flagNamed } from './flags.ts';
import { type TypedArguments, type TypedFlag, wordsOfFlag } from './typed-arguments.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The command as it was typed. */
export function typedCommand(typed: TypedArguments, env: Environment): string {
  return commandText(env, [...verbWords(typed), ...urlWords(typed), ...flagWords(typed)]);
}

/** The command that resumes the run: what was typed, and `more` flags. */
export function againCommand(
  typed: TypedArguments,
  env: Environment,
  more: readonly string[] = [],
): string {
  const own = flagWords(typed, ({ name }) => !flagNamed(name).isOnce);
  const command = commandText(env, [...verbWords(typed), ...urlWords(typed), ...own, ...more]);
  const readsStdin = typed.positionals.some((word) => word === '-' || word === '@-');
  return readsStdin ? `${command}   (with the same list on standard input)` : command;
}

/**
 * What was typed, after whatever verb, as a command that fetches, with `more` flags in place of those of
 * the same names.
 */
function fetchCommandText(
  typed: TypedArguments,
  env: Environment,
  more: readonly string[],
): string {
  const isReplaced = replacedBy(more);
  const own = flagWords(typed, ({ name }) => {
    const { group, isOnce } = flagNamed(name);
    const isOfFetch = typed.verb === 'fetch' || group !== 'Messages';
    return isOfFetch && !isOnce && !isReplaced(name);
  });
  return commandText(env, [...urlWords(typed), ...own, ...more]);
}

/**
 * A command that fetches as `flags` say how the list pages.
 *
 * @param isOtherRun what an archive holds of the list as it was read so far is of no use to it
 */
export function pagingCommand(
  typed: TypedArguments,
  env: Environment,
  flags: readonly string[],
  isOtherRun: boolean,
): string {
  if (isOtherRun) return fetchCommandText(typed, env, [...flags, '--fresh']);
  const at = flags.indexOf('--select');
  // The user's selection stays.
  const isOwn = at !== -1 && (typed.has('select') || typed.has('pages'));
  return fetchCommandText(typed, env, isOwn ? flags.toSpliced(at, 2) : flags);
}

function replacedBy(words: readonly string[]): (name: string) => boolean {
  const names = new Set(words.filter((word) => /^--[a-z]/.test(word)).map((word) => word.slice(2)));
  // Records that are found are no use beside those that are named.
  if (names.has('select')) names.add('records');
  if (names.has('select') || names.has('records')) names.add('pages');
  return (name) => names.has(name);
}

/** `everypage export` with the output, format and selection of what was typed. */
export function takeCommand(typed: TypedArguments, env: Environment, archivePath: string): string {
  const shape = flagWords(typed, ({ name }) => {
    const { group, verbs } = flagNamed(name);
    return group === 'Output' && verbs.includes('export') && name !== 'allow-incomplete';
  });
  return commandText(env, ['export', archivePath, ...shape, '--allow-incomplete']);
}

/** How the user starts the program: `npx everypage` under npx. */
function commandText(env: Environment, words: readonly string[]): string {
  const program = env['npm_command'] === 'exec' ? 'npx everypage' : 'everypage';
  return [program, ...joinVerbose(words).map(shellQuote)].join(' ');
}

function verbWords({ verb }: TypedArguments): readonly string[] {
  return verb === 'fetch' ? [] : [verb];
}

const OPENED = /^\/(?:dev|proc\/[^/]+)\/fd\//;

function urlWords(typed: TypedArguments): readonly string[] {
  return typed.positionals.map((argument) => shownUrl(argument, typed.list('secret-param')));
}

function flagWords(
  typed: TypedArguments,
  isWanted: (flag: TypedFlag) => boolean = () => true,
): readonly string[] {
  const secretParams = typed.list('secret-param');
  return typed.flags.filter(isWanted).flatMap((flag) => {
    const { name, value } = flag;
    // A file that the shell opened for this command (/dev/fd/…) does not exist for another one.
    if (name === 'output' && OPENED.test(value ?? '')) return [];
    const shown = value === null ? null : flagNamed(name).value?.show?.(value, secretParams);
    return wordsOfFlag(flag, shown ?? value);
  });
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
