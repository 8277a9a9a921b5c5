/**
 * What the server has said of a page before it is asked for. A page that comes empty, or is refused, though
 * it was said to be there, is asked for once more before that counts: it may be a limit that no status
 * names, and not the end of the list.
 *
 * | the server says | empty | refused by a status of `mayHideLimit` |
 * |---|---|---|
 * | nothing (absent): a first page, one that looks for the end, one that fills a gap | counts | counts |
 * | `counted`: a total counts it | once more | counts |
 * | `promised`: the page before it, or records behind it, say that it is there | once more | up to three times more |
 *
 * A total that is too large counts many pages that are not there, and they are asked for side by side: so a
 * refusal of one counts at first. When all are answered, the plan asks for the first of them as one that is
 * promised (`EndEvidence.toAskAgain`), if the list still says that there is more.
 *
 * What a refusal that counts means is another question: of a `speculative` page it is the end of the list, of
 * any other a failure.
 */
export type Expectation = 'counted' | 'promised';

/** Refusals that servers give for limits, too, without saying so. All others say what they mean. */
export function mayHideLimit(status: number): boolean {
  return status === 400 || status === 403;
}

/** Refusals that say that there is no such page. */
export const gone: ReadonlySet<number> = new Set([404, 410, 416]);
