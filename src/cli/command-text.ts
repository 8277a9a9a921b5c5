/** Command lines to print. They are quoted for a shell and show no credentials. */
import { shellQuote } from '../core/escape.ts';
import { shownUrl } from './flag-values.ts';
import { flagNamed } from './flags.ts';
import { type TypedArguments, type TypedFlag, wordsOfFlag } from './parse-arguments.ts';

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

/** The flags that were typed after another verb, as a command that fetches; `more` flags stand for typed ones. */
export function fetchCommandText(
  typed: TypedArguments,
  env: Environment,
  more: readonly string[],
): string {
  const own = flagWords(
    typed,
    ({ name }) => flagNamed(name).group !== 'Messages' && !more.includes(`--${name}`),
  );
  return commandText(env, [...urlWords(typed), ...own, ...more]);
}

/** `everypage export` with the output, format and selection of what was typed. */
export function takeCommand(typed: TypedArguments, env: Environment, archivePath: string): string {
  const shape = flagWords(typed, ({ name }) => {
    const { group, verbs } = flagNamed(name);
    return group === 'Output' && verbs.includes('export') && name !== 'allow-incomplete';
  });
  return commandText(env, ['export', archivePath, ...shape, '--allow-incomplete']);
}

/** As the user starts the program: `npx everypage` under npx. */
function commandText(env: Environment, words: readonly string[]): string {
  const program = env['npm_command'] === 'exec' ? 'npx everypage' : 'everypage';
  return [program, ...joinVerbose(words).map(shellQuote)].join(' ');
}

function verbWords({ verb }: TypedArguments): readonly string[] {
  return verb === 'fetch' ? [] : [verb];
}

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
