/** What the infos of a list's pages say together, as plain data. */
import type { Place } from '../core/page-request.ts';
import type { RecordEvidence } from '../core/summary.ts';
import type { SecondReading } from './recheck-scan.ts';

/** What is counted page by page. */
export const emptyTally = {
  /** Stored or failed. */
  pages: 0,
  /** Without those that an earlier page gave because of how the API pages. */
  records: 0,
  /** Records that the slice before gave too, at the value where one ends and the other begins. */
  sharedBySlices: 0,
  /** Places of the list that hold null. */
  nulls: 0,
  /** All such places, also those on records that an earlier page gave. */
  allNulls: 0,
  /** Ordinals that were read more than once. */
  readAgain: 0,
  /** Places of the plan that have no end state, which only a damaged or unfinished plan has. */
  missingPages: 0,
  /** Stored pages without a page info. */
  withoutInfo: 0,
  /** Stored pages that state a total too long to be read. */
  unreadable: 0,
  /** Pages that say themselves that they lack records. */
  partial: 0,
  /** Records that are no objects, where those of the first page are. */
  strangers: 0,
  /** Boundaries of neighbouring pages, and those at which the second page repeats records of the first. */
  boundaries: 0,
  sharedBoundaries: 0,
  /** Pages past the end that should have repeated records, and did not have them all. */
  shortened: 0,
  /** Places where a page must begin with what the page before ended with. */
  borders: 0,
  /** Borders at which the record is the same on both pages. */
  bordersAgreed: 0,
  /** Borders at which pages share more than one record: their keys must be compared, all of them. */
  bordersByKeys: 0,
  /** Pages that go on with the records of the page before. */
  goingOn: 0,
  /** Pages that hold records. */
  withRecords: 0,
  /** Records in the largest page, pages as large, and pages that state that size. */
  largestPage: 0,
  ofLargest: 0,
  saysSize: 0,
  /**
   * Pages before others with records: what they name as the next page begins further on than they end; is
   * named by its number, though they hold fewer records than were asked for; or holds a property of the
   * last record that others may have too.
   */
  skipping: 0,
  shortOfAsked: 0,
  byField: 0,
  /** Branches whose last page says that there is more. */
  goingOnAtEnd: 0,
  /** Branches of which a page said that nothing follows, or showed it, when it was read. */
  endsSeen: 0,
  branches: 0,
  /**
   * Empty pages before others with records; those of them in which null or nothing stands for the list,
   * and of these the ones that do not say either that the list goes on.
   */
  emptyInside: 0,
  withoutList: 0,
  silentWithoutList: 0,
  /** Pages that begin with one of the last records of the page before, where nothing asked for that. */
  repeatedBytes: 0,
  /** Those of them where the last records of the page before are all different, so that it is no chance. */
  surelyRepeated: 0,
  /** Pages without keys that hold what an earlier page holds, their last records all different. */
  samePages: 0,
};

/** What the pages inside the plan's ends say together. */
export interface PageFacts extends Readonly<typeof emptyTally> {
  /** The field in which the first of the partial pages says so. */
  readonly partialBy: string | null;
  /** What the last of the pages `byField` names, and how many records a page `shortOfAsked` was asked for. */
  readonly nextByField: string | null;
  readonly askedOfPage: number;
  /** The parameter that the first next link without it lacks. */
  readonly nextDrops: string | null;
  /** Neighbouring pages, the second of which does not begin with the last record of the first; a few. */
  readonly brokenBorders: readonly { readonly first: Place; readonly second: Place }[];
  /** A refusal behind the end that does not say whether there is such a page. */
  readonly refusedBehind: number | null;
  /** Each request of a chain held the key of the last record before it. */
  readonly isProvenByKeys: boolean;
  readonly gaps: RecordEvidence['gaps'];
  readonly secondReadings: readonly SecondReading[];
  /** Totals are of the whole list, of which so much lies before the first page asked for. */
  readonly skippedRecords: number;
  readonly skippedPages: number;
  readonly totalAtStart: number | null;
  readonly totalAtEnd: number | null;
  /** A total of a page that is another than at the start, and at the end. */
  readonly totalBetween: number | null;
  /** The least total, where the server states only a lower bound. */
  readonly leastTotal: number | null;
  readonly totalPagesAtStart: number | null;
  readonly totalPagesAtEnd: number | null;
  readonly totalPagesBetween: number | null;
  /** Numbers that counted for nothing, and why: sentences without a full stop. */
  readonly notes: readonly string[];
}

/** Every page begins with what the page before ended with, and nobody asked for that. */
export function isRepeatedThroughout({ surelyRepeated, boundaries }: PageFacts): boolean {
  return surelyRepeated > 0 && surelyRepeated === boundaries;
}

/** As many records came as the last total says, which may count places that hold null. */
export function isTotalThere(pages: PageFacts): boolean {
  const { totalAtEnd, skippedRecords, sharedBySlices, records, nulls } = pages;
  if (totalAtEnd === null) return false;
  const came = records + skippedRecords + sharedBySlices;
  return totalAtEnd === came || totalAtEnd === came + nulls;
}
