import { EverypageError } from '../core/errors.ts';

/** The two parameters that bound a slice, and whether the bounds themselves are outside it. */
export interface BoundParameters {
  readonly lower: string;
  readonly upper: string;
  readonly lowerIsExclusive: boolean;
  readonly upperIsExclusive: boolean;
}

/** How APIs call a lower bound, and the upper bound that goes with it. */
const upperOf: Readonly<Record<string, string>> = {
  gte: 'lt',
  ge: 'lt',
  gt: 'lte',
  since: 'until',
  after: 'before',
  from: 'to',
  min: 'max',
  start: 'end',
  begin: 'end',
};

const exclusiveLower = new Set(['gt', 'after']);
const inclusiveUpper = new Set(['lte', 'le', 'until', 'to', 'max', 'end']);

/** `starttime`, `mindate`: two words that nothing parts. */
const joinedWords = /^(start|end|min|max|from|to)(time|date|day|id|at|ts|timestamp)$/i;

/**
 * Reads the part of `--split` before the `=`: the lower bound's parameter alone where its name tells
 * the other (`created[gte]`, `updatedAfter`, `min_id`), or both with a comma between.
 *
 * An upper bound of unknown name is taken as exclusive: should it not be, a record on a boundary comes
 * twice, which is seen; the other way round it would be missing.
 *
 * Throws `EverypageError` `USAGE`.
 */
export function readBoundParameters(names: string): BoundParameters {
  const [lower = '', given, ...others] = names.split(',').map((name) => name.trim());
  if (lower === '' || given === '' || others.length > 0) {
    throw new EverypageError(
      'USAGE',
      `--split needs the name of the parameter that takes the lower bound, as in 'created[gte]=2024-01-01..2024-12-31/30d'; ${JSON.stringify(names)} is none`,
    );
  }
  const upper = given ?? nameUpper(lower);
  if (upper === null) {
    throw new EverypageError(
      'USAGE',
      `--split cannot tell which parameter takes the upper bound for ${lower}; name both: --split '${lower},UPPER=FROM..TO/STEP'`,
    );
  }
  return {
    lower,
    upper,
    lowerIsExclusive: wordsOf(lower).some((word) => exclusiveLower.has(word)),
    upperIsExclusive: !wordsOf(upper).some((word) => inclusiveUpper.has(word)),
  };
}

function nameUpper(lower: string): string | null {
  // The last word decides: `start_date[gte]` is a comparison of a start date.
  for (const { index, word } of findWords(lower).reverse()) {
    const other = Object.hasOwn(upperOf, word.toLowerCase()) ? upperOf[word.toLowerCase()] : null;
    if (!other) continue;
    return lower.slice(0, index) + inCaseOf(word, other) + lower.slice(index + word.length);
  }
  return null;
}

function wordsOf(name: string): readonly string[] {
  return findWords(name).map(({ word }) => word.toLowerCase());
}

/** The words of a name: `created_at__gte`, `createdAfter`, `filter[since]`, `starttime`. */
function findWords(name: string): { index: number; word: string }[] {
  return [...name.matchAll(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g)].map(({ 0: word, index }) => ({
    index,
    word: joinedWords.exec(word)?.[1] ?? word,
  }));
}

function inCaseOf(word: string, other: string): string {
  if (word === word.toLowerCase()) return other;
  if (word === word.toUpperCase()) return other.toUpperCase();
  return other.charAt(0).toUpperCase() + other.slice(1);
}
