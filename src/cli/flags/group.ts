import type { PaginateOptions, RunOptions } from '../../core/options.ts';
import type { ValueType } from '../flag-values.ts';
import type { Verb } from './verbs.ts';

type ElementOf<List> = List extends readonly (infer Element)[] ? Element : never;

/**
 * What a flag takes. `on`: no value, and the option becomes this. `value`: one value, the last one
 * counts; with `bare` it may be left out, and then only one of its words may follow it. `list`: all values count.
 * The compiler checks them against the option's type.
 */
type Taking<Value> =
  | { readonly on: Value }
  | { readonly value: ValueType<Value>; readonly bare?: string }
  | { readonly list: ValueType<ElementOf<Value>> };

/** The option that a flag sets, of the run or of its `paginate`. Without one, a command reads the flag. */
type Target =
  | {
      [Key in keyof RunOptions]-?: { option: Key } & Taking<NonNullable<RunOptions[Key]>>;
    }[keyof RunOptions]
  | {
      [Key in keyof PaginateOptions]-?: { pagination: Key } & Taking<
        NonNullable<PaginateOptions[Key]>
      >;
    }[keyof PaginateOptions]
  | ({ readonly option?: never; readonly pagination?: never } & (
      | { readonly value: ValueType<unknown>; readonly bare?: string; readonly standard?: unknown }
      | { readonly list: ValueType<unknown> }
      | { readonly on?: never }
    ));

type FlagFacts = Target & {
  readonly short?: string;
  /** Environment variable that is used if the flag is not given. */
  readonly env?: string;
  /** One line for `-h`, without a full stop; a default of core/resolve-options.ts is added to it. */
  readonly help: string;
  /** What `--help` and the docs add to the line. */
  readonly detail?: string;
  /** If they are not those of its group. */
  readonly verbs?: readonly Verb[];
  /** Flags that cannot be given as well, and why. */
  readonly excludes?: Readonly<Record<string, string>>;
  /** Flags that must be given as well, and why. */
  readonly needs?: Readonly<Record<string, string>>;
  /** Left out of the command that resumes a run. */
  readonly isOnce?: boolean;
  /** Why it is given once only; without it the last one counts, as in a command that an alias begins. */
  readonly single?: string;
};

/** Flags under one heading of the help, all of the same verbs unless one says otherwise. */
interface Group<Facts> {
  readonly heading: string;
  readonly verbs: readonly Verb[];
  readonly facts: Facts;
}

export function group<const Facts extends Readonly<Record<string, FlagFacts>>>(
  heading: string,
  verbs: readonly Verb[],
  facts: Facts,
): Group<Facts> {
  return { heading, verbs, facts };
}
