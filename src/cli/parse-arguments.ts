/** What was typed, checked against the table of flags. */
import { parseArgs } from 'node:util';
import { nearest } from '../core/nearest.ts';
import { listed } from './flag-values.ts';
import { type Verb, verbs } from './flags/verbs.ts';
import { type Flag, type FlagName, findFlag, flagNamed, flags } from './flags.ts';
import { isCurlLetters, otherVerbs } from './other-names.ts';
import {
  type Environment,
  lookup,
  type TypedArguments,
  type TypedFlag,
  UsageError,
  wordsOf,
} from './typed-arguments.ts';
import { unknownFlag } from './unknown-flag.ts';

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
    throw new UsageError(
      `there is no verb ${verb}; there are ${listed(verbs.slice(1), 'and')}`,
      words,
    );
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
  // The reader of the number says what the flag takes.
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

function checkVerb(typed: TypedArguments): void {
  for (const { name, rawName } of typed.flags) {
    const allowed = flagNamed(name).verbs;
    if (allowed.includes(typed.verb)) continue;
    const owners = allowed.map((owner) => `everypage ${owner === 'fetch' ? 'URL' : owner}`);
    const own = typed.verb === 'fetch' ? 'everypage URL' : `everypage ${typed.verb}`;
    throw new UsageError(
      `${rawName} is a flag of ${listed(owners, 'and')}, not of ${own}`,
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
