/** How deep in a list servers stop giving records. */

/** From here on a refusal or an empty page may be as far as the server goes. */
const LOWEST_CEILING = 1000;
/** Lists that end so deep at a round number may have been ended by the server. */
const LOWEST_ROUND_DEPTH = 100;

export function mayBeCeiling(records: number): boolean {
  return records >= LOWEST_CEILING;
}

/** At these depths a refusal that does not say "not found" points to a limit, though no total says more. */
export function isLikelyCeiling(records: number): boolean {
  return records % LOWEST_CEILING === 0;
}

/** Where an end that nothing states may be the server's: at hundreds, powers of two, one less than a thousand. */
export function isRoundDepth(records: number): boolean {
  if (records < LOWEST_ROUND_DEPTH) return false;
  return records % 100 === 0 || (records + 1) % 1000 === 0 || Number.isInteger(Math.log2(records));
}
