/** Findings of records that came more than once. */
import { counted, formatCount } from '../core/units.ts';
import type { Finding, PagedFacts } from './finding.ts';
import type { SharedKeys } from './key-scan.ts';

/** Records of one key on several pages, where rows may have moved. */
export function repeatTexts(facts: PagedFacts): readonly string[] {
  const shared = facts.keys?.shared ?? [];
  const texts = shared
    .filter(({ isSameAgain }) => !isSameAgain)
    .map((pair) => sharedText(pair, facts.numberOf));
  const more = untoldRepeats(facts);
  if (more === 0 || shared.some(({ isSameAgain }) => isSameAgain)) return texts;
  return [...texts, `${counted(more, 'more record')} came twice`];
}

/** Records of one key on several pages of a list that did not change: the server itself repeats them. */
export function repeatFindings({ keys, isKeyUnique, pagination }: PagedFacts): readonly Finding[] {
  const count = keys?.duplicates ?? 0;
  if (count === 0 || keys?.shared.some(({ isSameAgain }) => isSameAgain)) return [];
  if (isKeyUnique) {
    const came = counted(count, 'record');
    const text = `${came} came twice, though the list did not change: the server gives them on several pages`;
    return [{ kind: 'missing', text }];
  }
  const have = counted(count, 'record has', 'records have');
  const text = `${have} the ${pagination.key} of another record: name what identifies one with --key`;
  return [{ kind: 'unverified', text }];
}

function sharedText(pair: SharedKeys, numberOf: PagedFacts['numberOf']): string {
  const { first, second, keys, areNeighbours, areCloser } = pair;
  const [a, b] = [first, second].map((place) => formatCount(numberOf(place)));
  if (a === b) return `page ${a} holds ${counted(keys, 'record')} twice`;
  const stand = `${counted(keys, 'record stands', 'records stand')} on pages ${a} and ${b} both`;
  if (!areNeighbours) return stand;
  const changed = areCloser ? 'deleted' : 'inserted';
  return `${stand}: rows may have been ${changed} before ${keys === 1 ? 'it' : 'them'}`;
}

/** Records whose key came before, beyond those on the pages that are named. */
function untoldRepeats({ keys }: PagedFacts): number {
  const told = (keys?.shared ?? []).reduce((sum, pair) => sum + pair.keys, 0);
  return (keys?.duplicates ?? 0) - told;
}

const WHOLE_PROPERTIES =
  'a larger limit for the properties in the URL may bring each record once: cllimit=max where continue names clcontinue';

/**
 * As MediaWiki does: the same records come again, each time with some of their properties. No row has
 * moved, and one record would have to be put together from several pages.
 */
export function againFindings(facts: PagedFacts): readonly Finding[] {
  const { keys, numberOf, output, pagination } = facts;
  const again = (keys?.shared ?? []).filter(({ isSameAgain }) => isSameAgain);
  // Whole pages hold all that came.
  if (again.length === 0 || output === 'pages') return [];
  const texts = again.map(({ first, second, keys: count }) => {
    const [a, b] = [first, second].map((place) => formatCount(numberOf(place)));
    const records = counted(count, 'record');
    return `pages ${a} and ${b} hold the same ${records} by their keys, with different content, and records are not merged`;
  });
  const more = untoldRepeats(facts);
  if (more > 0) texts.push(`${counted(more, 'more record')} came again`);
  if (pagination.style === 'continue') texts.push(WHOLE_PROPERTIES);
  return texts.map((text) => ({ kind: 'missing', text }));
}
