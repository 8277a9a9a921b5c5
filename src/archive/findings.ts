/** What speaks against a verdict of `complete`, in sentences, and which verdict follows. */
import type { PlanEnd } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { factsOf, type Pagination } from '../core/pagination.ts';
import type { RecordEvidence, VerdictName } from '../core/summary.ts';
import { counted, formatCount } from '../core/units.ts';
import { type Checks, isRepeatedThroughout, isTotalThere, pagesText } from './checks.ts';
import type { GivenUpReading, KeyFacts, SharedKeys } from './key-scan.ts';
import type { PageFacts } from './page-scan.ts';
import type { SecondReading } from './recheck-scan.ts';
import type { SliceFacts } from './slice-scan.ts';

export interface PagedFacts {
  readonly pagination: Pagination;
  readonly planEnd: PlanEnd | null;
  readonly planned: number | null;
  readonly failed: number;
  readonly fetched: number;
  /** What `fetched` counts, and what the output takes: as in the evidence. */
  readonly counts: RecordEvidence['counts'];
  readonly output: RecordEvidence['output'];
  readonly written: number | null;
  /** What the output takes is an expression with a condition. */
  readonly isFilter: boolean;
  readonly pages: PageFacts;
  readonly keys: KeyFacts | null;
  /** Null where the list was not read in slices. */
  readonly slices: SliceFacts | null;
  readonly checks: Checks;
  /** Every page was read again, and none had changed. */
  readonly isStill: boolean;
  /** Records of one key are one record. */
  readonly isKeyUnique: boolean;
  /** Readings that an expired cursor ended. */
  readonly givenUp: readonly GivenUpReading[];
  readonly expect: number | null;
  /** A page's number, from 1. */
  readonly numberOf: (place: Place) => number;
}

/** From the one that decides over all others to the one that every other decides over. */
const kinds = [
  'unfinished',
  'capped',
  'drifted',
  'missing',
  'unverified',
  'unseen',
  'note',
] as const;

type Kind = (typeof kinds)[number];

const nameOfKind: Readonly<Record<Kind, VerdictName>> = {
  unfinished: 'incomplete',
  capped: 'capped',
  // Where the list changed under way, that is why records are missing.
  drifted: 'drifted',
  missing: 'incomplete',
  unverified: 'unverified',
  // A change may have gone unseen, which a second reading that agrees would show.
  unseen: 'unverified',
  // Worth a line, and nothing against the list.
  note: 'complete',
};

export interface Finding {
  readonly kind: Kind;
  /** Without its full stop. */
  readonly text: string;
}

export function nameOf(findings: readonly Finding[]): VerdictName {
  const kind = kinds.find((kind) => findings.some((finding) => finding.kind === kind));
  return kind === undefined ? 'complete' : nameOfKind[kind];
}

export function makeFindings(facts: PagedFacts): readonly Finding[] {
  const { planned, failed, fetched, expect, pages } = facts;
  const findings: Finding[] = [];
  if (failed > 0) {
    const of = planned === null ? '' : `${formatCount(failed)} of `;
    const failedPages = counted(planned ?? failed, 'page');
    findings.push({ kind: 'unfinished', text: `${of}${failedPages} failed` });
  }
  findings.push(...endFindings(facts), ...unknownFindings(facts));
  if (expect !== null && expect !== fetched) {
    findings.push({ kind: 'unfinished', text: unexpected(expect, fetched) });
  }
  findings.push(...driftFindings(facts), ...againFindings(facts));
  findings.push(...rereadingFindings(facts), ...missingFindings(facts), ...sliceFindings(facts));
  if (pages.withoutInfo > 0) {
    const text = `the records of ${counted(pages.withoutInfo, 'page')} were not counted`;
    findings.push({ kind: 'unverified', text });
  }
  if (pages.unreadable > 0) {
    const states = counted(pages.unreadable, 'page states', 'pages state');
    findings.push({ kind: 'unverified', text: `${states} a total that is too long to be read` });
  }
  for (const text of facts.checks.doubts) findings.push({ kind: 'unseen', text });
  for (const text of facts.checks.oddities) findings.push({ kind: 'unverified', text });
  findings.push(...checkFindings(facts));
  const isWorse = findings.some(({ kind }) => !['unverified', 'unseen', 'note'].includes(kind));
  if (isWorse) return findings;
  const unchecked = facts.checks.unchecked.map((text): Finding => ({ kind: 'unseen', text }));
  return [...findings, ...unchecked];
}

