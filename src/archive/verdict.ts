/** The verdict of an archive, computed again from its tables. */
import { keptShape, type OutputShape } from '../core/output-shape.ts';
import type { PlanEnd } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { isParallel, type Pagination } from '../core/pagination.ts';
import { isWhole, type Verdict } from '../core/summary.ts';
import { counted, formatCount } from '../core/units.ts';
import type { PageCounts } from './archive-types.ts';
import { type Checks, checksOf, proofOf, rereadingText, slicesText } from './checks.ts';
import { type Finding, nameOf } from './finding.ts';
import { makeFindings, nullsText, unexpected } from './findings.ts';
import type { RunRow } from './kept-run.ts';
import { compareReadings, type KeyFacts, scanKeys } from './key-scan.ts';
import type { PageFacts } from './page-facts.ts';
import { scanPages } from './page-scan.ts';
import { areOtherRecords } from './same-key.ts';
import { PLACE, RECHECK_PLACE } from './schema.ts';
import { scanSlices } from './slice-scan.ts';
import type { Connection } from './sqlite.ts';

export interface VerdictOptions {
  /** Records there must be, or null where nobody says. Default: as the run was told. */
  readonly expect?: number | null;
  /** What the output takes of a page of a paginated list. Default: as the run's own did. */
  readonly output?: OutputShape;
  /** How many records that gave for all pages; what counts the list's own is known without. */
  readonly written?: number | null;
}

export function computeVerdict(
  connection: Connection,
  run: RunRow,
  { expect = run.expect, output, written = null }: VerdictOptions,
): Verdict {
  const counts = countPages(connection);
  const tally = readTally(connection);
  const { stored, failed, beyondEnd } = counts;
  if (tally.stored !== stored || tally.failed !== failed || tally.beyondEnd !== beyondEnd) {
    throw connection.damaged('the number of pages in it is not the one that it states');
  }
  const { pagination, planCount } = run;
  return pagination === null
    ? computeListVerdict(connection, planCount, counts, expect)
    : computePagedVerdict(connection, run, pagination, counts, {
        expect,
        output: output ?? keptShape(pagination),
        written,
      });
}

/**
 * Complete means: the plan's length is known, each of its positions is stored, and there is nothing
 * else. A position cannot be there twice, since the place is the table's key; so as many stored
 * positions below the plan's length as the plan has pages are all of them.
 */
function computeListVerdict(
  connection: Connection,
  planned: number | null,
  { stored, failed, beyondEnd }: PageCounts,
  expect: number | null,
): Verdict {
  // Branch 0 alone has a length, and there a place is its position.
  const [inPlan] = connection
    .query<[number]>(`SELECT count(*) FROM page WHERE state = 'stored' AND place < ?`)
    .get(planned ?? 0)!;
  const pending = planned === null ? null : Math.max(0, planned - stored - failed);
  const reasons: string[] = [];
  if (planned === null) reasons.push('the end of the list was not reached');
  if (failed > 0) reasons.push(`${counted(failed, 'page')} failed`);
  if (pending !== null && pending > 0) reasons.push(`${counted(pending, 'page')} did not come`);
  if (planned !== null && inPlan < stored) {
    reasons.push(`${counted(stored - inPlan, 'page does', 'pages do')} not belong to the list`);
  }
  if (expect !== null) {
    const came = countRecords(connection);
    if (came !== expect) reasons.push(unexpected(expect, came));
  }
  const nulls = countNulls(connection);
  const name = nulls === 0 ? 'proven' : 'complete';
  return {
    name: reasons.length === 0 ? name : 'incomplete',
    planned,
    stored,
    failed,
    pending,
    beyondEnd,
    end: planned === null ? null : 'list',
    reasons,
    evidence: nulls === 0 ? [] : [nullsText(nulls)],
    records: null,
  };
}

