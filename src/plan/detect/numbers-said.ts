/** Totals, page sizes and positions: as the start request asks for them, and as a page states them. */
import type { PageRequest } from '../../core/page-request.ts';
import { pathOf } from '../../decode/decode.ts';
import { readQuery, wholeNumber } from '../query-parameter.ts';
import { means, squash } from './names.ts';
import { type Field, isObject, listFields, parseBody } from './page-view.ts';

export interface StartParam {
  /** Of the query parameter, or the dotted path in a JSON body. */
  readonly name: string;
  readonly carrier: 'query' | 'body';
  readonly text: string;
  /** Null where the text is no whole number. */
  readonly number: number | null;
}

export interface StartParams {
  readonly page: StartParam | null;
  readonly offset: StartParam | null;
  readonly size: StartParam | null;
  readonly cursor: StartParam | null;
  /** Takes the key of the record before: `since_id=0`. */
  readonly keyset: StartParam | null;
}

/**
 * The parameters of a request that page, by their names and values: a `start` that is a date is none
 * of them. Those of a POST's body come first.
 */
export function readStartParams(request: Pick<PageRequest, 'url' | 'body'>): StartParams {
  const params = [...bodyParams(request.body), ...queryParams(request.url)];
  const numbered = params.filter((param) => param.number !== null);
  return {
    page: numbered.find((param) => means.page(spelled(param))) ?? null,
    offset: numbered.find((param) => means.offset(spelled(param))) ?? null,
    size: numbered.find((param) => means.size(spelled(param))) ?? null,
    cursor: params.find((param) => means.cursor(spelled(param))) ?? null,
    keyset: params.find((param) => means.keyset(spelled(param))) ?? null,
  };
}

/** `variables.first` is `first`; `page[size]` and `page.size` are read as `pagesize`. */
function spelled({ name, carrier }: StartParam): string {
  if (carrier === 'query') return name;
  const keys = name.split('.');
  const last = keys.at(-1) ?? name;
  return keys.at(-2) === 'page' ? `page_${last}` : last;
}

function queryParams(url: string): readonly StartParam[] {
  return readQuery(url).map(([name, text]) => {
    return { name, carrier: 'query', text, number: wholeNumber(text) };
  });
}

function bodyParams(body: Uint8Array | null): readonly StartParam[] {
  const fields = listFields(parseBody(body));
  return fields.flatMap(({ path, keys, value }) => {
    const isScalar = typeof value === 'string' || typeof value === 'number';
    if (!isScalar || keys.length > 2) return [];
    const text = String(value);
    const number = typeof value === 'number' ? wholeNumber(text) : null;
    return [{ name: path, carrier: 'body', text, number } as const];
  });
}

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
    totalPages: findTotalPages(numbers, { count, hasPage: page !== null, total }),
    page,
    offset,
    size,
  };
}

interface TotalContext {
  readonly count: number | null;
  readonly asked: number | null;
  readonly size: NumberField | null;
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
  context: { count: number | null; hasPage: boolean; total: NumberField | null },
): NumberField | null {
  const named = numbers.find(
    ({ field, path }) => means.totalPages(field.name) && path !== context.total?.path,
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
  const relation = fields.find(
    ({ name, keys }) =>
      name === 'relation' &&
      keys.length === around.length + 1 &&
      around.every((key, index) => key === keys[index]),
  );
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
  return stepsTo(field, around).down.every(means.paging);
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
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : null;
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