export function unexpected(expect: number, came: number): string {
  return `${counted(expect, 'record was', 'records were')} expected, ${formatCount(came)} came`;
}

function endFindings(facts: PagedFacts): readonly Finding[] {
  const { planEnd, failed, pagination, pages, fetched } = facts;
  if (planEnd === null)
    return [{ kind: 'unfinished', text: 'the end of the list was not reached' }];
  const { reason, detail } = planEnd;
  switch (reason) {
    case 'broken':
      if (detail === null && failed > 0) return [];
      return [{ kind: 'unfinished', text: detail ?? 'what follows the last page is unknown' }];
    case 'loop': {
      const text = 'the server led back to where it had been';
      return [{ kind: 'unfinished', text: detail === null ? text : `${text}: ${detail}` }];
    }
    case 'stuck':
      return [{ kind: 'unfinished', text: detail ?? 'the second page was the first one again' }];
    case 'single': {
      const why =
        detail ??
        'no pagination was detected. Say it with --paginate, or that it is all with --paginate none --records';
      return [{ kind: 'unfinished', text: `one page only: ${why}` }];
    }
    case 'ceiling': {
      const { ceiling } = pagination;
      const depth = ceiling === null ? 'a certain depth' : counted(ceiling, 'record');
      return [{ kind: 'capped', text: detail ?? `the server gives nothing beyond ${depth}` }];
    }
    case 'past-end':
      // What was said of a list that became shorter is said otherwise by now.
      return detail === null || expectedRecords(pages, pages.totalAtEnd) === fetched
        ? []
        : [{ kind: 'missing', text: detail }];
    default:
      return [];
  }
}

/** Where the list's own records stand is not known, so what totals say of them cannot be held against. */
function unknownFindings(facts: PagedFacts): readonly Finding[] {
  const { counts, output, written, failed, pages, fetched } = facts;
  if (output === 'selection' && counts === 'list' && written === 0 && fetched > 0) {
    // A filter may well leave nothing.
    if (facts.isFilter) return [];
    const text = `the selection finds nothing in ${counted(fetched, 'record')}; look at its names`;
    return [{ kind: 'missing', text }];
  }
  if (counts === 'list' || pages.pages === failed) return [];
  if (output === 'nothing') {
    const text =
      'where the records stand in a page was not found: name the path with --select, or take whole pages with --pages';
    return [{ kind: 'unfinished', text }];
  }
  if (written === null) {
    const text = 'the selection was not applied to every page, so what it gives was not counted';
    return [{ kind: 'unverified', text }];
  }
  const expected = expectedRecords(pages, pages.totalAtEnd ?? pages.leastTotal);
  if (expected === null || (output === 'selection' && written === expected)) {
    return [];
  }
  const says = `the server says ${counted(expected, 'record')}`;
  const text =
    output === 'pages'
      ? `${says}; where they stand in a page was not found, so they were not counted`
      : `${says}, the selection gives ${formatCount(written)}: it may leave some out, so whether all came cannot be told`;
  return [{ kind: 'unverified', text }];
}

