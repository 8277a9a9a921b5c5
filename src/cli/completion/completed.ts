/** What a shell can complete, taken from the table of flags. Each shell's file writes it in its own way. */
import { presets } from '../../plan/presets.ts';
import type { ValueType } from '../flag-values.ts';
import { type Verb, verbs } from '../flags/verbs.ts';
import { type Flag, flags } from '../flags.ts';
import { verbHelp } from '../help.ts';

/** What is offered for a value or an argument. */
export type Offer =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' }
  /** Finished and unfinished ones. */
  | { readonly kind: 'archives' }
  /** Files, after an `@`. */
  | { readonly kind: 'files after @' }
  | { readonly kind: 'nothing' };

export interface CompletedFlag {
  /** With their dashes, the short one first. */
  readonly names: readonly string[];
  /** A letter. */
  readonly short: string | null;
  /** `--output` */
  readonly long: string;
  /** One line. */
  readonly help: string;
  readonly verbs: readonly Verb[];
  /** It may be given more than once. */
  readonly isList: boolean;
  /** Null for a switch. */
  readonly value: {
    /** `FILE` */
    readonly name: string;
    readonly offer: Offer;
    /** It may be left out, and stands after an equals sign. */
    readonly isAttached: boolean;
  } | null;
}

export interface CompletedVerb {
  readonly name: Verb;
  /** Its first sentence. */
  readonly help: string;
  readonly argument: Offer;
}

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof shells)[number];

const nothing: Offer = { kind: 'nothing' };

/** What stands after a verb. Nothing can be offered for a URL. */
const argumentsOf: Readonly<Partial<Record<Verb, Offer>>> = {
  fetch: { kind: 'files after @' },
  export: { kind: 'archives' },
  verify: { kind: 'archives' },
  schema: { kind: 'archives' },
  head: { kind: 'archives' },
  serve: { kind: 'archives' },
  presets: { kind: 'words', words: presets.map(({ name }) => name) },
  completion: { kind: 'words', words: shells },
};

function offerOf({ words, file }: ValueType<unknown>): Offer {
  if (words !== undefined) return { kind: 'words', words };
  if (file === undefined) return nothing;
  return { kind: file === 'path' ? 'files' : 'files after @' };
}

function completedFlag({ name, short, help, verbs, isList, value, bare }: Flag): CompletedFlag {
  const long = `--${name}`;
  return {
    names: short === null ? [long] : [`-${short}`, long],
    short,
    long,
    help,
    verbs,
    isList,
    value: value && { name: value.name, offer: offerOf(value), isAttached: bare !== null },
  };
}

export const completedFlags: readonly CompletedFlag[] = flags.map(completedFlag);

export function completedFlagsOf(verb: Verb): readonly CompletedFlag[] {
  return completedFlags.filter((flag) => flag.verbs.includes(verb));
}

/** `fetch`, which is not typed, comes first. */
export const completedVerbs: readonly CompletedVerb[] = verbs.map((name) => ({
  name,
  help: verbHelp[name].does.split(/[.:](?: |$)/, 1)[0]!,
  argument: argumentsOf[name] ?? nothing,
}));

/** Those that are typed. */
export const typedVerbs = completedVerbs.filter(({ name }) => name !== 'fetch');

/** Names of flags whose value is the next word. */
export const namesBeforeValue: readonly string[] = completedFlags
  .filter(({ value }) => value !== null && !value.isAttached)
  .flatMap(({ names }) => names);
