/** What was typed, and what it means: a flag's value is read when it is asked for. */
import { EverypageError } from '../core/errors.ts';
import type { Verb } from './flags/verbs.ts';
import { type FlagName, type FlagValue, flagNamed, flagsOf, type ListElement } from './flags.ts';

/** A command line that cannot run, and if known, the words of one that can. */
export class UsageError extends EverypageError {
  /** Without the name of the program; it may hold credentials. Null: only the help can help. */
  readonly words: readonly string[] | null;

  constructor(message: string, words: readonly string[] | null = null, cause?: unknown) {
    super('USAGE', message, { cause });
    this.words = words;
  }
}

/** One flag as it was typed. */
export interface TypedFlag {
  readonly name: FlagName;
  /** As the user wrote it: `-o` or `--output`. */
  readonly rawName: string;
  readonly value: string | null;
}

/** What was typed. All flags exist; the text of a value is read when it is asked for. */
export interface TypedArguments {
  readonly verb: Verb;
  /** Without the verb. */
  readonly positionals: readonly string[];
  /** In the order they were typed; those taken from the environment are not among them. */
  readonly flags: readonly TypedFlag[];
  has(name: FlagName): boolean;
  count(name: FlagName): number;
  /**
   * The last value given, else the one of the environment variable, else the standard one, else null.
   * Throws `UsageError` for text that is not such a value.
   */
  value<Name extends FlagName>(name: Name): FlagValue<Name>;
  /** All values given. Throws likewise. */
  list<Name extends FlagName>(name: Name): readonly ListElement<Name>[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The words that mean the same, each flag as `change` has it.
 *
 * @param change null takes a flag away
 */
export function wordsOf(
  { verb, positionals, flags: typed }: TypedArguments,
  change: (flag: TypedFlag) => TypedFlag | null = (flag) => flag,
): readonly string[] {
  const kept = typed.map(change).filter((flag) => flag !== null);
  return [
    ...(verb === 'fetch' ? [] : [verb]),
    ...positionals,
    ...kept.flatMap((flag) => wordsOfFlag(flag)),
  ];
}

/** A flag as it is typed. */
export function wordsOfFlag({ name, rawName, value }: TypedFlag, shown = value): readonly string[] {
  const { bare } = flagNamed(name);
  if (shown === null || (bare !== null && shown === bare)) return [rawName];
  // Only an inline value may be empty or begin with a dash.
  const isInline = bare !== null || /^(?:-.|$)/.test(shown);
  return isInline ? [`--${name}=${shown}`] : [rawName, shown];
}

/** Reads every value, those of the environment too. Throws `UsageError` for the first that means nothing. */
export function checkValues(typed: TypedArguments): void {
  for (const { name, value, isList } of flagsOf(typed.verb)) {
    if (value !== null) isList ? typed.list(name) : typed.value(name);
  }
}

export function lookup(
  verb: Verb,
  positionals: readonly string[],
  typed: readonly TypedFlag[],
  env: Environment,
): TypedArguments {
  const given = (name: FlagName) => typed.filter((flag) => flag.name === name);
  const own: TypedArguments = {
    verb,
    positionals,
    flags: typed,
    has: (name) => given(name).length > 0,
    count: (name) => given(name).length,
    list: <Name extends FlagName>(name: Name) =>
      given(name).map((flag) => parsed(flag, own) as ListElement<Name>),
    value<Name extends FlagName>(name: Name) {
      const { env: variable, standard } = flagNamed(name);
      // An empty variable is how shells and CI files say "not set".
      const fromEnv = (variable === null ? undefined : env[variable]) || null;
      const fallback = fromEnv === null ? null : { name, rawName: variable ?? '', value: fromEnv };
      const flag = given(name).at(-1) ?? fallback;
      return (flag === null ? standard : parsed(flag, own)) as FlagValue<Name>;
    },
  };
  return own;
}

/** A flag's value, read; what is wrong with it is said with the flag's name. */
function parsed(flag: TypedFlag, typed: TypedArguments): unknown {
  const type = flagNamed(flag.name).value!;
  try {
    return type.parse(flag.value!);
  } catch (cause) {
    if (!(cause instanceof EverypageError)) throw cause;
    const better = { ...flag, rawName: `--${flag.name}`, value: type.example };
    // The URL was meant to stand by itself.
    const isUrl = /^https?:\/\//i.test(flag.value!) && typed.positionals.length === 0;
    const words = typed.flags.includes(flag)
      ? [
          ...wordsOf(typed, (it) => (it === flag ? { ...better, rawName: flag.rawName } : it)),
          ...(isUrl ? [flag.value!] : []),
        ]
      : [...wordsOf(typed), `--${flag.name}`, type.example];
    // A URL may hold credentials.
    const said = isUrl ? cause.message.replace(/, got ".*$/s, ', got a URL') : cause.message;
    throw new UsageError(`${flag.rawName}: ${said}`, words, cause);
  }
}