/** Nulls in the place of records. In a list of URLs only pages that hold some have a page info. */
function countNulls(connection: Connection): number {
  return connection
    .query<[number]>(
      `SELECT coalesce(sum(json_array_length(text, '$.nulls')), 0) FROM page_info
         JOIN page ON page.place = page_info.place WHERE page.state = 'stored'`,
    )
    .get()![0];
}

/** A page of which no records were asked for is one. */
function countRecords(connection: Connection): number {
  return connection
    .query<[number]>(
      `SELECT coalesce(sum(coalesce(content.records, 1)), 0) FROM page
         JOIN content ON content.id = page.content WHERE page.state = 'stored'`,
    )
    .get()![0];
}

/** The verdict of a list that pages by itself: its pages, its records and what the server said about them. */
function computePagedVerdict(
  connection: Connection,
  { planEnd, maxDecodedBytes }: RunRow,
  pagination: Pagination,
  { stored, failed, beyondEnd }: PageCounts,
  { expect, output, written: given }: Required<VerdictOptions>,
): Verdict {
  const pages = scanPages(connection, pagination, planEnd?.ends ?? [], planEnd?.dropped);
  // As CouchDB does: each page begins with what the one before ended with. Then nothing is lost between.
  const sharesBoundaries =
    !isParallel(pagination) && pages.boundaries > 0 && pages.sharedBoundaries === pages.boundaries;
  // Borders of one record are compared while the pages are scanned.
  const isReadTwice = pages.bordersByKeys > 0 || (pages.borders === 0 && pages.readAgain > 0);
  const keys = readKeys(connection, pagination, sharesBoundaries, isReadTwice);
  const slices = scanSlices(connection, pagination);
  const list = pagination.records === null ? null : pages.records;
  const written = { records: list, pages: stored, nothing: 0, selection: given }[output.kind];
  const fetched = list ?? written ?? 0;
  const isEndKnown = planEnd !== null && planEnd.reason !== 'broken';
  const planned = isEndKnown ? stored + failed + pages.missingPages : null;
  const restarts = planEnd?.restarts ?? [];
  const numberOf = createNumbering(connection);
  const checks = checksOf(pagination, planEnd, pages, keys, numberOf);
  // Borders say nothing of a row that moved.
  const isStill = checks.isAllUnchanged;
  const again = isStill && keys !== null ? keys.shared : [];
  const findings = makeFindings({
    isStill,
    isKeyUnique: !areOtherRecords(connection, pagination, maxDecodedBytes, again),
    checks,
    pagination,
    planEnd,
    planned,
    failed,
    fetched,
    counts: list === null ? 'output' : 'list',
    output: output.kind,
    written,
    isFilter: output.select?.includes('[?') === true,
    pages,
    keys,
    slices,
    // A list that was not read to its end has nothing to compare with.
    givenUp: isEndKnown ? compareReadings(connection, restarts) : [],
    expect,
    numberOf,
  });
  const hasAgreed = planEnd?.agreed === true;
  const name = nameOf(hasAgreed ? findings.filter(({ kind }) => kind !== 'unseen') : findings);
  const agreed = hasAgreed && name === 'complete';
  const mayBeProven = name === 'complete' && !findings.some(({ kind }) => kind === 'unproven');
  const proof = mayBeProven ? proofOf(pagination, pages, checks, agreed) : null;
  const isChanged = findings.some(({ kind }) => kind === 'note');
  const isProven = proof !== null && (agreed || !isChanged);
  const ofSlices = slicesText(pagination, slices, checks, agreed);
  return {
    name: isProven ? 'proven' : name,
    planned,
    stored,
    failed,
    pending: planned === null ? null : pages.missingPages,
    beyondEnd,
    end: planEnd?.reason ?? null,
    reasons: isProven ? [] : textsOf(findings.filter((finding) => !isNote(finding))),
    evidence: evidenceOf({ findings, checks, pages, planEnd, proof, ofSlices }),
    records: {
      fetched,
      counts: list === null ? 'output' : 'list',
      written,
      output: output.kind,
      totalAtStart: pages.totalAtStart,
      totalAtEnd: pages.totalAtEnd,
      unique: keys?.unique ?? null,
      duplicates: keys?.duplicates ?? 0,
      sharedKeys: (keys?.shared ?? []).map(({ first, second, keys, isSameAgain }) => ({
        first,
        second,
        keys,
        isSameAgain,
      })),
      gaps: pages.gaps,
      changed: pages.secondReadings
        .filter(({ outcome }) => outcome === 'changed' || outcome === 'gone')
        .map(({ place }) => place),
      restarts: restarts.map(({ position, status }) => ({ page: position + 1, status })),
    },
  };
}

