/** What was checked of a list that pages by itself: borders between pages, requests by key, rereadings. */

import { escapeText } from '../core/escape.ts';
import type { PlanEnd } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import {
  factsOf,
  isByFunction,
  isByOrdinal,
  isParallel,
  type Pagination,
} from '../core/pagination.ts';
import { counted, formatCount } from '../core/units.ts';
import type { KeyFacts } from './key-scan.ts';
import { isRepeatedThroughout, isTotalThere, type PageFacts } from './page-facts.ts';
import type { SecondReading } from './recheck-scan.ts';
import type { SliceFacts } from './slice-scan.ts';

/**
 * The part of a list's pages that must be read again, so that fewer than 1 % of lists that changed are
 * called complete though a record is missing (`npm run sim:drift`). Pages that are asked for by their
 * number come side by side, so that a change meets them for a short time. A chain may hide an offset and
 * takes long: a change near where it is being read shows on few of its pages.
 */
const ENOUGH_OF_COUNTED = 0.5;

export interface Checks {
  /** Every page but the first begins with what the page before ended with. */
  readonly bordersHold: boolean;
  /** Every request of a chain held the key of the last record before it. */
  readonly keysHold: boolean;
  /** How many pages were read again at the end, and how many of those had not changed. */
  readonly readAgain: number;
  readonly unchanged: number;
  /** All pages were read again, and none had changed. */
  readonly isAllUnchanged: boolean;
  /** Each record is another one, by its key or by its bytes. */
  readonly isDistinct: boolean;
  /** No page can be missing behind the last one, as it stood when that was read. */
  readonly isEndSeen: boolean;
  /** Why a check could not be made, or could not tell: phrases. A second reading that agrees settles them. */
  readonly doubts: readonly string[];
  /** What is strange in what came, and no second reading settles: phrases. */
  readonly oddities: readonly string[];
  /** What was not checked at all: phrases that go without saying where something is wrong. */
  readonly unchecked: readonly string[];
}

export function checksOf(
  pagination: Pagination,
  planEnd: PlanEnd | null,
  pages: PageFacts,
  keys: KeyFacts | null,
  numberOf: (place: Place) => number,
): Checks {
  const { borders, secondReadings, records } = pages;
  const agreed = pages.bordersAgreed + pages.bordersByKeys;
  const shifted = keys?.shifted ?? [];
  const readAgain = secondReadings.length;
  const unchanged = secondReadings.filter(
    ({ outcome }) => outcome === 'same' || outcome === 'grown',
  ).length;
  const checks = {
    bordersHold: borders > 0 && agreed === borders && shifted.length === 0,
    keysHold: !isParallel(pagination) && pages.isProvenByKeys,
    readAgain,
    unchanged,
    isAllUnchanged: readAgain > 0 && readAgain === unchanged && readAgain >= pages.pages,
    isDistinct: keys?.unique != null && keys.unnamed === 0 && keys.unique >= records,
    isEndSeen:
      borders > 0
        ? pages.branches > 0 && pages.endsSeen === pages.branches
        : planEnd?.reason === 'stated' || planEnd?.reason === 'total' || isTotal(planEnd, pages),
  };
  const doubts: string[] = [];
  const unchecked: string[] = [];
  const isProof = checks.bordersHold || checks.keysHold;
  const differing = pages.brokenBorders[0] ?? shifted[0];
  if (pagination.key === null && differing !== undefined) {
    const [a, b] = [differing.first, differing.second].map((place) => formatCount(numberOf(place)));
    doubts.push(
      `page ${b} does not begin with the bytes that page ${a} ended with; without a key (--key) that may be a changed record or a changed list`,
    );
  }
  const untold = borders - agreed;
  if (untold > 0 && pages.brokenBorders.length === 0) {
    const borderTexts = counted(untold, 'border between pages', 'borders between pages');
    unchecked.push(`${borderTexts} could not be compared, so a change there would not be seen`);
  }
  const of = (outcome: SecondReading['outcome']) =>
    secondReadings
      .filter((reading) => reading.outcome === outcome)
      .map(({ place }) => numberOf(place));
  const [unread, different] = [of('unread'), of('different')];
  if (unread.length > 0) {
    const were = `${pagesText(unread)} could not be read again at the end`;
    doubts.push(`${were}, so a change there would not be seen`);
  }
  if (different.length > 0) {
    const held = `${pagesText(different)} held other bytes when read again`;
    doubts.push(`${held}; without a key (--key) that may be changed records or a changed list`);
  }
  const oddities = [...oddOnes(pagination, pages, keys), ...oddPages(pagination, pages)];
  if (pages.emptyInside > 0 && !isTotalThere(pages)) {
    const were = counted(pages.emptyInside, 'page was', 'pages were');
    const unsaid = pages.totalAtEnd === null ? ', and no total says that none is missing' : '';
    const text = `${were} empty, though records came after${unsaid}`;
    // A page that was empty both times is empty: some servers filter what they have cut into pages. Then
    // others come short too.
    if (!checks.isAllUnchanged) doubts.push(text);
    else if (isHole(pagination, pages)) oddities.push(text);
  }
  const field = sharedField(pagination, pages, checks);
  if (field !== null && !isTotalThere(pages)) {
    oddities.push(
      `two records may have the same ${field}: if a page ends between them, the second is skipped`,
    );
  }
  const cut = isTotalThere(pages) ? null : cutPagesText(pagination, pages);
  if (cut !== null) oddities.push(cut);
  if (pages.nextDrops !== null && !isTotalThere(pages)) {
    const name = escapeText(pages.nextDrops, 40);
    oddities.push(
      `the next link lacks the parameter ${name}: if that is a filter, the pages behind are those of another list (--paginate page or offset would keep it)`,
    );
  }
  const enough = isParallel(pagination) ? ENOUGH_OF_COUNTED : 1;
  if (!isProof && readAgain > 0 && readAgain < enough * pages.pages) {
    const [some, all] = [readAgain, pages.pages].map(formatCount);
    const flag = enough === 1 ? 'all' : `${100 * enough}%`;
    unchecked.push(
      `${some} of ${all} pages were read again, which is too few to show a small change; --recheck ${flag} reads enough of them`,
    );
  }
  const isChecked = isProof || borders > 0 || readAgain > 0 || isByFunction(pagination);
  if (!isChecked && pages.pages > 1 && mayBeReadAgain(pagination)) {
    unchecked.push('no page was read again, so a change of the list would not be seen');
  }
  // What was found says more than what was not looked for.
  const isDoubted = doubts.length > 0 || oddities.length > 0;
  return { ...checks, doubts, oddities, unchecked: isDoubted ? [] : unchecked };
}

