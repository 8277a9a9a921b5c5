/** What may stand in the place of the word that is being typed, for every shell. It comes from the table of flags. */
import { presets } from '../../plan/presets.ts';
import type { ValueType } from '../flag-values.ts';
import { type Verb, verbs } from '../flags/verbs.ts';
import { type Flag, findFlag, flags, flagsOf } from '../flags.ts';
import { verbHelp } from '../help.ts';

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;

export interface Offers {
  /** The words below, files that the shell looks for itself, or of those only archives. */
  readonly kind: 'words' | 'files' | 'archives';
  /** The beginning of the typed word that is no part of what is offered: `--paginate=`, `@`. */
  readonly prefix: string;
  readonly words: readonly (readonly [word: string, help: string])[];
}

const NOTHING: Offers = { kind: 'words', prefix: '', words: [] };

const readsArchive: ReadonlySet<Verb> = new Set([
  ...(['export', 'verify', 'report', 'schema', 'head', 'serve'] as const),
]);

/** @param typed what stands behind the name of the program; the last word is the one that is typed */
export function offersFor(typed: readonly string[]): Offers {
  const words = joinWords(typed);
  const current = words.pop() ?? '';
  let verb: Verb | null = null;
  let before: Flag | null = null;
  for (const word of words) {
    if (before !== null) before = null;
    else if (/^-./.test(word)) before = flagBeforeValue(word);
    else verb ??= verbs.find((name) => name === word) ?? 'fetch';
  }
  const [, name, rest] = /^--([^=]+)=(.*)$/s.exec(current) ?? [];
  if (name !== undefined) return offersOfValue(findFlag(name)?.value, `--${name}=`, rest!);
  if (before !== null) return offersOfValue(before.value, '', current);
  if (current.startsWith('-')) return startingWith(current, flagNames(verb ?? 'fetch'));
  if (verb === null && current.startsWith('@')) return { ...NOTHING, kind: 'files', prefix: '@' };
  if (verb === null) return startingWith(current, typedVerbs());
  if (verb === 'fetch') return offersOfValue({ file: 'after @' }, '', current);
  if (readsArchive.has(verb)) return { ...NOTHING, kind: 'archives' };
  if (verb === 'presets') return startingWith(current, bare(presets.map((preset) => preset.name)));
  return verb === 'completion' ? startingWith(current, bare(shells)) : NOTHING;
}

/** Bash makes words of their own of `=` and `:`. */
function joinWords(typed: readonly string[]): string[] {
  const words: string[] = [];
  let isJoined = false;
  for (const word of typed) {
    const isBreak = /^[=:]+$/.test(word);
    if ((isBreak || isJoined) && words.length > 0) words.push(words.pop()! + word);
    else words.push(word);
    isJoined = isBreak;
  }
  return words;
}

/** The flag whose value is the next word. */
function flagBeforeValue(word: string): Flag | null {
  const flag = flags.find(({ name, short }) => word === `--${name}` || word === `-${short}`);
  return flag !== undefined && flag.value !== null && flag.bare === null ? flag : null;
}

function flagNames(verb: Verb): Offers['words'] {
  return flagsOf(verb).flatMap(({ name, short, help }) => [
    ...(short === null ? [] : [[`-${short}`, help] as const]),
    [`--${name}`, help] as const,
  ]);
}

function typedVerbs(): Offers['words'] {
  return verbs
    .filter((verb) => verb !== 'fetch')
    .map((verb) => [verb, verbHelp[verb].does.split(/[.:](?: |$)/, 1)[0]!]);
}

function offersOfValue(
  type: Pick<ValueType<unknown>, 'words' | 'file'> | null | undefined,
  prefix: string,
  begun: string,
): Offers {
  if (type?.words !== undefined) return { ...startingWith(begun, bare(type.words)), prefix };
  if (type?.file === 'path') return { ...NOTHING, kind: 'files', prefix };
  const isFile = type?.file === 'after @' && begun.startsWith('@');
  return isFile ? { ...NOTHING, kind: 'files', prefix: `${prefix}@` } : NOTHING;
}

function bare(words: readonly string[]): Offers['words'] {
  return words.map((word) => [word, ''] as const);
}

function startingWith(begun: string, words: Offers['words']): Offers {
  return { ...NOTHING, words: words.filter(([word]) => word.startsWith(begun)) };
}
