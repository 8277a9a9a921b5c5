/**
 * The one table of flags. An entry says everything about a flag: its names, the kind of its value, the
 * option of a run that it sets, and its help. The entries are in flags/, a file for each heading of the help.
 * Parsing, options, `-h`, `--help`, docs/cli.md, the man page, the completions of shells and the commands in
 * messages are made from them. CONTRIBUTING.md has the recipe for a new flag.
 */
import type { PaginateOptions, RunOptions } from '../core/options.ts';
import { defaults } from '../core/resolve-options.ts';
import type { ValueType } from './flag-values.ts';
import { archive } from './flags/archive.ts';
import { cluster } from './flags/cluster.ts';
import { connection } from './flags/connection.ts';
import { credentials } from './flags/credentials.ts';
import { limits } from './flags/limits.ts';
import { messages } from './flags/messages.ts';
import { output } from './flags/output.ts';
import { pace } from './flags/pace.ts';
import { pagination } from './flags/pagination.ts';
import { request } from './flags/request.ts';
import type { Verb } from './flags/verbs.ts';

/** In the order of the help. */
const groups = [
  output,
  pagination,
  request,
  credentials,
  connection,
  pace,
  limits,
  archive,
  cluster,
  messages,
] as const;

type GroupFacts = (typeof groups)[number]['facts'];
type NameIn<Facts> = Facts extends unknown ? keyof Facts : never;
export type FlagName = NameIn<GroupFacts>;

/** The entry of a flag, from the group that has it. */
type Entry<Name extends FlagName, Facts = GroupFacts> = Facts extends unknown
  ? Name extends keyof Facts
    ? Facts[Name]
    : never
  : never;

/** What the value of a flag means. */
export type FlagValue<Name extends FlagName> =
  Entry<Name> extends { value: ValueType<infer Value> }
    ? Entry<Name> extends { standard: Value }
      ? Value
      : Value | null
    : never;

export type ListElement<Name extends FlagName> =
  Entry<Name> extends {
    list: ValueType<infer Value>;
  }
    ? Value
    : never;

/** An entry of the table, with nothing left out. */
export interface Flag {
  /** Without the two dashes. */
  readonly name: FlagName;
  readonly short: string | null;
  readonly env: string | null;
  /** Null for a switch. */
  readonly value: ValueType<unknown> | null;
  /** What it means without a value; null where it needs one. */
  readonly bare: string | null;
  /** All values count, not only the last. */
  readonly isList: boolean;
  readonly option: keyof RunOptions | null;
  readonly pagination: keyof PaginateOptions | null;
  /** The value that a switch gives to its option. */
  readonly on: unknown;
  /** The value of a flag that is not given. */
  readonly standard: unknown;
  readonly help: string;
  readonly detail: string;
  readonly group: string;
  readonly verbs: readonly Verb[];
  readonly excludes: Readonly<Record<string, string>>;
  readonly needs: Readonly<Record<string, string>>;
  readonly isOnce: boolean;
  /** Null where the last one counts. */
  readonly single: string | null;
}

type AnyFacts = Partial<Omit<Flag, 'value' | 'name'>> & {
  readonly value?: Flag['value'];
  readonly list?: Flag['value'];
  readonly help: string;
};

const NONE: Readonly<Record<string, string>> = {};

/** Property by property: spread into one another, a hundred objects of as many shapes take 2 ms of a start. */
function flagOf(name: string, facts: AnyFacts, heading: string, verbs: readonly Verb[]): Flag {
  const { value = null, list = null, option = null } = facts;
  const standard = facts.standard ?? (defaults as Readonly<Record<string, unknown>>)[option ?? ''];
  const shown = standard === undefined ? undefined : value?.print?.(standard);
  return {
    name: name as FlagName,
    short: facts.short ?? null,
    env: facts.env ?? null,
    value: value ?? list,
    bare: facts.bare ?? null,
    isList: list !== null,
    option,
    pagination: facts.pagination ?? null,
    on: facts.on ?? null,
    standard: facts.standard ?? null,
    help: shown === undefined ? facts.help : `${facts.help}; default ${shown}`,
    detail: facts.detail ?? '',
    group: heading,
    verbs: facts.verbs ?? verbs,
    excludes: facts.excludes ?? NONE,
    needs: facts.needs ?? NONE,
    isOnce: facts.isOnce ?? false,
    single: facts.single ?? null,
  };
}

export const flags: readonly Flag[] = groups.flatMap(({ heading, verbs, facts }) =>
  Object.entries<AnyFacts>(facts).map(([name, own]) => flagOf(name, own, heading, verbs)),
);

const byName: ReadonlyMap<string, Flag> = new Map(flags.map((flag) => [flag.name, flag]));

export function flagNamed(name: FlagName): Flag {
  return byName.get(name)!;
}

/** Undefined for a name that is not in the table. */
export function findFlag(name: string): Flag | undefined {
  return byName.get(name);
}

export function flagsOf(verb: Verb): readonly Flag[] {
  return flags.filter((flag) => flag.verbs.includes(verb));
}