/** Pages by number are full, or empty in the middle of the list. */
function isHole(pagination: Pagination, { ofLargest, withRecords }: PageFacts): boolean {
  const isCounted = factsOf(pagination).counts === 'pages';
  return isCounted && withRecords >= FEWEST_FULL && ofLargest >= withRecords - 1;
}

/** Fewer pages may be as long as each other by chance. */
const FEWEST_FULL = 4;

/** What the requests of a chain go on from, where it may be the same in two records. */
function sharedField(
  { key }: Pagination,
  pages: PageFacts,
  { keysHold }: Pick<Checks, 'keysHold'>,
): string | null {
  if (keysHold && pages.pages > 1 && !isId(key)) return key;
  // No record is skipped where pages begin with the last records of the page before.
  const isInclusive = pages.boundaries > 0 && pages.sharedBoundaries === pages.boundaries;
  return pages.byField > 0 && !isInclusive ? pages.nextByField : null;
}

/** What stands in the list's place for a record and is unlike the others. */
function oddOnes(
  { key }: Pagination,
  { strangers, allNulls }: PageFacts,
  keys: KeyFacts | null,
): readonly string[] {
  const texts: string[] = [];
  if (strangers > 0) {
    const are = counted(strangers, 'record is no object', 'records are no objects');
    texts.push(`${are}, unlike those of the first page`);
  }
  // A null is no record, and what is no object has no key.
  const unnamed = (keys?.unnamed ?? 0) - allNulls - strangers;
  if (key !== null && unnamed > 0) {
    const have = counted(unnamed, 'record has', 'records have');
    texts.push(
      `${have} no ${key}, unlike those of the first page: that may be no record, or one that came before`,
    );
  }
  return texts;
}

/** What a total would settle, and no total does. */
function oddPages({ style }: Pagination, pages: PageFacts): readonly string[] {
  const { repeatedBytes } = pages;
  if (isTotalThere(pages)) {
    return repeatedBytes > 0 ? [repeatedText(repeatedBytes)] : [];
  }
  const texts: string[] = [];
  // Google leaves an empty list out, and Go writes null for it. A failure may look the same.
  const leadingOn = pages.withoutList - pages.silentWithoutList;
  if (leadingOn > 0 && style !== 'continue') {
    const have = counted(leadingOn, 'page has', 'pages have');
    texts.push(`${have} no list where the others have one, which may mean that it is empty`);
  }
  if (repeatedBytes > 0 && !isRepeatedThroughout(pages)) texts.push(repeatedText(repeatedBytes));
  const goesOn = pages.secondReadings.some(({ before, pageInfo }) => {
    const isLast = before.next === null && before.more !== true;
    return isLast && pageInfo !== null && (pageInfo.next !== null || pageInfo.more === true);
  });
  if (goesOn) {
    texts.push('the last page now names a next one: rows were appended, or it was not the last');
  }
  return texts;
}

