/** What was typed, checked against the table of flags. */
import { parseArgs } from 'node:util';
import { EverypageError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { type Verb, verbs } from './flags/verbs.ts';
import {
  type Flag,
  type FlagName,
  type FlagValue,
  findFlag,
  flagNamed,
  flags,
  flagsOf,
  type ListElement,
} from './flags.ts';
import { findOtherName, isCurlLetters, type OtherName, otherVerbs, VALUE } from './other-names.ts';

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
      // A value that may be left out is looked for afterwards: the next word may be a URL.
      type: takesWord(flag) ? ('string' as const) : ('boolean' as const),
      multiple: true,
      ...(flag.short === null ? {} : { short: flag.short }),
    },
  ]),
);

/** Throws `UsageError` for a flag that does not exist, lacks its value, has one too many or is of another verb. */
export function parseArguments(argv: readonly string[], env: Environment): TypedArguments {
  const letters = argv.findIndex(isCurlLetters);
  if (letters !== -1) {
    throw new UsageError(
      `there is no flag ${argv[letters]}; everypage follows redirects within the origin, and takes an error for a failed page, without it. -q prints nothing unless something is wrong`,
      argv.toSpliced(letters, 1),
    );
  }
  const { tokens } = parseArgs({
    args: wordsOfHelp(argv),
    options: parseOptions,
    // Its own messages know neither the nearest flag nor the verbs.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const typed: TypedFlag[] = [];
  const positionals: string[] = [];
  const valuesAt = new Set<number>();
  for (const token of tokens) {
    if (token.kind === 'positional' && !valuesAt.has(token.index)) positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const { rawName, index, value, inlineValue = false } = token;
    const flag = findFlag(token.name);
    // `-output` reaches the table as letters; `--o` is no name of its own.
    if (flag === undefined || (rawName.startsWith('--') && rawName !== `--${flag.name}`)) {
      throw unknownFlag(rawName, argv, index);
    }
    checkForm(flag, rawName, value, inlineValue, argv, index);
    const own = value ?? ownWord(flag, argv[index + 1]);
    if (value === undefined && own !== null) valuesAt.add(index + 1);
    typed.push({ name: flag.name, rawName, value: own ?? flag.bare });
  }
  const verb = takeVerb(positionals, argv);
  const parsed = lookup(verb, positionals, typed, env);
  checkVerb(parsed);
  checkTogether(parsed);
  return parsed;
}

/** A value that may be left out stands in the next word only if that is one of its few words. */
function ownWord({ bare, value }: Flag, next: string | undefined): string | null {
  if (bare === null || next === undefined) return null;
  try {
    return value?.parse(next) == null ? null : next;
  } catch {
    return null;
  }
}

/** `everypage help verify` is `everypage verify --help`. */
function wordsOfHelp(argv: readonly string[]): string[] {
  const [first, verb] = argv;
  if (first === 'version' && argv.length === 1) return ['--version'];
  if (first !== 'help') return [...argv];
  const known = verbs.filter((name) => name === verb);
  if (known.length === 0 && verb !== undefined && !verb.startsWith('-')) {
    const near = nearest(verb, verbs);
    const words = near === null ? ['--help'] : ['help', near];
    throw new UsageError(`there is no verb ${verb}; there are ${spoken(verbs.slice(1))}`, words);
  }
  return [...known, '--help'];
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
  const isFlag =
    findFlag(value.replace(/^--?/, '').replace(/=.*$/s, '')) !== undefined ||
    flags.some(({ short }) => value === `-${short}`);
  // A credential may begin with a dash.
  const shown = show !== undefined && !isFlag ? '-…' : value;
  const hint = isNumber
    ? `: ${rawName} ${name}`
    : `; if that is the value, write --${flag.name}=${shown}`;
  throw new UsageError(`${rawName} needs a value and is followed by ${shown}${hint}`, withExample);
}

/** A flag that is none of ours: what it is here if another tool has it, else the nearest one. */
function unknownFlag(rawName: string, argv: readonly string[], index: number): UsageError {
  const other = findOtherName(rawName);
  if (other !== undefined) {
    const said = `there is no flag ${rawName}; ${other.says}`;
    return new UsageError(said, wordsInstead(rawName, other, argv, index));
  }
  const names = flags.map((flag) => `--${flag.name}`);
  const near = rawName.startsWith('--') ? nearest(rawName, names) : null;
  if (near === null) return new UsageError(`there is no flag ${rawName}`);
  const words = argv.with(index, argv[index]!.replace(rawName, near));
  return new UsageError(`there is no flag ${rawName}; did you mean ${near}?`, words);
}

/** The command line with what a flag of another tool is here, in its place. */
function wordsInstead(
  rawName: string,
  { takes, instead, verb }: OtherName,
  argv: readonly string[],
  index: number,
): readonly string[] {
  const word = argv[index]!;
  const letters = rawName.startsWith('--') ? '' : word.slice(1).split(rawName[1]!)[0]!;
  const before = letters === '' ? [] : [`-${letters}`];
  // `--limit=5`, `-m5`; other letters that follow are flags of their own.
  const rest = rawName.startsWith('--')
    ? word.slice(rawName.length + 1)
    : word.slice(1 + letters.length + 1);
  const isAttached = takes && rest !== '';
  const after = isAttached || rest === '' || rawName.startsWith('--') ? [] : [`-${rest}`];
  const wantsValue = instead.some((it) => it.includes(VALUE));
  const next = argv[index + 1];
  const isNext =
    takes &&
    rest === '' &&
    next !== undefined &&
    (next === '-' || !next.startsWith('-')) &&
    // A URL stands by itself, unless the flag is one that has a URL.
    (wantsValue || !/^https?:\/\//i.test(next));
  const value = isAttached ? rest : isNext ? next : '';
  const own = instead.map((it) => it.replace(VALUE, () => value));
  const words = [...before, ...own, ...after];
  const changed = argv.toSpliced(index, isNext ? 2 : 1, ...words);
  return verb === null || changed[0] === verb ? changed : [verb, ...changed];
}

function takeVerb(positionals: string[], argv: readonly string[]): Verb {
  const first = positionals[0];
  if (first === undefined) return 'fetch';
  const verb = verbs.find((name) => name === first);
  if (verb !== undefined) {
    positionals.shift();
    return verb;
  }
  const other = Object.hasOwn(otherVerbs, first.toLowerCase())
    ? otherVerbs[first.toLowerCase()]
    : undefined;
  if (other !== undefined) {
    const at = argv.indexOf(first);
    throw other === null
      ? new UsageError(
          `${first} is no verb of everypage; a URL needs no verb, and the same command resumes`,
          argv.toSpliced(at, 1),
        )
      : new UsageError(
          `${first} is no verb of everypage; that is everypage ${other}`,
          argv.with(at, other),
        );
  }
  const near = /^[a-z]+$/.test(first) ? nearest(first, [...verbs, 'help']) : null;
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

/** Flags that are given twice, that contradict each other, or that need another. */
function checkTogether(typed: TypedArguments): void {
  for (const flag of typed.flags) {
    const { single, name } = flagNamed(flag.name);
    if (single === null || typed.count(name) === 1) continue;
    throw new UsageError(
      `${flag.rawName} is given twice: ${single}`,
      wordsOf(typed, (it) => (it.name === name && it !== flag ? null : it)),
    );
  }
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
