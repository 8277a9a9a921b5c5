/** What `Content-Range` says of the records in a page and of the list. */
export interface ContentRange {
  /** The ordinal of the first and of the last record, as the server counts; null for `*`. */
  readonly from: number | null;
  readonly to: number | null;
  readonly total: number | null;
}

/**
 * `items 0-24/3000`, `items 0-24/*`, `items *` with a total (RFC 9110 §14.4). PostgREST leaves the unit
 * out and others write `items=` or `items:`, so both are read too. Null where it is malformed.
 */
export function parseContentRange(value: string): ContentRange | null {
  const match = /^(?:[!#$%&'*+.^_`|~\w-]+[ =:]+)?(?:(\d+)-(\d+)|\*)\/(?:(\d+)|\*)$/.exec(
    value.trim(),
  );
  if (match === null) return null;
  const [from, to, total] = [match[1], match[2], match[3]].map(numberOf);
  return { from: from ?? null, to: to ?? null, total: total ?? null };
}

function numberOf(digits: string | undefined): number | null {
  const number = Number(digits ?? Number.NaN);
  return Number.isSafeInteger(number) ? number : null;
}
