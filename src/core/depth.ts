/** How deep in a list servers stop giving records. */
import { counted } from './units.ts';

/** Refusals that do not say whether the page exists. */
export const vagueStatuses: ReadonlySet<number> = new Set([400, 422]);

/** From here on a refusal or an empty page may be as far as the server goes. */
const LOWEST_CEILING = 1000;
/** Lists that end so deep at a round number may have been ended by the server. */
const LOWEST_ROUND_DEPTH = 100;

export function mayBeCeiling(records: number): boolean {
  return records >= LOWEST_CEILING;
}

/** A limit of fewer records would be one of a page. */
const LOWEST_LIMIT = 500;
/** Servers stop at 1,000 records, at 20 pages, at 50,000. */
const FIRST_DIGITS: readonly number[] = [1, 2, 5];
const ROUND_PAGES = 10;

/** Where a list was refused behind its last page. All count from the start of the list. */
export interface RefusedDepth {
  /** Where the last page that came begins and ends, and where the refused one should end. */
  readonly from: number;
  readonly at: number;
  readonly to: number;
  readonly pages: number;
  /** The server says that there is no such page, which is how most lists end. */
  readonly isAbsent: boolean;
}

/**
 * The limit that a refusal there points to, though no total says more: a round number of records or of
 * pages. Where pages do not come out at one, it lies in the last page or in the refused one. Behind a page
 * that is said to be absent it is one of the usual limits or none. Null for none.
 */
export function likelyCeiling({ from, at, to, pages, isAbsent }: RefusedDepth): string | null {
  if (at < LOWEST_LIMIT) return null;
  if (isAbsent) {
    // Pages that overlap reach beyond it.
    const limit = roundBelow(Math.min(at, to - 1));
    return limit > from && isUsualLimit(limit) ? counted(limit, 'record') : null;
  }
  if (at === LOWEST_LIMIT || at % LOWEST_CEILING === 0) return counted(at, 'record');
  if (pages < ROUND_PAGES) return null;
  if (roundBelow(pages) === pages) return counted(pages, 'page');
  const within = roundBelow(to - 1);
  return within > from ? counted(within, 'record') : null;
}

/** 1,000, 5,000, 10,000 and so on: many servers give no more. */
export function isUsualLimit(records: number): boolean {
  return records >= LOWEST_CEILING && roundBelow(records) === records && !/^2/.test(`${records}`);
}

/**
 * Elasticsearch, and what stands on it, counts no further than to 10,000 unless it is told to (`track_total_hits`),
 * and Meilisearch no further than to 1,000 (`maxTotalHits`).
 */
const LOWEST_COUNT_LIMIT = 10_000;

/** 10,000, 50,000, 100,000 and so on: the total that a server states may be as far as it counts. */
export function isUsualCountLimit(total: number): boolean {
  return total >= LOWEST_COUNT_LIMIT && isUsualLimit(total);
}

/** The largest of 1, 2, 5, 10, 20, 50, 100 and so on that is not above `count`. */
function roundBelow(count: number): number {
  const unit = 10 ** Math.floor(Math.log10(count));
  return unit * Math.max(...FIRST_DIGITS.filter((digit) => digit * unit <= count));
}

/** Where an end that nothing states may be the server's: at hundreds, powers of two, one less than a thousand. */
export function isRoundDepth(records: number): boolean {
  if (records < LOWEST_ROUND_DEPTH) return false;
  return records % 100 === 0 || (records + 1) % 1000 === 0 || Number.isInteger(Math.log2(records));
}