/** A total, or a number of pages, that the server stated, and stated otherwise later. */
interface StatedChange {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

function statedChange({ pages }: PagedFacts): StatedChange | null {
  const { totalAtStart, totalAtEnd, totalBetween, totalPagesAtStart, totalPagesAtEnd } = pages;
  const change = (from: number, to: number, text: string): StatedChange => ({ from, to, text });
  const start = totalAtStart ?? 0;
  if (totalAtStart !== null && totalAtEnd !== null && totalAtStart !== totalAtEnd) {
    const [from, to] = [totalAtStart, totalAtEnd].map(formatCount);
    const text = `the total went from ${from} to ${to} while the list was read`;
    return change(totalAtStart, totalAtEnd, text);
  }
  if (totalBetween !== null) {
    const [first, between] = [start, totalBetween].map(formatCount);
    return change(start, totalBetween, `the total was ${first} at first and ${between} in between`);
  }
  const startPages = totalPagesAtStart ?? 0;
  if (totalPagesAtStart !== null && totalPagesAtStart !== totalPagesAtEnd) {
    const [first, last] = [startPages, totalPagesAtEnd ?? 0].map(formatCount);
    const text = `the server stated ${first} pages at first and ${last} at the end`;
    return change(startPages, totalPagesAtEnd ?? 0, text);
  }
  if (pages.totalPagesBetween === null) return null;
  const [first, between] = [startPages, pages.totalPagesBetween].map(formatCount);
  const text = `the server stated ${first} pages at first and ${between} in between`;
  return change(startPages, pages.totalPagesBetween, text);
}

/**
 * Whether a change of the total lost nothing that was there all the time: the borders or the requests
 * prove it, rows were only appended behind what did not change, or nothing of what is left changed.
 */
function isHarmless({ from, to }: StatedChange, { checks, keys }: PagedFacts): boolean {
  const { bordersHold, keysHold, readAgain, unchanged, isAllUnchanged } = checks;
  if (bordersHold || keysHold) return true;
  if ((keys?.duplicates ?? 0) > 0) return false;
  return to > from ? readAgain > 0 && unchanged === readAgain : isAllUnchanged;
}

function driftFindings(facts: PagedFacts): readonly Finding[] {
  const { pages, keys, pagination, checks, numberOf } = facts;
  const texts: string[] = [];
  const findings: Finding[] = [];
  if (pages.nulls > 0) findings.push({ kind: 'note', text: nullsText(pages.nulls) });
  const change = statedChange(facts);
  if (change !== null) {
    if (isHarmless(change, facts)) findings.push({ kind: 'note', text: change.text });
    else texts.push(change.text);
  }
  if (facts.isStill) findings.push(...repeatFindings(facts));
  else texts.push(...repeatTexts(facts));
  if (pagination.key !== null) {
    for (const { first, second, keys: count } of keys?.shifted ?? []) {
      const [a, b] = [first, second].map((place) => formatCount(numberOf(place)));
      const records = counted(count, 'record');
      // A page past the end has no number of its own.
      const where = a === b ? `at the end of page ${a}` : `where pages ${a} and ${b} overlap`;
      texts.push(`${where}, ${records} differed on the second read`);
    }
    for (const { first, second } of pages.brokenBorders) {
      const [a, b] = [first, second].map((place) => formatCount(numberOf(place)));
      texts.push(
        a === b
          ? `the list did not end any more with the last record of page ${a} when its end was checked`
          : `page ${b} did not begin with the last record of page ${a}, as it was asked to`,
      );
    }
  }
  if (pages.shortened > 0) {
    texts.push('the list was shorter than what had come when its end was checked');
  }
  if (!checks.keysHold) texts.push(...changedTexts(facts));
  return [...texts.map((text): Finding => ({ kind: 'drifted', text })), ...findings];
}

function nullsText(nulls: number): string {
  const places = counted(nulls, 'place of the list holds', 'places of the list hold');
  return `${places} null, which is no record and is not written`;
}

function changedTexts({ pages, numberOf }: PagedFacts): readonly string[] {
  const of = (outcome: SecondReading['outcome']) =>
    pages.secondReadings.filter((reading) => reading.outcome === outcome);
  const [changed, gone] = [of('changed'), of('gone')];
  const texts: string[] = [];
  const numbers = (readings: readonly SecondReading[]) =>
    pagesText(readings.map(({ place }) => numberOf(place)));
  if (changed.length > 0) texts.push(`${numbers(changed)} held other records when read again`);
  if (gone.length > 0) texts.push(`${numbers(gone)} could no longer be found when read again`);
  return texts;
}

/** Records of one key on several pages, where rows may have moved. */
function repeatTexts(facts: PagedFacts): readonly string[] {
  const shared = facts.keys?.shared ?? [];
  const texts = shared
    .filter(({ isSameAgain }) => !isSameAgain)
    .map((pair) => sharedText(pair, facts.numberOf));
  const more = untoldRepeats(facts);
  if (more === 0 || shared.some(({ isSameAgain }) => isSameAgain)) return texts;
  return [...texts, `${counted(more, 'more record')} came twice`];
}

/** The same where no row has moved: then the server gives them so. */
function repeatFindings({ keys, isKeyUnique, pagination }: PagedFacts): readonly Finding[] {
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

/** A list that stands still begins with the same records whenever it is read. */
function rereadingFindings({ givenUp }: PagedFacts): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { place, gone, moved, unnamed } of givenUp) {
    const when = `when the list was read again after page ${formatCount(place.position)}`;
    if (gone > 0) {
      findings.push({
        kind: 'drifted',
        text: `${counted(gone, 'record was', 'records were')} gone ${when}`,
      });
    } else if (moved > 0) {
      const stood = counted(moved, 'record stood', 'records stood');
      findings.push({ kind: 'drifted', text: `${stood} elsewhere ${when}` });
    }
    if (unnamed === 0) continue;
    const came = counted(unnamed, 'record has', 'records have');
    const text = `${came} no key, so whether they came again ${when} cannot be told`;
    findings.push({ kind: 'missing', text });
  }
  return findings;
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

/**
 * As MediaWiki does: the same records come again, each time with some of their properties. No row has
 * moved, and one record would have to be put together from several pages.
 */
function againFindings(facts: PagedFacts): readonly Finding[] {
  const { keys, numberOf, output } = facts;
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
  return texts.map((text) => ({ kind: 'missing', text }));
}

function missingFindings(facts: PagedFacts): readonly Finding[] {
  const { planEnd, pagination, failed, pages } = facts;
  // Of a list that was not read to its end it goes without saying.
  if (planEnd === null || planEnd.reason === 'broken' || failed > 0) return [];
  const texts: string[] = [];
  const isAll = isTotalThere(pages);
  // MediaWiki leaves the list out of a page that has none of it.
  if (pages.silentWithoutList > 0 && pagination.style !== 'continue' && !isAll) {
    const where = `in ${counted(pages.silentWithoutList, 'page')}`;
    texts.push(`${where} no list stood where the others have theirs, so records may be missing`);
  }
  if (isRepeatedThroughout(pages) && !isAll) {
    texts.push(
      'each page begins with one of the last records of the page before, so these stand twice: name what identifies a record with --key, and they are left out (--key @ takes the whole record)',
    );
  }
  if (pages.partial > 0) {
    const say = counted(pages.partial, 'page says', 'pages say');
    texts.push(`${say} that not all of it is there (${pages.partialBy})`);
  }
  if (pages.missingPages > 0) texts.push(`${counted(pages.missingPages, 'page')} did not come`);
  texts.push(...totalFindings(facts));
  if (pages.gaps.length > 0) texts.push(gapText(pages.gaps));
  const pagesSaid = pages.totalPagesAtEnd;
  if (factsOf(pagination).counts === 'pages' && pagesSaid !== null) {
    const came = pages.pages + pages.skippedPages;
    // Rows that were appended behind the last page make more pages.
    const grew = pages.totalPagesAtStart !== null && pagesSaid > pages.totalPagesAtStart;
    const isBehind = grew && came >= (pages.totalPagesAtStart ?? 0);
    if (came < pagesSaid && !isBehind) {
      texts.push(`the server speaks of ${formatCount(pagesSaid)} pages, ${formatCount(came)} came`);
    }
  }
  return texts.map((text) => ({ kind: 'missing', text }));
}

/** What slices share, and what their bounds leave open. */
function sliceFindings({ pagination, slices, expect, fetched }: PagedFacts): readonly Finding[] {
  if (slices === null || pagination.slices === undefined) return [];
  const { lower, upper, share, most } = pagination.slices;
  const { shared, overrun, same } = slices;
  const bounds = `${lower} and ${upper}`;
  const missing = (text: string): readonly Finding[] => [{ kind: 'missing', text }];
  if (overrun > 0) {
    const came = counted(overrun, 'record');
    const times = most === 2 ? 'two' : 'three';
    return missing(
      `${came} came in more than ${times} slices: the server does not keep to ${bounds}`,
    );
  }
  if (same > 0) {
    const hold = `two neighbouring slices hold the same ${formatCount(same)} records`;
    return missing(`${hold}: the server does not keep to ${bounds}`);
  }
  if (shared > 0 && pagination.key === null) {
    const stand = counted(shared, 'record stands', 'records stand');
    return missing(
      `${stand} in two neighbouring slices: name what identifies a record with --key, and they are left out (--key @ takes the whole record)`,
    );
  }
  // Then as many came as there must be.
  if (expect === fetched) return [];
  // The records at a boundary came, since two slices have them.
  if (shared > 0 && share !== true) {
    const both = counted(shared, 'record');
    const text = `neighbouring slices share ${both}, so ${bounds} include their own values, and records next to the range may be among these; --expect N settles it`;
    return [{ kind: 'unverified', text }];
  }
  if (share !== null) return [];
  const text = `whether ${bounds} include their own values is not known, so at the ends of slices records may be missing or too many; --expect N settles it`;
  return [{ kind: 'unverified', text }];
}

/** What came against the totals: less than the least of them is missing. */
function totalFindings({ pages, fetched, counts }: PagedFacts): readonly string[] {
  if (counts !== 'list') return [];
  const { totalAtStart, totalAtEnd, leastTotal } = pages;
  const said =
    totalAtStart === null || totalAtEnd === null
      ? (totalAtEnd ?? leastTotal)
      : Math.min(totalAtStart, totalAtEnd);
  const expected = expectedRecords(pages, said);
  // A total may count the places of a list that hold null.
  if (said === null || expected === null || fetched + pages.nulls >= expected) return [];
  const missing = counted(expected - fetched, 'record is', 'records are');
  const least = totalAtEnd === null ? 'at least ' : '';
  const total = `${least}${totalText(pages, said)}`;
  return [`${missing} missing: the server says ${total}, ${formatCount(fetched)} came`];
}

/** More came than the server ever said: a total that is wrong, or a list that changed unseen. */
function surplus({ pages, fetched, planEnd, counts }: PagedFacts): string | null {
  const { totalAtStart, totalAtEnd } = pages;
  if (counts !== 'list' || planEnd === null || totalAtStart === null || totalAtEnd === null) {
    return null;
  }
  const most = Math.max(totalAtStart, totalAtEnd);
  const expected = expectedRecords(pages, most);
  if (expected === null || fetched <= expected) return null;
  return `${counted(fetched, 'record')} came, the server says ${totalText(pages, most)}`;
}

const SHOWN_GAPS = 3;

/** People count records from 1. */
function gapText(gaps: PageFacts['gaps']): string {
  const shown = gaps.slice(0, SHOWN_GAPS).map(({ from, to }) => {
    const [first, last] = [formatCount(from + 1), formatCount(to)];
    return to - from === 1 ? `record ${first}` : `records ${first} to ${last}`;
  });
  const more = gaps.length - shown.length;
  const others = more > 0 ? ` and ${formatCount(more)} more ranges` : '';
  return `no page covers ${shown.join(', ')}${others}`;
}

const LOWEST_DEPTH = 100;

/** Nothing was found wrong; was there anything to find it by? */
function checkFindings(facts: PagedFacts): readonly Finding[] {
  const { planEnd, pagination, expect, fetched, pages, checks } = facts;
  const more = surplus(facts);
  if (more !== null) return [{ kind: 'unverified', text: more }];
  const isSaidToBeEmpty =
    expect === 0 || pages.totalPagesAtEnd === 0 || pages.endsSeen === pages.branches;
  if (pages.records === 0 && facts.counts === 'list' && !isSaidToBeEmpty) {
    return [{ kind: 'unverified', text: 'no records came, and no total says that there are none' }];
  }
  const reason = planEnd?.reason;
  if (reason !== 'past-end' && reason !== 'short') return [];
  // A page that was asked for from the last record on, and held nothing else, showed the end; unless
  // the server gives nothing beyond a depth.
  const mayBeCeiling = isRoundDepth(fetched + pages.nulls + pages.skippedRecords);
  if (checks.bordersHold && checks.isEndSeen && !mayBeCeiling) return [];
  const isPageCount = factsOf(pagination).counts === 'pages' && pages.totalPagesAtEnd !== null;
  if (pages.totalAtEnd !== null || isPageCount || expect === fetched) return [];
  const text =
    pages.leastTotal === null
      ? 'the server states no total to check against'
      : `the server states no total but that it is at least ${formatCount(pages.leastTotal)}`;
  return [{ kind: mayBeCeiling ? 'unverified' : 'unseen', text }];
}

/** Where servers stop: at hundreds, at powers of two, and at one less than a thousand. */
function isRoundDepth(records: number): boolean {
  if (records < LOWEST_DEPTH) return false;
  return records % 100 === 0 || (records + 1) % 1000 === 0 || Number.isInteger(Math.log2(records));
}

/** Records that the run should have, by what the server says. */
function expectedRecords(pages: PageFacts, said: number | null): number | null {
  return said === null ? null : Math.max(0, said - pages.skippedRecords - pages.sharedBySlices);
}

function totalText({ skippedRecords }: PageFacts, total: number): string {
  if (skippedRecords === 0) return formatCount(total);
  return `${formatCount(total)} of which ${formatCount(skippedRecords)} lie before the first page`;
}