/** Worth a line beside a verdict of `complete`. */
function isNote({ kind }: Finding): boolean {
  return kind === 'note' || kind === 'unproven';
}

function textsOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ text }) => text);
}

function evidenceOf(facts: {
  readonly findings: readonly Finding[];
  readonly checks: Checks;
  readonly pages: PageFacts;
  readonly planEnd: PlanEnd | null;
  readonly proof: string | null;
  readonly ofSlices: string | null;
}): readonly string[] {
  const { findings, checks, pages, planEnd, proof, ofSlices } = facts;
  const notes = textsOf(findings.filter(isNote));
  const dropped = (planEnd?.dropped ?? []).map(({ why }) => why);
  const rereading = proof === null ? rereadingText(checks, pages) : null;
  const said = [proof, ofSlices, rereading].filter((text) => text !== null);
  return [...said, ...notes, ...dropped, ...pages.notes];
}

/**
 * The verdict once the output was written, with what it holds. The list's own records were counted by
 * the same rule before, so another number means that one of the two is wrong.
 */
export function withWritten(verdict: Verdict, written: number): Verdict {
  const { name, records, reasons } = verdict;
  if (records === null) return verdict;
  const said = { ...verdict, records: { ...records, written } };
  if (records.written === null || records.written === written) return said;
  const holds = counted(written, 'record');
  const reason = `the output holds ${holds}, the stored pages ${formatCount(records.written)}`;
  const isLowered = isWhole(name, null);
  return { ...said, name: isLowered ? 'unverified' : name, reasons: [...reasons, reason] };
}

/** Records without a key are compared by their bytes where pages overlap. */
function readKeys(
  connection: Connection,
  pagination: Pagination,
  sharesBoundaries: boolean,
  isReadTwice: boolean,
): KeyFacts | null {
  const isWithout = pagination.key === null && pagination.overlap === 0;
  if (isWithout && pagination.slices === undefined) return null;
  const keys = scanKeys(connection, pagination, sharesBoundaries, isReadTwice);
  // Records whose bytes are alike may be two.
  return pagination.key === null
    ? { ...keys, unique: keys.duplicates === 0 ? keys.unique : null, duplicates: 0, shared: [] }
    : keys;
}

/** How a page is called: its number among the pages of the plan, from 1. */
function createNumbering(connection: Connection): (place: Place) => number {
  const count = connection.query<[number]>(
    `SELECT count(*) FROM page WHERE place <= ${PLACE} AND state <> 'beyond-end'`,
  );
  return ({ branch, position }) => count.get(branch, position)![0];
}

/** How many pages there are, as it is kept up to date while they are stored. */
export function readTally(connection: Connection): PageCounts {
  const row = connection
    .query<[number, number, number]>('SELECT stored, failed, beyond_end FROM tally')
    .get();
  return { stored: row?.[0] ?? 0, failed: row?.[1] ?? 0, beyondEnd: row?.[2] ?? 0 };
}

/** Counted from the pages themselves. */
export function countPages(connection: Connection): PageCounts {
  const [stored, failed, beyondEnd] = connection
    .query<[number, number, number]>(
      `SELECT count(*) FILTER (WHERE state = 'stored'), count(*) FILTER (WHERE state = 'failed'),
         count(*) FILTER (WHERE state = 'beyond-end') FROM page WHERE place < ${RECHECK_PLACE}`,
    )
    .get()!;
  return { stored, failed, beyondEnd };
}
