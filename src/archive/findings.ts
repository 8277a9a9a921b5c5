import { isRoundDepth } from '../core/depth.ts';
import { factsOf, onePageOnly, otherStart } from '../core/pagination.ts';
import { counted, formatCount } from '../core/units.ts';
import { driftFindings, rereadingFindings } from './drift-findings.ts';
import type { Finding, PagedFacts } from './finding.ts';
import { limitFindings } from './limit-findings.ts';
import { isRepeatedThroughout, isTotalThere, type PageFacts } from './page-facts.ts';
import { againFindings } from './repeat-findings.ts';

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
  if (pages.nulls > 0) findings.push({ kind: 'note', text: nullsText(pages.nulls) });
  if (pages.goingOn > 0 && facts.output !== 'pages') {
    const hold = counted(pages.goingOn, 'page holds', 'pages hold');
    const text = `${hold} further properties of the records before, which were merged by their ${facts.pagination.key}`;
    findings.push({ kind: 'note', text });
  }
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
  return [...findings, ...unchecked, ...limitFindings(facts)];
}

export function nullsText(nulls: number): string {
  const places = counted(nulls, 'place of the list holds', 'places of the list hold');
  return `${places} null, which is no record and is not written`;
}

export function unexpected(expect: number, came: number): string {
  return `${counted(expect, 'record was', 'records were')} expected, ${formatCount(came)} came`;
}

function endFindings(facts: PagedFacts): readonly Finding[] {
  const { planEnd, failed, pagination, pages, fetched } = facts;
  if (planEnd === null) {
    // Pages are read again only once the list has come to its end.
    const text =
      pages.secondReadings.length > 0
        ? 'the list came to its end, and the run stopped while pages were read again to check them'
        : 'the end of the list was not reached';
    return [{ kind: 'unfinished', text }];
  }
  const { reason, detail } = planEnd;
  switch (reason) {
    case 'broken':
      if (detail === null && failed > 0) return [];
      return [{ kind: 'unfinished', text: detail ?? 'what follows the last page is unknown' }];
    case 'loop': {
      const text = 'the server led back to an earlier page';
      return [{ kind: 'unfinished', text: detail === null ? text : `${text}: ${detail}` }];
    }
    case 'stuck':
      return [{ kind: 'unfinished', text: detail ?? 'the second page was the first one again' }];
    case 'single': {
      const why =
        detail ??
        'no pagination was detected. Set it with --paginate, or use --paginate none --records if this page is the whole list';
      return [{ kind: 'unfinished', text: onePageOnly(why) }];
    }
    case 'ceiling': {
      const { ceiling } = pagination;
      // No total speaks of more, and the user knows how many there are.
      const isNoMore = pages.totalAtEnd === null && pages.leastTotal === null;
      if (isNoMore && facts.expect === fetched) return [];
      const depth = ceiling === null ? 'a certain depth' : counted(ceiling, 'record');
      return [{ kind: 'capped', text: detail ?? `the server gives nothing beyond ${depth}` }];
    }
    case 'past-end':
      // A list that became shorter has its own sentence by now.
      return detail === null || expectedRecords(pages, pages.totalAtEnd) === fetched
        ? []
        : [{ kind: 'missing', text: detail }];
    default:
      return [];
  }
}

