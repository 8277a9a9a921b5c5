import type { PageInfo } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { overlapOf, type Pagination } from '../core/pagination.ts';
import type { RecordEvidence } from '../core/summary.ts';
import type { BranchScan, Read } from './branch-scan.ts';
import type { emptyTally, PageFacts } from './page-facts.ts';

const MOST_GAPS = 100;
const MOST_BORDERS = 5;

/** Where positions are ordinals of records: which of them came, and whether pages fit together. */
export class CoveredRecords {
  readonly #pagination: Pagination;
  readonly #tally: typeof emptyTally;
  readonly gaps: RecordEvidence['gaps'][number][] = [];
  readonly brokenBorders: PageFacts['brokenBorders'][number][] = [];

  /** @param tally gets what is counted here */
  constructor(pagination: Pagination, tally: typeof emptyTally) {
    this.#pagination = pagination;
    this.#tally = tally;
  }

  /** The pages of a branch come in their order. */
  cover(branch: BranchScan, { place, pageInfo }: Pick<Read, 'place' | 'pageInfo'>): void {
    const { position } = place;
    if (position === 0) branch.overlap = overlapOf(this.#pagination, pageInfo.records);
    const from = position - Math.min(branch.overlap, position);
    const to = from + pageInfo.records;
    if (from > branch.coveredTo) this.gap(branch, from);
    this.#checkBorder(branch, { place, pageInfo });
    this.#tally.readAgain += Math.max(0, Math.min(to, branch.coveredTo) - from);
    if (to >= branch.coveredTo) branch.previous = { place, pageInfo };
    branch.coveredTo = Math.max(branch.coveredTo, to);
  }

  /** An overlap reaches back from behind the end: what is there no more has gone meanwhile. */
  pastEnd(
    branch: BranchScan,
    place: Place,
    pageInfo: PageInfo | null,
    status: number | null,
  ): void {
    const { pastEnd } = this.#pagination;
    if (pageInfo === null && (status === null || !pastEnd.includes(status))) return;
    const repeated = branch.coveredTo - (place.position - branch.overlap);
    if (repeated > 0 && (pageInfo?.records ?? 0) < repeated) this.#tally.shortened += 1;
    if (pageInfo === null || repeated !== branch.overlap) return;
    this.#checkBorder(branch, { place, pageInfo });
    if (pageInfo.records === repeated) branch.isEndSeen = true;
  }

  /**
   * What an overlap repeats must be what the page before ended with. One record is compared here, the
   * keys of more are compared where those of all pages are.
   */
  #checkBorder(branch: BranchScan, { place, pageInfo }: Pick<Read, 'place' | 'pageInfo'>): void {
    const { position } = place;
    if (branch.overlap === 0 || position === 0) return;
    this.#tally.borders += 1;
    const { previous } = branch;
    if (previous === null || branch.coveredTo < position) return;
    if (branch.overlap > 1 || branch.coveredTo > position) {
      if (pageInfo.records >= branch.overlap) this.#tally.bordersByKeys += 1;
      return;
    }
    const { lastRecord } = previous.pageInfo;
    if (lastRecord === undefined || pageInfo.firstRecord === undefined) return;
    if (lastRecord === pageInfo.firstRecord) this.#tally.bordersAgreed += 1;
    else if (this.brokenBorders.length < MOST_BORDERS) {
      this.brokenBorders.push({ first: previous.place, second: place });
    }
  }

  /** Records from where the branch is covered to here did not come. */
  gap(branch: BranchScan, to: number): void {
    if (this.gaps.length === MOST_GAPS) return;
    this.gaps.push({ branch: branch.number, from: branch.coveredTo, to });
  }
}
