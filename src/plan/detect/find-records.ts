import { elementsIn, pathOf } from '../../decode/decode.ts';
import { means, rankAsRecords, squash } from '../names.ts';
import {
  type Field,
  isIn,
  isObject,
  isPair,
  listFields,
  PAGE_ITSELF,
  type RecordsFound,
  SECOND_PART,
} from '../page-fields.ts';
import { findColumns, findNamedLists, keyedLists } from './odd-lists.ts';

/** How far down the records may stand; deeper only beside a `pageInfo`, as in GraphQL. */
const MAX_DEPTH = 4;
/** With more fields than this at the top, an array of scalars is a property of the page's one object. */
const MAX_TOP_FIELDS = 4;

/** Names of ids alone: NCBI's `idlist`. */
const LIST_OF_IDS = /(?:ids|list)$/;

/** An array of unusual name needs more items than this to win against an empty one of usual name. */
const MAX_BESIDE_EMPTY = 5;

interface Option extends RecordsFound {
  readonly name: string;
  readonly depth: number;
  /** `objects`; `plain` for scalars and arrays; `empty`; `values` of an object; `rows` of columns. */
  readonly holds: 'objects' | 'plain' | 'empty' | 'values' | 'rows';
  /** The object within the page that it stands in says how that list goes on, or how long it is. */
  readonly isPaged?: boolean;
}

/**
 * Where a page's records stand, found by structure: the array whose items are objects, at most four
 * objects deep. Of several, one that has as many items as the page says it has (`counts`), else the
 * longest, then the shallowest; usual names only break ties. Where no array may be meant, the values
 * of an object that holds records by their ids, or the rows of columns side by side. Null where there
 * is none, and where each of several lists is one of many under names of their own.
 *
 *     findRecords({ total: 2, hits: { hits: [{ _id: 'a' }, { _id: 'b' }] } })?.path; // 'hits.hits'
 *
 * @param counts page sizes and totals that the page or its request states
 */
export function findRecords(json: unknown, counts: readonly number[] = []): RecordsFound | null {
  const options = listOptions(json, counts);
  const best = options.toSorted(order(counts, mostObjectsOf(options)))[0] ?? null;
  const isOneOfMany = best !== null && counts.every((count) => count !== best.items.length);
  const named = isOneOfMany ? findNamedLists(listFields(json), json) : null;
  return named?.paths.includes(best?.path ?? '') ? null : best;
}

/**
 * Lists of objects of which nothing in the page shows which one is the list: the likeliest first. None
 * where there is one such list, or none.
 */
export function rivalLists(json: unknown, counts: readonly number[]): readonly RecordsFound[] {
  const options = listOptions(json, counts);
  const mostObjects = mostObjectsOf(options);
  const [best, ...others] = options.toSorted(order(counts, mostObjects));
  if (best?.holds !== 'objects') return [];
  const isRival = (option: Option): boolean =>
    option.holds === 'objects' &&
    option.isPaged === best.isPaged &&
    rankOf(option, counts, mostObjects) === rankOf(best, counts, mostObjects);
  const rivals = others.filter(isRival);
  return rivals.length === 0 ? [] : [best, ...rivals];
}

/**
 * The records of two pages of one list: the array that changes most from the first to the second
 * wins, and before all others one that is new altogether: what records refer to may be longer than
 * they are, but some of it comes again. The result is the first page's.
 */
export function findRecordsInBoth(first: unknown, second: unknown): RecordsFound | null {
  const later = new Map(listOptions(second).map((option) => [option.path, option]));
  const options = listOptions(first);
  // Links repeat the request, so they change even where the records do not.
  const own = options.filter(({ name }) => !means.besideRecords(name));
  const likeliest = (own.length > 0 ? own : options).toSorted(order([], mostObjectsOf(options)));
  const changes = likeliest.flatMap((option) => {
    const known = new Set(elementsIn(option.items).map(textOf));
    const items = withoutNulls(later.get(option.path)?.items ?? []);
    const fresh = items.filter((item) => !known.has(textOf(item))).length;
    return fresh === 0 ? [] : [{ option, fresh, isNew: fresh === items.length }];
  });
  const rank = ({ option, isNew }: (typeof changes)[number]): number =>
    (option.holds === 'objects' ? 0 : 2) + (isNew ? 0 : 1);
  const [best] = changes.toSorted((a, b) => rank(a) - rank(b) || b.fresh - a.fresh);
  return best?.option ?? findRecords(first);
}

/** Empty for a record that is nested too deeply to be serialised. */
function textOf(item: unknown): string {
  try {
    return JSON.stringify(item);
  } catch {
    return '';
  }
}

/** What an answer says about itself. */
const NEVER_RECORDS = /^(?:errors?|warnings?)$/i;

