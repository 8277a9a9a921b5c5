/** What speaks against a verdict of `complete`, in sentences, and which verdict follows. */
import type { PlanEnd } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { factsOf, type Pagination } from '../core/pagination.ts';
import type { VerdictName } from '../core/summary.ts';
import { counted, formatCount } from '../core/units.ts';
import type { GivenUpReading, KeyFacts, SharedKeys } from './key-scan.ts';
import type { PageFacts } from './page-scan.ts';

export interface PagedFacts {
  readonly pagination: Pagination;
  readonly planEnd: PlanEnd | null;
  readonly planned: number | null;
  readonly failed: number;
  readonly fetched: number;
  readonly pages: PageFacts;
  readonly keys: KeyFacts | null;
  /** Readings that an expired cursor ended. */
  readonly givenUp: readonly GivenUpReading[];
  readonly expect: number | null;
  /** A page's number, from 1. */
  readonly numberOf: (place: Place) => number;
}

/** From the one that decides over all others to the one that every other decides over. */
const kinds = ['unfinished', 'capped', 'drifted', 'missing', 'unverified'] as const;

type Kind = (typeof kinds)[number];

const nameOfKind: Readonly<Record<Kind, VerdictName>> = {
  unfinished: 'incomplete',
  capped: 'capped',
  // Where the list changed under way, that is why records are missing.
  drifted: 'drifted',
  missing: 'incomplete',
  unverified: 'unverified',
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
  findings.push(...endFindings(facts));
  if (expect !== null && expect !== fetched) {
    findings.push({ kind: 'unfinished', text: unexpected(expect, fetched) });
  }
  findings.push(...driftFindings(facts), ...rereadingFindings(facts), ...missingFindings(facts));
  if (pages.withoutInfo > 0) {
    const text = `the records of ${counted(pages.withoutInfo, 'page')} were not counted`;
    findings.push({ kind: 'unverified', text });
  }
  if (pages.unreadable > 0) {
    const states = counted(pages.unreadable, 'page states', 'pages state');
    findings.push({ kind: 'unverified', text: `${states} a total that is too long to be read` });
  }
  for (const { place, isRead, isGone } of pages.secondReadings) {
    if (isRead || isGone) continue;
    const page = `page ${formatCount(facts.numberOf(place))}`;
    const text = `${page} could not be read again at the end, so a change there does not show`;
    findings.push({ kind: 'unverified', text });
  }
  findings.push(...checkFindings(facts));
  return findings;
}

export function unexpected(expect: number, came: number): string {
  return `${counted(expect, 'record was', 'records were')} expected, ${formatCount(came)} came`;
}

function endFindings({ planEnd, failed, pagination }: PagedFacts): readonly Finding[] {
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
      return detail === null ? [] : [{ kind: 'missing', text: detail }];
    default:
      return [];
  }
}