function repeatedText(count: number): string {
  const begin = counted(count, 'page begins', 'pages begin');
  return `${begin} with one of the last records of the page before; without a key (--key) it is not known whether that record comes twice`;
}

/** An empty page came last, and as many records as the server says. */
function isTotal(planEnd: PlanEnd | null, pages: PageFacts): boolean {
  return planEnd?.reason === 'past-end' && isTotalThere(pages);
}

const SHOWN_PAGES = 5;

/** `page 3`, `pages 3, 5 and 7`, `pages 1, 2, 3, 4, 5 and 12 more` */
export function pagesText(numbers: readonly number[]): string {
  const shown = numbers.slice(0, SHOWN_PAGES).map(formatCount);
  const more = numbers.length - shown.length;
  if (more > 0) return `pages ${shown.join(', ')} and ${formatCount(more)} more`;
  if (shown.length === 1) return `page ${shown[0]}`;
  return `pages ${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** Pages of one response, and what a user's function asks for, are not read again. */
function mayBeReadAgain(pagination: Pagination): boolean {
  return pagination.style !== 'single' && pagination.style !== 'function';
}

/** What a proof rests on; null where there is none. */
export function proofOf(
  pagination: Pagination,
  pages: PageFacts,
  checks: Checks,
  agreed: boolean,
): string | null {
  if (agreed && pagination.slices === undefined) return 'two readings of the whole list agree';
  // That no record lies between two slices rests on the names of their bounds.
  if (pagination.slices !== undefined) return null;
  // Nothing came, so nothing shows that the answer is a list.
  if (pages.records === 0) return null;
  if (pages.pages === 1 && pages.borders === 0 && pages.readAgain === 0 && checks.isEndSeen) {
    return 'nothing follows its one page';
  }
  if (!checks.isDistinct || !checks.isEndSeen) return null;
  if (checks.bordersHold && isByOrdinal(pagination)) {
    const last = pagination.overlap === 1 ? 'last record' : 'last records';
    return `each page begins with the ${last} of the page before`;
  }
  return checks.keysHold && isId(pagination.key)
    ? "each request names the last record's key"
    : null;
}

/** Ids are unique; times and names may not be. */
function isId(key: string | null): boolean {
  return key !== null && /id$/i.test(key);
}

/** What a list of slices rests on; null for any other. */
export function slicesText(
  { slices: bounds, key }: Pagination,
  slices: SliceFacts | null,
  { keysHold }: Checks,
  agreed: boolean,
): string | null {
  if (slices === null || bounds === undefined) return null;
  const { lower, upper } = bounds;
  const texts = [
    `${counted(slices.count, 'slice')}, each from where the one before ends, by ${lower} and ${upper}`,
  ];
  if (slices.shared > 0 && key !== null) {
    texts.push(`${counted(slices.shared, 'record')} that two of them gave stand once`);
  }
  if (keysHold) texts.push("within a slice each request names the last record's key");
  if (agreed) texts.push('two readings of all of them agree');
  return texts.join('; ');
}

/** What was read again, and what that cannot show. */
export function rereadingText(
  { readAgain, unchanged, unchecked }: Checks,
  { pages }: PageFacts,
): string | null {
  if (readAgain === 0 || unchanged < readAgain || unchecked.length > 0) return null;
  if (readAgain >= pages) return 'every page was read again at the end and had not changed';
  const were = counted(readAgain, 'page was', 'pages were');
  return `${were} read again at the end and had not changed; a change on another page would not be seen`;
}

/**
 * A server that gives fewer records in a page than were asked for, without a word, may still count its
 * pages by what was asked for: then each page leaves out the rest, which a total would show. A phrase; null
 * where pages do not look so.
 */
function cutPagesText(pagination: Pagination, pages: PageFacts): string | null {
  const { largestPage, ofLargest, saysSize, withRecords, skipping, shortOfAsked } = pages;
  if (skipping > 0) {
    const where = counted(skipping, 'page');
    return `behind ${where} the next one begins further on than its records end, and no total says that none is missing`;
  }
  const isCounted = factsOf(pagination).counts === 'pages';
  const isLinked = shortOfAsked > 0 && shortOfAsked >= withRecords - 1;
  const asked = isLinked ? pages.askedOfPage : (pagination.size ?? pagination.askedSize ?? 0);
  if (!(isCounted || isLinked) || withRecords < 2 || largestPage >= asked) return null;
  if (saysSize > 0 || ofLargest < withRecords - 1) return null;
  return `${formatCount(largestPage)} records came on each full page where ${formatCount(asked)} were asked for, and no total says that none is missing`;
}