/** @param counts where a page says that there are no records, an empty list of any name is theirs */
function listOptions(json: unknown, counts: readonly number[] = []): readonly Option[] {
  if (isPair(json)) {
    const [, items] = json;
    const holds = holdsOf(items);
    return holds === null
      ? []
      : [{ path: SECOND_PART, items, around: [], name: '', depth: 1, holds }];
  }
  if (Array.isArray(json)) {
    const holds = holdsOf(json);
    if (holds === null) return [];
    return [{ path: PAGE_ITSELF, items: json, around: [], name: '', depth: 0, holds }];
  }
  const fields = listFields(json);
  const keyed = keyedLists(fields, counts);
  const isWithin = ({ keys }: Field): boolean =>
    keyed.some((list) => list.keys.every((key, index) => key === keys[index]));
  const arrays = fields.filter((field) => Array.isArray(field.value) && !isWithin(field));
  const options = arrays.flatMap((field) => optionOf(field, fields) ?? []);
  const topFields = fields.filter((field) => field.keys.length === 1).length;
  const columns = findColumns(json);
  const isColumn = new Set(columns?.paths);
  const objects = options.filter(({ holds }) => holds === 'objects');
  const hasLinksAlone = objects.length > 0 && objects.every(isListOfRelations);
  const lists = options.filter((option) => {
    if (NEVER_RECORDS.test(option.name)) return false;
    if (columns !== null && means.besideRecords(option.name)) return false;
    if (isColumn.has(option.path)) return false;
    if (option.holds === 'objects') return true;
    if (means.records(option.name)) return true;
    if ((counts.includes(0) || hasLinksAlone) && option.holds === 'empty') return true;
    if (option.items.length > 1 && counts.includes(option.items.length)) return true;
    if (isListOfIds(option)) return true;
    // An array of scalars in an object with much else is one of its properties.
    return arrays.length === 1 && topFields <= MAX_TOP_FIELDS;
  });
  return [
    ...lists,
    ...keyed.map((list) => ({ ...list, around: list.keys.slice(0, -1), holds: 'values' as const })),
    ...rowsOf(columns, counts),
  ];
}

/** The links of a page: an empty list beside them is the list. */
function isListOfRelations({ name, items }: Option): boolean {
  const isRelation = (item: unknown) => isObject(item) && ('rel' in item || 'relation' in item);
  return means.besideRecords(name) && elementsIn(items).every(isRelation);
}

function isListOfIds({ name, holds, items }: Option): boolean {
  return holds === 'plain' && items.length > MAX_BESIDE_EMPTY && LIST_OF_IDS.test(squash(name));
}

/** Two short lists of equal length are more often properties of one thing than columns. */
function rowsOf(
  columns: ReturnType<typeof findColumns>,
  counts: readonly number[],
): readonly Option[] {
  if (columns === null) return [];
  const { length, isAlone, expression, rows, keys } = columns;
  if (!isAlone && length <= MAX_BESIDE_EMPTY && !counts.includes(length)) return [];
  const around = keys.slice(0, isAlone ? -2 : -1);
  return [{ path: expression, items: rows, around, name: '', depth: keys.length, holds: 'rows' }];
}

function optionOf(field: Field, fields: readonly Field[]): Option | null {
  const items = field.value as readonly unknown[];
  const { keys, name, path } = field;
  const depth = keys.length;
  if (depth > MAX_DEPTH && !hasPageInfo(field, fields)) return null;
  const holds = holdsOf(items);
  if (holds === null) return null;
  const around = keys.slice(0, -1);
  return { path, items, around, name, depth, holds, isPaged: isPagedObject(around, fields) };
}

/** An object about the page as a whole; its lists are no records. */
const OF_THE_PAGE = /^_?(?:meta(?:data)?|pag(?:e|er|ing|ination).*)$/i;

/** Discourse: `topic_list: { per_page, more_topics_url, topics }` beside `users`. */
function isPagedObject(around: readonly string[], fields: readonly Field[]): boolean {
  const last = around.at(-1);
  if (last === undefined || OF_THE_PAGE.test(last)) return false;
  return fields.some(
    (field) =>
      isIn(field, around) &&
      !Array.isArray(field.value) &&
      [means.total, means.next, means.more, means.size].some((isMeant) => isMeant(field.name)),
  );
}

function hasPageInfo(field: Field, fields: readonly Field[]): boolean {
  const path = pathOf([...field.keys.slice(0, -1), 'pageInfo']);
  return fields.some((other) => other.path === path);
}

/** Null for a mixture of objects and other things. What is null may stand for a record that is gone. */
function holdsOf(items: readonly unknown[]): Option['holds'] | null {
  if (items.length === 0) return 'empty';
  const objects = elementsIn(items).filter(isObject).length;
  if (objects === 0) return 'plain';
  return objects === withoutNulls(items).length ? 'objects' : null;
}

export function withoutNulls(items: readonly unknown[]): readonly unknown[] {
  return elementsIn(items).filter((item) => item !== null);
}

/** A plain list needs so many times the items of the longest list of objects to come before it. */
const MANY_MORE = 10;

/** @param mostObjects items of the longest list of objects */
function order(counts: readonly number[], mostObjects: number): (a: Option, b: Option) => number {
  const rank = (option: Option): number => rankOf(option, counts, mostObjects);
  return (a, b) => rank(a) - rank(b) || compareLikely(a, b);
}

function rankOf(option: Option, counts: readonly number[], mostObjects: number): number {
  const { name, holds, items } = option;
  if (means.besideRecords(name)) return 5;
  // Only a page that says it holds none makes an empty list likelier than a full one.
  if (counts.includes(items.length)) {
    if (holds !== 'plain') return 0;
    return means.records(name) ? 0.5 : 2.4;
  }
  if (holds === 'objects') return items.length > MAX_BESIDE_EMPTY || means.records(name) ? 1 : 3;
  if (holds === 'values') return 2.5;
  // What a chart is drawn from may stand beside a few records.
  if (holds === 'rows' || isListOfIds(option)) {
    return items.length >= MANY_MORE * mostObjects ? 2.6 : 3.5;
  }
  return holds === 'empty' ? 2 : 4;
}

function mostObjectsOf(options: readonly Option[]): number {
  const objects = options.filter(({ holds }) => holds === 'objects');
  return Math.max(0, ...objects.map(({ items }) => items.length));
}

function compareLikely(a: Option, b: Option): number {
  const isNamed = means.records(a.name) || means.records(b.name);
  return (
    (isNamed ? 0 : Number(b.isPaged ?? false) - Number(a.isPaged ?? false)) ||
    b.items.length - a.items.length ||
    a.depth - b.depth ||
    rankAsRecords(a.name) - rankAsRecords(b.name)
  );
}
