import type { Pagination } from '../../core/pagination.ts';
import { getQueryParameter } from '../query-parameter.ts';
import { countShared, keepsOrder } from './compare-pages.ts';
import { readFacts } from './facts.ts';
import { valueAt } from './fields.ts';
import { findKey } from './find-key.ts';
import { findRecordsInBoth } from './find-records.ts';
import { asCount } from './numbers-said.ts';
import { literalOf, recordIdentities } from './page-records.ts';
import type { Candidate, PageView } from './page-view.ts';

export interface Acceptance {
  readonly accepted: boolean;
  /** A phrase for people. */
  readonly why: string;
  /** The candidate's, with records, key and totals as both pages bear them out. */
  readonly pagination: Pagination;
  /**
   * Nothing that the server echoes says whether it counts from 0 or from 1; only asking for page 1,
   * or offset 1, can tell.
   */
  readonly baseIsOpen: boolean;
  /**
   * What the answer shows besides. `end`: the first page was all, as its total says. `empty`: a token
   * was taken and led to nothing, which may be the end. `overlap`: the page begins with the last
   * record of the first, as where offsets count from 1. These two are not accepted by themselves.
   */
  readonly sign: 'end' | 'empty' | 'overlap' | null;
}

/**
 * Whether a second page bears a candidate out: it has records, none of them in the first page, and
 * every number that the server echoes is the one that was asked for. Records are compared by the
 * literals of their keys, or byte by byte where no key is known.
 */
export function acceptCandidate(
  first: PageView,
  second: PageView,
  candidate: Candidate,
): Acceptance {
  const judge = (accepted: boolean, why: string, rest: Partial<Acceptance> = {}): Acceptance => ({
    accepted,
    why,
    pagination: candidate.pagination,
    baseIsOpen: false,
    sign: null,
    ...rest,
  });
  if (second.status < 200 || second.status > 299) {
    return judge(false, `it is refused with ${second.status}`);
  }
  if (second.json === undefined) return judge(false, 'the answer is no JSON');
  if (Buffer.compare(first.body, second.body) === 0) return judge(false, 'it gives the same page');
  const pagination = refine(first, second, candidate.pagination);
  const contradiction = contradictionOf(first, second, pagination, candidate);
  if (contradiction !== null) return judge(false, contradiction);
  const own = identitiesOf(first, pagination);
  const other = identitiesOf(second, pagination);
  const isMoved = movesOn(first, second, pagination);
  if (own === null || other === null) {
    if (pagination.records !== null && second.json !== null)
      return judge(false, 'it has no records');
    // Without records to compare, a token that moves on or an echo shows that there was a step.
    if (isMoved) return judge(true, 'it names another next page', { pagination });
    if (echoOf(second, pagination) === null) return judge(false, 'it has no records to compare');
    return judge(true, 'it says that it is the page asked for', { pagination });
  }
  if (other.length === 0) {
    const total = totalOf(second, pagination) ?? totalOf(first, pagination);
    if (total !== null && total === own.length) {
      return judge(true, 'it is empty, as the total says', { pagination, sign: 'end' });
    }
    if (isMoved && nextOf(second, pagination) !== null) {
      return judge(true, 'it is empty and names another next page', { pagination });
    }
    return judge(false, 'it is empty', { pagination, sign: isMoved ? 'empty' : null });
  }
  const shared = countShared(own, other);
  if (shared === other.length) return judge(false, 'it gives the same records');
  if (shared === 1 && pagination.style === 'offset' && other[0] === own.at(-1)) {
    return judge(false, 'it begins with the last record', { pagination, sign: 'overlap' });
  }
  if (shared > 0) return judge(false, `${shared} of its records are in the first page too`);
  if (pagination.style === 'cursor' && !isMoved && !pagination.repeatIsEnd) {
    return judge(false, 'it names the same next page again');
  }
  if (pagination.style === 'keyset' && !keepsOrder(own, other)) {
    return judge(false, 'its keys do not go on from the last one');
  }
  const baseIsOpen = isCounted(pagination) && echoOf(second, pagination) === null;
  return judge(true, 'its records are new', { pagination, baseIsOpen });
}

/** Two pages show more than one: which array changes, and what is no total. */
function refine(first: PageView, second: PageView, pagination: Pagination): Pagination {
  const later = pagination.records === null ? undefined : valueAt(second.json, pagination.records);
  // An empty page changes nothing that could be told from its other lists.
  if (Array.isArray(later) && later.length === 0) return pagination;
  const both = findRecordsInBoth(first.json, second.json);
  if (both === null) return pagination;
  const items = valueAt(second.json, both.path);
  const held = both.count + (Array.isArray(items) ? items.length : 0);
  const total = totalOf(first, pagination);
  return {
    ...pagination,
    records: both.path,
    key: both.path === pagination.records ? pagination.key : findKey(both.items),
    // What both pages exceed was the number of records in one.
    ...(total !== null && held > total ? { totalPath: null, totalHeader: null } : {}),
  };
}

function contradictionOf(
  first: PageView,
  second: PageView,
  pagination: Pagination,
  { request, pagination: { param } }: Candidate,
): string | null {
  if (!isCounted(pagination) || param === null) return null;
  const echoed = echoOf(second, pagination);
  const asked = asCount(getQueryParameter(request.url, param));
  if (echoed !== null && asked !== null && asked !== echoed) {
    return `the server says that ${pagination.positionPath} is ${echoed}, not ${asked}`;
  }
  // Whichever way it is asked, a server that counts says of another page that it is another.
  const { page, offset } = readFacts(first).numbers;
  for (const said of [page, offset]) {
    if (said?.path == null || asCount(valueAt(second.json, said.path)) !== said.value) continue;
    return `the server says that ${said.path} is still ${said.value}`;
  }
  return null;
}

function isCounted({ style }: Pagination): boolean {
  return style === 'page' || style === 'offset';
}

function identitiesOf(view: PageView, { records, key }: Pagination): readonly string[] | null {
  return records === null ? null : recordIdentities(view, records, key);
}

function echoOf({ json }: PageView, { positionPath }: Pagination): number | null {
  return positionPath === null ? null : asCount(valueAt(json, positionPath));
}

function totalOf(view: PageView, { totalPath, totalHeader }: Pagination): number | null {
  if (totalHeader !== null) {
    // `items 0-24/3000`
    return asCount((view.headers[totalHeader] ?? '').replace(/^.*\//, '').trim());
  }
  const total = totalPath === null ? null : valueAt(view.json, totalPath);
  return asCount(total) ?? asCount((total as { value?: unknown } | null)?.value);
}

function movesOn(first: PageView, second: PageView, pagination: Pagination): boolean {
  return pagination.style === 'cursor' && nextOf(first, pagination) !== nextOf(second, pagination);
}

/** The next step as it stands in the page, null for none. */
function nextOf(view: PageView, { nextPath, nextHeader }: Pagination): string | null {
  if (nextHeader !== null) return view.headers[nextHeader]?.trim() || null;
  const literal = nextPath === null ? null : literalOf(view, nextPath);
  return literal === 'null' || literal === '""' || literal === 'false' ? null : literal;
}
