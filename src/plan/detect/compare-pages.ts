import type { Pagination } from '../../core/pagination.ts';
import { recordIdentities } from './page-records.ts';
import type { PageView } from './page-view.ts';

/** How the page for number or offset 1 relates to the start page. */
export type BaseReading = 'same' | 'next' | 'shifted' | 'unclear';

export function compareWithStart(
  first: PageView,
  one: PageView,
  pagination: Pagination,
): BaseReading {
  if (pagination.records === null || one.status < 200 || one.status > 299) return 'unclear';
  const own = recordIdentities(first, pagination.records, pagination.key);
  const other = recordIdentities(one, pagination.records, pagination.key);
  if (own === null || other === null || other.length === 0 || own.length === 0) return 'unclear';
  if (own.length === other.length && own.every((identity, index) => identity === other[index])) {
    return 'same';
  }
  if (countShared(own, other) === 0) return 'next';
  return own.length > 1 && other[0] === own[1] ? 'shifted' : 'unclear';
}

/** How many of `other` are in `own` too. */
export function countShared(own: readonly string[], other: readonly string[]): number {
  const known = new Set(own);
  return other.filter((identity) => known.has(identity)).length;
}

/** Numbers as text, also beyond 2^53: the longer is the larger. Strings by their code units. */
export function compareKeys(a: string, b: string): number {
  const [left, right] = [a.replaceAll('"', ''), b.replaceAll('"', '')];
  if (/^\d+$/.test(left) && /^\d+$/.test(right) && left.length !== right.length) {
    return left.length - right.length;
  }
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Whether a page's keys go on where those of the page before ended. */
export function keepsOrder(own: readonly string[], other: readonly string[]): boolean {
  const [first, last, next] = [own[0], own.at(-1), other[0]];
  if (first === undefined || last === undefined || next === undefined) return false;
  const direction = Math.sign(compareKeys(first, last));
  // Keys in no order of their own (random ids in order of time) say nothing either way.
  const isOrdered = own.every(
    (key, index) => index === 0 || Math.sign(compareKeys(own[index - 1]!, key)) === direction,
  );
  return !isOrdered || Math.sign(compareKeys(last, next)) === direction;
}
