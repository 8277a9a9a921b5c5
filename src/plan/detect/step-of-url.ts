import { differInOneNumber, readQuery, setQueryParameter } from '../query-parameter.ts';
import { raiseScheme } from '../request-url.ts';
import { namesCursor, namesOffset, namesPage, namesSize } from './names.ts';

/** How a next URL counts on from the first one. */
export interface UrlStep {
  readonly style: 'page' | 'offset';
  readonly param: string;
  /** The first URL's number, or what it stands for where it names none. */
  readonly first: number;
}

/**
 * What a next URL does, if all it does is to count: the page number goes up by one, or the offset by
 * as many records as the page held. Null for everything else, which has to be followed as it stands.
 *
 * Page sizes that the server adds to its links are no difference, for they are its default.
 */
export function stepOfUrl(start: string, next: string, count: number): UrlStep | null {
  const raised = raiseScheme(next, start);
  const difference = differInOneNumber(alignSizes(start, raised, count), raised);
  if (difference === null || !('param' in difference)) return null;
  const { param, a, b } = difference;
  if (namesCursor(param) && !namesPage(param) && !namesOffset(param)) return null;
  const byPage: UrlStep = { style: 'page', param, first: a ?? b - 1 };
  const byOffset: UrlStep = { style: 'offset', param, first: a ?? b - count };
  const pages = a === null ? b === 1 || b === 2 : b - a === 1;
  const records = count > 0 && (a === null ? b === count || b === count + 1 : b - a === count);
  if (namesPage(param)) return pages ? byPage : null;
  if (namesOffset(param)) return records ? byOffset : null;
  if (pages === records) return null;
  return pages ? byPage : byOffset;
}

function alignSizes(start: string, next: string, count: number): string {
  const known = new Set(readQuery(start).map(([name]) => name));
  let aligned = start;
  for (const [name, value] of readQuery(next)) {
    const isDefault = !known.has(name) && namesSize(name) && value === String(count);
    // A page of two records may meet `?page=2`, and a name that can be either is the position.
    if (isDefault && !namesPage(name) && !namesOffset(name)) {
      aligned = setQueryParameter(aligned, name, value);
    }
  }
  return aligned;
}