/** The place of the list's records is not known, so totals cannot be compared with what came. */
function unknownFindings(facts: PagedFacts): readonly Finding[] {
  const { counts, output, written, failed, pages, fetched } = facts;
  if (output === 'selection' && counts === 'list' && written === 0 && fetched > 0) {
    // A filter may well leave nothing.
    if (facts.isFilter) return [];
    const text = `the selection matches none of ${counted(fetched, 'record')}; check the names in it`;
    return [{ kind: 'missing', text }];
  }
  if (counts === 'list' || pages.pages === failed) return [];
  if (output === 'nothing') {
    const text =
      'the records were not found in the pages: name their path with --select, or take whole pages with --pages';
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
      ? `${says}; the records were not found in the pages, so they were not counted`
      : `${says}, the selection gives ${formatCount(written)}: it may leave some out, so it is not known whether all came`;
  return [{ kind: 'unverified', text }];
}

function missingFindings(facts: PagedFacts): readonly Finding[] {
  const { planEnd, pagination, failed, pages } = facts;
  // A list that was not read to its end lacks records in any case.
  if (planEnd === null || planEnd.reason === 'broken' || failed > 0) return [];
  const texts: string[] = [];
  const isAll = isTotalThere(pages);
  // MediaWiki leaves the list out of a page that has none of it.
  if (pages.silentWithoutList > 0 && pagination.style !== 'continue' && !isAll) {
    const have = counted(pages.silentWithoutList, 'page has', 'pages have');
    texts.push(`${have} no list where the others have one, so records may be missing`);
  }
  if (isRepeatedThroughout(pages) && !isAll) {
    texts.push(
      'each page begins with one of the last records of the page before, so these records come twice. Name the field that identifies a record with --key, and they are left out (--key @ takes the whole record)',
    );
  }
  if (pages.samePages > 0 && facts.expect !== facts.fetched) {
    const hold = counted(pages.samePages, 'page holds', 'pages hold');
    const text = `${hold} the same records as an earlier page, so that they come twice, and others may be missing`;
    texts.push(`${text}; if they are others, name the field that identifies a record with --key`);
  }
  if (pages.partial > 0 && !(isAll && saysSoEverywhere(pages))) {
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
      const missing = counted(pagesSaid - came, 'page is', 'pages are');
      texts.push(
        `${missing} missing: ${formatCount(came)} came, the server says ${formatCount(pagesSaid)}`,
      );
    }
  }
  return texts.map((text) => ({ kind: 'missing', text }));
}

/** An error: a count of shards, or a time that ran out, may be why the total is what it is. */
const ERRORS = /(?:^|\.)[^.]*err[^.]*$/i;

/** All pages tell of an error, as a warning that is always there; where all records came, none is missing. */
function saysSoEverywhere({ partial, partialBy, withRecords }: PageFacts): boolean {
  return partial > 1 && partial === withRecords && ERRORS.test(partialBy ?? '');
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
      `${stand} in two neighbouring slices. Name the field that identifies a record with --key, and they are left out (--key @ takes the whole record)`,
    );
  }
  // Then as many came as there must be.
  if (expect === fetched) return [];
  // The records at a boundary came, since two slices have them.
  if (shared > 0 && share !== true) {
    const both = counted(shared, 'record');
    const text = `neighbouring slices share ${both}, so ${bounds} include their own values, and records just outside the range may be among these; --expect N checks the number`;
    return [{ kind: 'unverified', text }];
  }
  if (share !== null) return [];
  const text = `it is not known whether ${bounds} include their own values, so records may be missing or too many at the ends of slices; --expect N checks the number`;
  return [{ kind: 'unverified', text }];
}

/** What came against the totals: less than the least of them is missing. */
function totalFindings({ pagination, pages, fetched, counts }: PagedFacts): readonly string[] {
  if (counts !== 'list') return [];
  const { totalAtStart, totalAtEnd, leastTotal } = pages;
  const said =
    totalAtStart === null || totalAtEnd === null
      ? (totalAtEnd ?? leastTotal)
      : Math.min(totalAtStart, totalAtEnd);
  const expected = expectedRecords(pages, said);
  // A total may count the places of a list that hold null.
  const isThere = expected !== null && fetched + pages.nulls === expected;
  if (said === null || expected === null || fetched >= expected || isThere) return [];
  const missing = counted(expected - fetched, 'record is', 'records are');
  const least = totalAtEnd === null ? 'at least ' : '';
  const isFirst = expected - fetched === pages.largestPage && pages.emptyInside === 0;
  const cure = isFirst && pagination.first === 1 ? otherStart(pagination) : '';
  const total = `${least}${totalText(pages, said)}${cure}`;
  return [`${missing} missing: ${formatCount(fetched)} came, the server says ${total}`];
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
      : `the server states only that the total is at least ${formatCount(pages.leastTotal)}`;
  return [{ kind: mayBeCeiling ? 'unverified' : 'unseen', text }];
}

/** Records that the run should have, by what the server says. */
function expectedRecords(pages: PageFacts, said: number | null): number | null {
  return said === null ? null : Math.max(0, said - pages.skippedRecords - pages.sharedBySlices);
}

function totalText({ skippedRecords }: PageFacts, total: number): string {
  if (skippedRecords === 0) return formatCount(total);
  return `${formatCount(total)} of which ${formatCount(skippedRecords)} lie before the first page`;
}
