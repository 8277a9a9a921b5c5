/** Whether more may stand behind a page, by how many records it holds. */

const ROUND_SIZES: ReadonlySet<number> = new Set([10, 20, 25, 30, 40, 50, 60, 75, 80, 100, 120]);
/** A page of unknown size that holds so many may be cut. */
const LEAST_CUT = 10;

/** As many records as pages commonly hold: servers lower a size that is too large without saying so. */
function isRoundSize(records: number): boolean {
  return ROUND_SIZES.has(records) || (records > 0 && records % 50 === 0);
}

/** As many records as the first page was asked for, as its server says that a page holds, or as pages commonly do. */
export function looksFull(records: number, asked: number | null, said: number | null): boolean {
  if (records === 0) return false;
  return (asked !== null && records >= asked) || said === records || isRoundSize(records);
}

/**
 * As many as a server may give at most, so that a larger size would bring no more, whatever the list
 * has. People choose multiples of 5 and of 12, and powers of two.
 */
export function mayBeMost(records: number): boolean {
  const isPowerOfTwo = (records & (records - 1)) === 0;
  return records >= LEAST_CUT && (records % 5 === 0 || records % 12 === 0 || isPowerOfTwo);
}

/** @param asked the size that was asked for, or that the server says; null where it is not known */
export function mayBeFull(records: number, asked: number | null): boolean {
  if (asked === null) return records >= LEAST_CUT;
  return records >= asked || isRoundSize(records);
}
