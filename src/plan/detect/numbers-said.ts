/** Totals, page sizes and positions, as a page states them. */
import { pathOf } from '../../decode/decode.ts';
import { countOf } from '../literal.ts';
import { means, squash } from '../names.ts';
import { type Field, isIn, isObject } from '../page-fields.ts';
import type { StartParams } from '../start-params.ts';

/** A number and where it stands: a path in the body, or a header's name in lower case. */
export interface SaidNumber {
  readonly path: string | null;
  readonly header: string | null;
  readonly value: number;
}

export interface NumbersSaid {
  readonly total: SaidNumber | null;
  /** A count that equals the number of records in the page; it may count the list or the page. */
  readonly vagueTotal: SaidNumber | null;
  /** The total stands near the records, so it is about this list and may prove its end. */
  readonly totalIsNear: boolean;
  /** The total is only said to be at least so many. */
  readonly totalIsLowerBound: boolean;
  readonly totalPages: SaidNumber | null;
  readonly page: SaidNumber | null;
  readonly offset: SaidNumber | null;
  readonly size: SaidNumber | null;
}

interface NumberField extends SaidNumber {
  readonly path: string;
  readonly field: Field;
}

export interface PageContext {
  readonly fields: readonly Field[];
  /** Keys to the object that holds the records; empty without records. */
  readonly around: readonly string[];
  /** The key of the list in that object; null where it has none, and without records. */
  readonly list: string | null;
  /** Records in the page; null where none were found. */
  readonly count: number | null;
  readonly params: StartParams;
}

/** Reads the numbers in a page's body. Of several with one meaning, the one nearest the records counts. */
export function readNumbers(context: PageContext): NumbersSaid {
  const { params, count } = context;
  const numbers = numberFields(context);
  const asked = params.size?.number ?? null;

  const position = (names: (name: string) => boolean, param: number | null, least: number) =>
    numbers.find(
      (number) =>
        names(number.field.name) &&
        // For a first page the server echoes what was requested, or where all lists begin.
        (param === null ? number.value <= least : number.value === param),
    ) ?? null;
  const page =
    position(means.page, params.page?.number ?? null, 1) ??
    numbers.find((number) => isPageByPlace(number, params)) ??
    null;
  const offset = position(means.offset, params.offset?.number ?? null, 1);

  const sizes = numbers.filter(({ field, value }) => means.size(field.name) && value > 0);
  const size =
    sizes.find(({ value }) => value === asked) ??
    // `count` may be what the page holds, which is no page size.
    sizes.find(({ value, field }) => value >= (count ?? 1) && !means.vagueTotal(field.name)) ??
    null;

  const total = findTotal(numbers, { count, asked, size });
  return {
    ...whole(total, context.fields),
    totalIsNear: total !== null && isNear(total.field, context.around),
    vagueTotal:
      total === null && count !== null
        ? (numbers.find(({ field, value }) => value === count && means.vagueTotal(field.name)) ??
          null)
        : null,
    totalPages: findTotalPages(numbers, { count, hasPage: page !== null, total, asked, size }),
    page,
    offset,
    size,
  };
}

interface TotalContext {
  readonly count: number | null;
  readonly asked: number | null;
  readonly size: SaidNumber | null;
}

function findTotal(numbers: readonly NumberField[], context: TotalContext): NumberField | null {
  const count = context.count ?? 0;
  const clear = numbers.filter(({ field, value }) => value >= count && isClearTotal(field));
  const [first] = clear;
  // The list is what the filter leaves, wherever the two stand.
  const filtered = clear.find(({ field }) => means.filteredTotal(field.name));
  if (first !== undefined) return filtered ?? first;
  const vague = numbers.find(
    ({ field, value }) => value > count && means.vagueTotal(field.name) && value !== context.asked,
  );
  if (vague !== undefined) return vague;
  // `size` is a total where something else says the page size (Bitbucket).
  const { size } = context;
  if (size === null || size.value !== count) return null;
  const other = numbers.find(
    ({ path, field, value }) =>
      squash(field.name) === 'size' && path !== size.path && value > count,
  );
  return other ?? null;
}

/** `total`, or a number in an object of that name: `total: { value, relation }`. */
function isClearTotal({ name, parent }: Field): boolean {
  if (means.total(name)) return true;
  return means.total(parent) && /^(?:value|count|items|records|results)$/.test(squash(name));
}

function findTotalPages(
  numbers: readonly NumberField[],
  context: TotalContext & { hasPage: boolean; total: NumberField | null },
): NumberField | null {
  const named = numbers.find(
    (number) =>
      means.totalPages(number.field.name) &&
      number.path !== context.total?.path &&
      !countsThisPage(number, context),
  );
  if (named !== undefined) return named;
  const inPaging = numbers.find(
    ({ field, value }) =>
      value > 0 && ['last', 'total'].includes(squash(field.name)) && means.paging(field.parent),
  );
  if (inPaging?.field.name === 'last') return inPaging;
  // A total below what the page holds counts pages (jqGrid).
  const low = numbers.find(
    ({ field, value }) =>
      squash(field.name) === 'total' && value > 0 && value < (context.count ?? 0),
  );
  return context.hasPage ? (low ?? null) : null;
}

/**
 * Whether a number of pages is that of the records in this page: it is as large, and either a total says
 * otherwise, or its name can mean that too (`page_count` of Open Food Facts).
 */
function countsThisPage(
  { value, field }: NumberField,
  { count, asked, size, total }: TotalContext & { total: SaidNumber | null },
): boolean {
  if (value !== count || value < 2) return false;
  const perPage = asked ?? size?.value ?? count;
  if (total !== null) return value !== Math.ceil(total.value / Math.max(1, perPage));
  return /(?:pagecount|pagetotal)$/.test(squash(field.name));
}

