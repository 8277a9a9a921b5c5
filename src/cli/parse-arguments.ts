import { parseArgs } from 'node:util';
import { EverypageError } from '../core/errors.ts';
import { type Flag, type FlagName, findFlag, flags, type Verb, verbs } from './flags.ts';

/** One flag as it was typed. */
export interface TypedFlag {
  readonly name: FlagName;
  /** As written: `-o` or `--output`. */
  readonly rawName: string;
  readonly value: string | null;
}

/** What was typed, checked against the table; what it means is worked out by the commands. */
export interface TypedArguments {
  readonly verb: Verb;
  /** Without the verb. */
  readonly positionals: readonly string[];
  /** In the order they were typed; those taken from the environment are not among them. */
  readonly flags: readonly TypedFlag[];
  has(name: FlagName): boolean;
  count(name: FlagName): number;
  /** The last value given, else that of the flag's environment variable, else null. */
  value(name: FlagName): string | null;
  /** How to call the place the value came from in a message: `--retry` or `EVERYPAGE_RETRY`. */
  placeOf(name: FlagName): string;
  list(name: FlagName): readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const parseOptions = Object.fromEntries(
  flags.map((flag: Flag) => [
    flag.name,
    {
      type: flag.metavar === null ? ('boolean' as const) : ('string' as const),
      multiple: true,
      ...(flag.short === null ? {} : { short: flag.short }),
    },
  ]),
);

/** Throws `EverypageError` `USAGE` for a flag that does not exist, lacks its value or has one too many. */
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
    const flag = findFlag(token.name);
    // `-output` reaches the table as letters; `--o` is no name of its own.
    if (
      flag === undefined ||
      (token.rawName.startsWith('--') && token.rawName !== `--${flag.name}`)
    ) {
      throw unknownFlag(token.rawName);
    }
    typed.push({
      name: flag.name,
      rawName: token.rawName,
      value: checkedValue(flag, token.rawName, token.value, token.inlineValue === true),
    });
  }
  const verb = takeVerb(positionals);
  checkVerb(verb, typed);
  return lookup(verb, positionals, typed, env);
}

/** Their values may be credentials, and one of these may begin with a dash. */
const secretFlags: ReadonlySet<string> = new Set(['user', 'header', 'data', 'proxy', 'bearer-env']);

const numberMetavars: ReadonlySet<string> = new Set(['N', 'N/TIME', 'TIME', 'SIZE']);

function checkedValue(
  flag: Flag,
  rawName: string,
  value: string | undefined,
  inline: boolean,
): string | null {
  if (flag.metavar === null) {
    if (value === undefined) return null;
    throw usage(`${rawName} takes no value`);
  }
  if (value === undefined) throw usage(`${rawName} needs a value: ${rawName} ${flag.metavar}`);
  const takesNumber = numberMetavars.has(flag.metavar);
  // Who reads the number says what the flag takes.
  if (takesNumber && /^-\.?\d/.test(value)) return value;
  if (!inline && value.startsWith('-') && value !== '-') {
    if (takesNumber) {
      throw usage(
        `${rawName} needs a value and is followed by ${value}: ${rawName} ${flag.metavar}`,
      );
    }
    const isFlag = findFlag(value.replace(/^--?/, '').replace(/=.*$/s, '')) !== undefined;
    const shown = secretFlags.has(flag.name) && !isFlag ? '-…' : value;
    throw usage(
      `${rawName} needs a value and is followed by ${shown}; if that is the value, write --${flag.name}=${shown}`,
    );
  }
  return value;
}

function unknownFlag(rawName: string): EverypageError {
  const names = flags.map((flag) => `--${flag.name}`);
  const near = rawName.startsWith('--') ? nearest(rawName, names) : null;
  return usage(
    `there is no flag ${rawName}${near === null ? '' : `; did you mean ${near}?`} (everypage -h shows the flags)`,
  );
}

function takeVerb(positionals: string[]): Verb {
  const first = positionals[0];
  if (first === undefined) return 'fetch';
  const verb = verbs.find((name) => name === first);
  if (verb !== undefined) {
    positionals.shift();
    return verb;
  }
  const near = /^[a-z]+$/.test(first) ? nearest(first, verbs) : null;
  if (near !== null) {
    throw usage(`${first} is no URL and no verb; did you mean everypage ${near}?`);
  }
  return 'fetch';
}

/** `a, b and c` */
function spoken(names: readonly string[]): string {
  return names.join(', ').replace(/, ([^,]*)$/, ' and $1');
}

function checkVerb(verb: Verb, typed: readonly TypedFlag[]): void {
  for (const { name, rawName } of typed) {
    const allowed: readonly Verb[] = findFlag(name)!.verbs;
    if (allowed.includes(verb)) continue;
    const owners = allowed.map((owner) => `everypage ${owner === 'fetch' ? 'URL' : owner}`);
    const own = verb === 'fetch' ? 'everypage URL' : `everypage ${verb}`;
    throw usage(`${rawName} is a flag of ${spoken(owners)}, not of ${own}`);
  }
}

function lookup(
  verb: Verb,
  positionals: readonly string[],
  typed: readonly TypedFlag[],
  env: Environment,
): TypedArguments {
  const given = (name: FlagName) => typed.filter((flag) => flag.name === name);
  return {
    verb,
    positionals,
    flags: typed,
    has: (name) => given(name).length > 0,
    count: (name) => given(name).length,
    list: (name) => given(name).flatMap(({ value }) => (value === null ? [] : [value])),
    value(name) {
      const last = given(name).at(-1);
      if (last !== undefined) return last.value;
      const variable = findFlag(name)!.env;
      // An empty variable is how shells and CI files say "not set".
      return (variable === null ? undefined : env[variable]) || null;
    },
    placeOf(name) {
      const last = given(name).at(-1);
      return last?.rawName ?? findFlag(name)!.env ?? `--${name}`;
    },
  };
}

function usage(message: string): EverypageError {
  return new EverypageError('USAGE', message);
}

/** Of `candidates` the one that `text` was probably meant to be, or null where none is close. */
export function nearest(text: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(text.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(text, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  if (best !== null || text.length < 3) return best;
  return candidates.find((candidate) => candidate.startsWith(text)) ?? null;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        last[column]! + 1,
        current[column - 1]! + 1,
        last[column - 1]! + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, beforeLast[column - 2]! + 1);
      }
      current.push(cost);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length]!;
}
