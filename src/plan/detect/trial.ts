/** Whether an answer confirms a candidate for the next page, and what else it shows. */

import { gone } from '../../core/page-request.ts';
import { factsOf, isParallel, type Pagination } from '../../core/pagination.ts';
import type { PartValue } from '../literal.ts';
import { isObject, valueAt } from '../page-fields.ts';
import { getQueryParameter } from '../query-parameter.ts';
import { readAt, readTotal } from '../read-page-info.ts';
import { parseContentRange } from '../styles/page-reading.ts';
import type { Comparison, Trial } from '../styles/style.ts';
import { styleOf } from '../styles/styles.ts';
import { readFacts } from './facts.ts';
import { findKey } from './find-key.ts';
import { findRecordsInBoth } from './find-records.ts';
import { asCount } from './numbers-said.ts';
import { areLike } from './odd-lists.ts';
import {
  type Candidate,
  countRecords,
  identitiesOf,
  isSuccess,
  linkingPage,
  type PageView,
  recordIdentities,
} from './page-view.ts';

export interface Acceptance {
  readonly accepted: boolean;
  /** A phrase for people. */
  readonly why: string;
  /** The candidate's, with records, key and totals as both pages confirm them. */
  readonly pagination: Pagination;
  /**
   * Nothing that the server echoes says whether it counts from 0 or from 1; only asking for page 1,
   * or offset 1, can tell.
   */
  readonly baseIsOpen: boolean;
  /**
   * That its records are new is all that shows it: where a page's records differ each time that it is
   * asked for, they would be new for the first page too.
   */
  readonly isByRecordsAlone: boolean;
  /**
   * What the answer shows besides. `end`: the first page was all, as its total says. `empty`: a token
   * was taken and led to nothing, which may be the end. `overlap`: the page begins with the last
   * record of the first, as where offsets count from 1. These two are not accepted by themselves.
   */
  readonly finding: 'end' | 'empty' | 'overlap' | null;
}

/**
 * Whether a second page confirms a candidate: it has records, none of them in the first page, and
 * every number that the server echoes is the one that was requested. Records are compared by the
 * literals of their keys, or byte by byte where no key is known.
 */