function driftFindings({ pages, keys, fetched, numberOf }: PagedFacts): readonly Finding[] {
  const texts: string[] = [];
  const { totalAtStart, totalAtEnd, totalBetween, totalPagesAtStart, totalPagesAtEnd } = pages;
  const from = formatCount(totalAtStart ?? 0);
  const isSteady = totalAtStart === totalAtEnd;
  if (!isSteady && totalAtStart !== null && totalAtEnd !== null) {
    texts.push(`the total went from ${from} to ${formatCount(totalAtEnd)} while the list was read`);
  } else if (totalBetween !== null) {
    texts.push(`the total was ${from} at first and ${formatCount(totalBetween)} in between`);
  } else if (totalPagesAtStart !== null && totalPagesAtStart !== totalPagesAtEnd) {
    const [first, last] = [totalPagesAtStart, totalPagesAtEnd ?? 0].map(formatCount);
    texts.push(`the server stated ${first} pages at first and ${last} at the end`);
  } else if (pages.totalPagesBetween !== null) {
    const [first, between] = [totalPagesAtStart ?? 0, pages.totalPagesBetween].map(formatCount);
    texts.push(`the server stated ${first} pages at first and ${between} in between`);
  }
  for (const pair of keys?.shared ?? []) texts.push(sharedText(pair, numberOf));
  const told = (keys?.shared ?? []).reduce((sum, pair) => sum + pair.keys, 0);
  const more = (keys?.duplicates ?? 0) - told;
  if (more > 0) texts.push(`${counted(more, 'more record')} came twice`);
  for (const { first, second, keys: count } of keys?.shifted ?? []) {
    const [a, b] = [first, second].map((place) => formatCount(numberOf(place)));
    const records = counted(count, 'record');
    // A page past the end has no number of its own.
    const where = a === b ? `at the end of page ${a}` : `where pages ${a} and ${b} overlap`;
    texts.push(`${where}, ${records} differed on the second read`);
  }
  if (pages.shortened > 0) {
    texts.push('the list was shorter than what had come when its end was checked');
  }
  for (const { place, isChanged, isGone } of pages.secondReadings) {
    const page = `page ${formatCount(numberOf(place))}`;
    if (isChanged) texts.push(`${page} held other records when it was read again`);
    if (isGone) texts.push(`${page} was no longer there when it was to be read again`);
  }
  const expected = expectedRecords(pages, totalAtEnd);
  if (isSteady && expected !== null && fetched > expected) {
    const said = totalText(pages, totalAtEnd ?? 0);
    texts.push(`${counted(fetched, 'record')} came, the server says ${said}`);
  }
  return texts.map((text) => ({ kind: 'drifted', text }));
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
  return `${stand}: rows were ${changed} before ${keys === 1 ? 'it' : 'them'}`;
}

function missingFindings({
  planEnd,
  pagination,
  failed,
  fetched,
  pages,
}: PagedFacts): readonly Finding[] {
  // Of a list that was not read to its end it goes without saying.
  if (planEnd === null || planEnd.reason === 'broken' || failed > 0) return [];
  const texts: string[] = [];
  if (pages.missingPages > 0) texts.push(`${counted(pages.missingPages, 'page')} did not come`);
  const said = pages.totalAtEnd ?? pages.leastTotal;
  const expected = expectedRecords(pages, said);
  if (said !== null && expected !== null && fetched < expected) {
    const missing = counted(expected - fetched, 'record is', 'records are');
    const least = pages.totalAtEnd === null ? 'at least ' : '';
    const total = `${least}${totalText(pages, said)}`;
    texts.push(`${missing} missing: the server says ${total}, ${formatCount(fetched)} came`);
  }
  if (pages.gaps.length > 0) texts.push(gapText(pages.gaps));
  const pagesSaid = pages.totalPagesAtEnd;
  if (factsOf(pagination).counts === 'pages' && pagesSaid !== null) {
    const came = pages.pages + pages.skippedPages;
    if (came < pagesSaid) {
      texts.push(`the server speaks of ${formatCount(pagesSaid)} pages, ${formatCount(came)} came`);
    }
  }
  return texts.map((text) => ({ kind: 'missing', text }));
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

/** Nothing was found wrong; was there anything to find it by? */
function checkFindings({
  planEnd,
  pagination,
  expect,
  fetched,
  pages,
}: PagedFacts): readonly Finding[] {
  const reason = planEnd?.reason;
  if (reason !== 'past-end' && reason !== 'short') return [];
  const isPageCount = factsOf(pagination).counts === 'pages' && pages.totalPagesAtEnd !== null;
  if (pages.totalAtEnd !== null || isPageCount || expect === fetched) return [];
  const text =
    pages.leastTotal === null
      ? 'the server states no total to check against'
      : `the server states no total but that it is at least ${formatCount(pages.leastTotal)}`;
  return [{ kind: 'unverified', text }];
}

/** Records that the run should have, by what the server says. */
function expectedRecords(pages: PageFacts, said: number | null): number | null {
  return said === null ? null : Math.max(0, said - pages.skippedRecords);
}

function totalText({ skippedRecords }: PageFacts, total: number): string {
  if (skippedRecords === 0) return formatCount(total);
  return `${formatCount(total)} of which ${formatCount(skippedRecords)} lie before the first page`;
}