/** Numbers that the page itself contradicts, and what does; each a phrase for people. */
export function contradictedNumbers(context: PageContext): readonly string[] {
  const count = context.count ?? 0;
  if (count < 2) return [];
  const asked = context.params.size?.number ?? null;
  const { total, totalPages, size } = readNumbers(context);
  return numberFields(context).flatMap((number) => {
    const { field, path, value } = number;
    if (!isNear(field, context.around) || path === totalPages?.path) return [];
    if (isClearTotal(field) && path !== total?.path && value < count) {
      return [`${path} says ${value} beside ${count} records, so it is not the total`];
    }
    const isOfPage =
      means.totalPages(field.name) &&
      countsThisPage(number, { count: context.count, asked, size, total });
    return isOfPage ? [`${path} is the number of records in this page, not of pages`] : [];
  });
}

/** `page: { number: 0 }`, `pagination: { current: 1 }`. */
function isPageByPlace({ field, value }: NumberField, params: StartParams): boolean {
  const isNamed = ['number', 'current', 'no', 'num', 'index'].includes(squash(field.name));
  const wanted = params.page?.number ?? null;
  return isNamed && means.paging(field.parent) && (wanted === null ? value <= 1 : value === wanted);
}

/** A total with a relation (Elasticsearch: `{ value: 10000, relation: 'gte' }`) is read as one. */
function whole(
  total: NumberField | null,
  fields: readonly Field[],
): Pick<NumbersSaid, 'total' | 'totalIsLowerBound'> {
  const around = total?.field.keys.slice(0, -1) ?? [];
  const relation = fields.find((field) => field.name === 'relation' && isIn(field, around));
  if (total === null || relation === undefined || squash(total.field.name) !== 'value') {
    return { total, totalIsLowerBound: false };
  }
  return {
    total: { ...total, path: pathOf(around) },
    totalIsLowerBound: /^gte?$/.test(String(relation.value)),
  };
}

/** Those that are whole numbers, or text that is one; the nearest to the records first. */
function numberFields({ fields, around, params, count }: PageContext): readonly NumberField[] {
  const topIsRecord = count === null && params.page === null && params.offset === null;
  const numbers = fields.flatMap((field): NumberField[] => {
    const value = asCount(field.value);
    // Without records, a deep number is a property of the page's one object.
    if (value === null || (topIsRecord && field.keys.length > 2)) return [];
    return [{ path: field.path, header: null, value, field }];
  });
  const distances = new Map(numbers.map((number) => [number, distance(number.field, around)]));
  return numbers.sort((a, b) => distances.get(a)! - distances.get(b)!);
}

/** Steps from the object that holds the records to the one that holds the field. */
export function distance(field: Field, around: readonly string[]): number {
  const { up, down } = stepsTo(field, around);
  return up + down.reduce((sum, key) => sum + (means.paging(key) ? 0.25 : 1), 0);
}

/**
 * Whether a field speaks of the list: it stands beside the records, around them, or in an object
 * about paging there. What stands in another object (`facets.has_more`) may speak of that.
 */
export function isNear(field: Field, around: readonly string[]): boolean {
  const { down } = stepsTo(field, around);
  // GeoJSON has what it says of a whole collection there (RFC 7946 §6.1).
  return down.every(means.paging) || (down.length === 1 && down[0] === 'properties');
}

/**
 * Whether a field for what comes next is another list's: OData writes `tags@odata.nextLink` for the list in
 * `tags`, and an object that stands elsewhere than the list, with a list or an id of its own, says how that goes on.
 */
export function isOfOther(field: Field, { fields, around, list, count }: PageContext): boolean {
  if (count === null) return false;
  const named = /^(.+)@[\w.]*nextLink$/i.exec(field.name)?.[1];
  if (named !== undefined) return named !== list;
  if (isNear(field, around)) return false;
  const { up, down } = stepsTo(field, around);
  const shared = around.length - up;
  return fields.some(({ keys, name, value }) => {
    const depth = keys.length - 1;
    const isWithin = depth > shared && depth <= shared + down.length;
    if (!isWithin || !keys.slice(0, -1).every((key, at) => key === field.keys[at])) return false;
    const isList = Array.isArray(value) && !means.besideRecords(name);
    return isList || /^_?(?:id|uuid|guid)$/i.test(name);
  });
}

function stepsTo(
  { keys, parent }: Field,
  around: readonly string[],
): { readonly up: number; readonly down: readonly string[] } {
  // `total: { value }` and `next: { href }` are one thing.
  const own = keys.slice(0, means.total(parent) || means.next(parent) ? -2 : -1);
  let shared = 0;
  while (shared < own.length && shared < around.length && own[shared] === around[shared]) shared++;
  return { up: around.length - shared, down: own.slice(shared) };
}

/** A whole number of at least 0, also as text; null for everything else. */
export function asCount(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null;
  return typeof value === 'string' ? countOf(value) : null;
}

/** All counts that a page states, to tell its records from its other lists. */
export function statedCounts(fields: readonly Field[], params: StartParams): readonly number[] {
  const counts = fields.flatMap((field) => {
    // Zero pages mean zero records.
    if (means.totalPages(field.name) && asCount(field.value) === 0) return [0];
    const isCount =
      isClearTotal(field) || means.size(field.name) || /^(?:count|size)$/.test(squash(field.name));
    const value = isCount && !isObject(field.value) ? asCount(field.value) : null;
    return value === null ? [] : [value];
  });
  const asked = params.size?.number ?? null;
  return asked === null ? counts : [asked, ...counts];
}