export function acceptCandidate(
  first: PageView,
  second: PageView,
  candidate: Candidate,
): Acceptance {
  let pagination = candidate.pagination;
  const result = (accepted: boolean, why: string, rest: Partial<Acceptance> = {}): Acceptance => {
    const usual = { baseIsOpen: false, isByRecordsAlone: false, finding: null };
    return { accepted, why, pagination, ...usual, ...rest };
  };
  if (!isSuccess(second)) return result(false, `it is refused with ${second.status}`);
  if (second.json === undefined) return result(false, 'the answer is no JSON');
  if (Buffer.compare(first.body, second.body) === 0) return result(false, 'it gives the same page');
  const refined = refine(first, second, pagination);
  const contradiction = contradictionOf(first, second, refined, candidate);
  if (contradiction !== null) return result(false, contradiction);
  const difference = differenceOf(first, second, refined);
  if (difference !== null) return result(false, difference);
  pagination = refined;
  const trial = trialOf(pagination);
  const own = identitiesOf(first, pagination);
  const other = identitiesOf(second, pagination);
  const [before, after] = [first, second].map((view) => trial.nextOf?.(view, pagination) ?? null);
  const isMoved = before !== after;
  if (own === null || other === null) {
    const isListMissing = pagination.records !== null && second.json !== null;
    if (isListMissing) return result(false, 'it has no records');
    // Without records to compare, a new token or an echo shows that it is another page.
    if (isMoved) return result(true, 'it names another next page');
    if (echoOf(second, pagination) === null) return result(false, 'it has no records to compare');
    return result(true, 'it says that it is the page asked for');
  }
  if (other.length === 0) {
    // A parameter that filters leaves nothing, too, and says so.
    if (totalOf(second, pagination) === countRecords(first, pagination.records!))
      return result(true, 'it is empty, as the total says', { finding: 'end' });
    if (readFacts(first).next.more?.value === false)
      return result(true, 'it is empty, as the first page says', { finding: 'end' });
    if (isMoved && after !== null) return result(true, 'it is empty and names another next page');
    // Whoever does not read an array or an object as it was written may find nothing behind it.
    const mayBeEnd = isMoved && !/^[[{]/.test(before ?? '');
    return result(false, 'it is empty', { finding: mayBeEnd ? 'empty' : null });
  }
  const known = new Set(own);
  const shared = other.filter((identity) => known.has(identity)).length;
  if (shared === other.length) return result(false, 'it gives the same records');
  const beginsWithLast = shared === 1 && other[0] === own.at(-1);
  if (beginsWithLast && trial.mayOverlap) {
    return result(false, 'it begins with the last record', { finding: 'overlap' });
  }
  // A key, or a token that holds one, may name the first record of the next page, or the one before it.
  const isOfKey = trial.byKey === true || trial.nextOf !== undefined;
  const isInclusive = beginsWithLast && other.length > 1 && isOfKey;
  if (shared > 0 && !isInclusive)
    return result(false, `${shared} of its records are in the first page too`);
  if (trial.nextOf !== undefined && !isMoved && !pagination.repeatIsEnd) {
    return result(false, 'it names the same next page again');
  }
  const objection = trial.objection?.(own, other.slice(shared)) ?? null;
  if (objection !== null) return result(false, objection);
  const isEchoed = echoOf(second, pagination) !== null;
  const isByRecordsAlone = !isEchoed && candidate.isGuess === true;
  const baseIsOpen = isParallel(pagination) && !isEchoed;
  const why = isInclusive
    ? 'it begins with the last record, and goes on with new ones'
    : 'its records are new';
  return result(true, why, { baseIsOpen, isByRecordsAlone });
}

/** Pages of one list have their records in one place, and records of one kind. */
function differenceOf(first: PageView, second: PageView, { records }: Pagination): string | null {
  const own = records === null ? undefined : valueAt(first.json, records);
  const other = records === null ? undefined : valueAt(second.json, records);
  if (!Array.isArray(own) || other === undefined || other === null) return null;
  // A list of one record may come as that record.
  const items = Array.isArray(other) ? other : [other];
  if (own.length === 0 || items.length === 0 || areLike(items, own)) return null;
  return Array.isArray(other)
    ? 'its records are of another kind'
    : `it has ${isObject(other) ? 'an object' : 'a value'} where the first page has a list`;
}

/** Whether a page is the first one again, or one that begins near it, though some records be new. */
export function isSamePage(first: PageView, again: PageView, pagination: Pagination): boolean {
  if (!isSuccess(again)) return false;
  const own = identitiesOf(first, pagination) ?? [];
  const known = new Set(identitiesOf(again, pagination) ?? []);
  return own.length > 0 && 2 * own.filter((identity) => known.has(identity)).length >= own.length;
}

function trialOf(pagination: Pagination): Trial {
  return styleOf(pagination)?.trial ?? {};
}

/** Two pages show which array changes, which number is not the total, and that a flag says nothing. */
function refine(first: PageView, second: PageView, pagination: Pagination): Pagination {
  const later = pagination.records === null ? undefined : valueAt(second.json, pagination.records);
  // An empty page does not show which of its lists changes.
  if (Array.isArray(later) && later.length === 0) return pagination;
  const both = isNewList(first, second, pagination)
    ? { path: pagination.records!, items: valueAt(first.json, pagination.records!) as unknown[] }
    : findRecordsInBoth(first.json, second.json);
  if (both === null) return pagination;
  const items = valueAt(second.json, both.path);
  const held = both.items.length + (Array.isArray(items) ? items.length : 0);
  const total = totalOf(first, pagination);
  const left = totalOf(second, pagination);
  // Two pages together hold more, so it was the number of records in a page; or it is what is left.
  const isNoTotal =
    total !== null && (held > total || (left !== null && left === total - both.items.length));
  return {
    ...pagination,
    records: both.path,
    key: both.path === pagination.records ? pagination.key : findKey(both.items),
    ...(isNoTotal ? { totalPath: null, totalHeader: null } : {}),
    ...(readFacts(first).next.more?.value === false ? { morePath: null } : {}),
  };
}

/** Where the list is new altogether, it is the one, also where only the user says that it is a list. */
function isNewList(first: PageView, second: PageView, { records }: Pagination): boolean {
  if (records === null || !Array.isArray(valueAt(first.json, records))) return false;
  const [own, other] = [first, second].map((view) => recordIdentities(view, records, null));
  if (own == null || other == null) return false;
  const known = new Set(own);
  return !other.some((text) => known.has(text));
}

function contradictionOf(
  first: PageView,
  second: PageView,
  pagination: Pagination,
  { request, pagination: { param } }: Candidate,
): string | null {
  if (!isParallel(pagination) || param === null) return null;
  const echoed = echoOf(second, pagination);
  const asked = asCount(getQueryParameter(request.url, param));
  if (echoed !== null && asked !== null && asked !== echoed) {
    return `the server says that ${pagination.positionPath} is ${echoed}, not ${asked}`;
  }
  // A server that echoes positions must echo another one for another page.
  const { page, offset } = readFacts(first).numbers;
  for (const said of [page, offset]) {
    if (said?.path == null || asCount(valueAt(second.json, said.path)) !== said.value) continue;
    return `the server says that ${said.path} is still ${said.value}`;
  }
  return null;
}

function echoOf(view: PageView, { positionPath }: Pagination): number | null {
  return readAt(linkingPage(view), positionPath);
}

function totalOf(view: PageView, pagination: Pagination): number | null {
  const range = parseContentRange(view.headers['content-range'] ?? '');
  return readTotal(pagination, linkingPage(view), range).total;
}

/** Asks for a page with that value of the parameter; null where no more may be asked. */
export type AskWith = (value: PartValue) => Promise<PageView | null>;

/**
 * What a parameter is, where the answer to a candidate may be a page past the end. Such an answer alone
 * proves nothing: a server that filters by the parameter returns no records either, and one that does
 * not know it may refuse it. Null where nothing is proven.
 *
 * @see Trial.proveEnd
 */
export async function proveEnd(
  first: PageView,
  second: PageView,
  pagination: Pagination,
  ask: AskWith,
): Promise<{ readonly pagination: Pagination; readonly proof: string } | null> {
  const { records, key } = pagination;
  const { proveEnd: prove, byKey = false } = trialOf(pagination);
  if (prove === undefined || records === null) return null;
  const isPastEnd =
    gone.has(second.status) ||
    (isSuccess(second) && recordIdentities(second, records, null)?.length === 0);
  if (!isPastEnd) return null;
  const way = { ...pagination, key: byKey ? key : null };
  const read = async (value: PartValue | null): Promise<Comparison> => {
    const view = value === null ? null : await ask(value);
    return view === null ? 'unclear' : compare(first, view, way);
  };
  const proven = await prove(pagination, read, identitiesOf(first, way)?.[0] ?? null);
  return proven === null
    ? null
    : { pagination: proven, proof: trialOf(proven).proof?.(proven) ?? '' };
}

/**
 * Where a server counts from, read off the page for number 1 or offset 1.
 *
 * @see Trial.settleBase
 */
export function settleBase(
  pagination: Pagination,
  first: PageView,
  one: PageView,
  overlaps: boolean,
): Pagination | null {
  const settle = trialOf(pagination).settleBase;
  if (settle === undefined) return overlaps ? null : pagination;
  return settle(pagination, compare(first, one, pagination), overlaps);
}

/** What a position counts from, a phrase for people; null for chains. */
export function countsFrom(pagination: Pagination): string | null {
  const { counts } = factsOf(pagination);
  return counts === null ? null : `${pagination.param} counts ${counts} from ${pagination.first}`;
}

function compare(first: PageView, view: PageView, pagination: Pagination): Comparison {
  if (!isSuccess(view)) return 'unclear';
  const own = identitiesOf(first, pagination);
  const other = identitiesOf(view, pagination);
  if (own === null || other === null || own.length === 0) return 'unclear';
  if (other.length === 0) return 'none';
  if (isEqual(own, other)) return 'same';
  if (own.length > 1 && isEqual(own.slice(1), other)) return 'rest';
  const known = new Set(own);
  return other.some((identity) => known.has(identity)) ? 'unclear' : 'next';
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((identity, index) => identity === b[index]);
}
