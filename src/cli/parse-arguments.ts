/** What was typed, checked against the table of flags. */
import { parseArgs } from 'node:util';
import { EverypageError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import {
  type Flag,
  type FlagName,
  type FlagValue,
  findFlag,
  flagNamed,
  flags,
  flagsOf,
  type ListElement,
  type Verb,
  verbs,
} from './flags.ts';

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
  /** As written: `-o` or `--output`. */
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

type Environment = Readonly<Record<string, string | undefined>>;

const takesWord = ({ value, bare }: Flag): boolean => value !== null && bare === null;

const parseOptions = Object.fromEntries(
  flags.map((flag) => [
    flag.name,
    {
      // A value that may be left out never stands in a word of its own: that may be a URL.
      type: takesWord(flag) ? ('string' as const) : ('boolean' as const),
      multiple: true,
      ...(flag.short === null ? {} : { short: flag.short }),
    },
  ]),
);

/** Throws `UsageError` for a flag that does not exist, lacks its value, has one too many or is of another verb. */
export function parseArguments(argv: readonly string[], env: Environment): TypedArguments {
  const { tokens } = parseArgs({
    args: [...argv],
    options: parseOptions,
    // Its own messages know neither the nearest flag nor the verbs.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const typed: TypedFlag[] = [];
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const { rawName, index, value, inlineValue = false } = token;
    const flag = findFlag(token.name);
    // `-output` reaches the table as letters; `--o` is no name of its own.
    if (flag === undefined || (rawName.startsWith('--') && rawName !== `--${flag.name}`)) {
      throw unknownFlag(rawName, argv, index);
    }
    checkForm(flag, rawName, value, inlineValue, argv, index);
    typed.push({ name: flag.name, rawName, value: value ?? flag.bare });
  }
  const verb = takeVerb(positionals, argv);
  const parsed = lookup(verb, positionals, typed, env);
  checkVerb(parsed);
  checkTogether(parsed);
  return parsed;
}

/** Whether there is a value exactly where the flag takes one. */
function checkForm(
  flag: Flag,
  rawName: string,
  value: string | undefined,
  inline: boolean,
  argv: readonly string[],
  index: number,
): void {
  if (flag.value === null) {
    if (value === undefined) return;
    throw new UsageError(`${rawName} takes no value`, argv.with(index, rawName));
  }
  if (flag.bare !== null) return;
  const { name, example, isNumber = false, show } = flag.value;
  const withExample = argv.toSpliced(index + 1, 0, example);
  if (value === undefined) {
    throw new UsageError(`${rawName} needs a value: ${rawName} ${name}`, withExample);
  }
  if (inline || !value.startsWith('-') || value === '-') return;
  // Who reads the number says what the flag takes.
  if (isNumber && /^-\.?\d/.test(value)) return;
  const isFlag = findFlag(value.replace(/^--?/, '').replace(/=.*$/s, '')) !== undefined;
  // A credential may begin with a dash.
  const shown = show !== undefined && !isFlag ? '-…' : value;
  const hint = isNumber
    ? `: ${rawName} ${name}`
    : `; if that is the value, write --${flag.name}=${shown}`;
  throw new UsageError(`${rawName} needs a value and is followed by ${shown}${hint}`, withExample);
}

function unknownFlag(rawName: string, argv: readonly string[], index: number): UsageError {
  const names = flags.map((flag) => `--${flag.name}`);
  const near = rawName.startsWith('--') ? nearest(rawName, names) : null;
  if (near === null) return new UsageError(`there is no flag ${rawName}`);
  const words = argv.with(index, argv[index]!.replace(rawName, near));
  return new UsageError(`there is no flag ${rawName}; did you mean ${near}?`, words);
}

function takeVerb(positionals: string[], argv: readonly string[]): Verb {
  const first = positionals[0];
  if (first === undefined) return 'fetch';
  const verb = verbs.find((name) => name === first);
  if (verb !== undefined) {
    positionals.shift();
    return verb;
  }
  const near = /^[a-z]+$/.test(first) ? nearest(first, verbs) : null;
  if (near === null) return 'fetch';
  throw new UsageError(
    `${first} is neither a URL nor a verb; did you mean everypage ${near}?`,
    argv.with(argv.indexOf(first), near),
  );
}

/** `a, b and c` */
function spoken(names: readonly string[]): string {
  return names.join(', ').replace(/, ([^,]*)$/, ' and $1');
}

function checkVerb(typed: TypedArguments): void {
  for (const { name, rawName } of typed.flags) {
    const allowed = flagNamed(name).verbs;
    if (allowed.includes(typed.verb)) continue;
    const owners = allowed.map((owner) => `everypage ${owner === 'fetch' ? 'URL' : owner}`);
    const own = typed.verb === 'fetch' ? 'everypage URL' : `everypage ${typed.verb}`;
    throw new UsageError(
      `${rawName} is a flag of ${spoken(owners)}, not of ${own}`,
      wordsOf(typed, (flag) => (flag.name === name ? null : flag)),
    );
  }
}

/** Flags that contradict each other, and flags that need another. */
function checkTogether(typed: TypedArguments): void {
  for (const { name } of typed.flags) {
    const { excludes, needs } = flagNamed(name);
    for (const [other, why] of Object.entries(excludes)) {
      if (!typed.has(other as FlagName)) continue;
      throw new UsageError(
        `--${name} and --${other} cannot be used together: ${why}`,
        wordsOf(typed, (flag) => (flag.name === other ? null : flag)),
      );
    }
    for (const [other, why] of Object.entries(needs)) {
      if (typed.has(other as FlagName)) continue;
      const example = flagNamed(other as FlagName).value?.example;
      throw new UsageError(`--${name} and --${other} belong together: ${why}`, [
        ...wordsOf(typed),
        `--${other}=${example}`,
      ]);
    }
  }
}

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

function lookup(
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
    const words = typed.flags.includes(flag)
      ? wordsOf(typed, (it) => (it === flag ? { ...better, rawName: flag.rawName } : it))
      : [...wordsOf(typed), `--${flag.name}`, type.example];
    throw new UsageError(`${flag.rawName}: ${cause.message}`, words, cause);
  }
}
