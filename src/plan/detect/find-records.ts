import { pathOf } from '../../decode/decode.ts';
import { type Field, isObject, listFields, PAGE_ITSELF } from './fields.ts';
import { isUsualBesideRecords, isUsualForRecords, rankAsRecords } from './names.ts';
import type { RecordsFound } from './page-view.ts';

/** How far down the records may stand; deeper only beside a `pageInfo`, as in GraphQL. */
const MAX_DEPTH = 4;
/** With more fields than this at the top, a page of scalars in an array is a thing of its own. */
const MAX_TOP_FIELDS = 4;

/** A short array of an unusual name does not win against an empty one of a usual name. */
const MAX_BESIDE_EMPTY = 5;

interface Option extends RecordsFound {
  readonly name: string;
  readonly depth: number;
  /** `objects`; `plain` for scalars and arrays; `empty`. */
  readonly holds: 'objects' | 'plain' | 'empty';
}

/**
 * Where a page's records stand, found by structure: the array whose items are objects, at most four
 * objects deep. Of several, one that has as many items as the page says it has (`counts`), else the
 * longest, then the shallowest; usual names only break ties. Null where there is none, as in a map
 * from id to object.
 *
 *     findRecords({ total: 2, hits: { hits: [{ _id: 'a' }, { _id: 'b' }] } })?.path; // 'hits.hits'
 *
 * @param counts page sizes and totals that the page or its request states
 */
export function findRecords(json: unknown, counts: readonly number[] = []): RecordsFound | null {
  return bare([...listOptions(json, counts.includes(0))].sort(order(counts))[0]);
}

/**
 * The records of two pages of one list: the array that changes most from the first to the second
 * wins. The result is the first page's.
 */
export function findRecordsInBoth(first: unknown, second: unknown): RecordsFound | null {
  const later = new Map(listOptions(second).map((option) => [option.path, option]));
  let best: Option | undefined;
  let mostNew = 0;
  const options = listOptions(first);
  // Links repeat the request, so they change although the records do not.
  const own = options.filter(({ name }) => !isUsualBesideRecords(name));
  for (const option of [...(own.length > 0 ? own : options)].sort(order([]))) {
    const known = new Set(option.items.map(textOf));
    const items = later.get(option.path)?.items ?? [];
    const fresh = items.filter((item) => !known.has(textOf(item))).length;
    if (fresh <= mostNew || (best?.holds === 'objects' && option.holds !== 'objects')) continue;
    best = option;
    mostNew = fresh;
  }
  return best === undefined ? findRecords(first) : bare(best);
}

/** Of a record that nests too deep to be written, nothing is known. */
function textOf(item: unknown): string {
  try {
    return JSON.stringify(item);
  } catch {
    return '';
  }
}

function bare(option: Option | undefined): RecordsFound | null {
  return option === undefined
    ? null
    : { path: option.path, count: option.count, items: option.items };
}

/** @param saysEmpty where a page says that there are no records, an empty list of any name is theirs */
function listOptions(json: unknown, saysEmpty = false): readonly Option[] {
  if (Array.isArray(json)) {
    const holds = holdsOf(json);
    if (holds === null) return [];
    return [{ path: PAGE_ITSELF, count: json.length, items: json, name: '', depth: 0, holds }];
  }
  const fields = listFields(json);
  const arrays = fields.filter((field) => Array.isArray(field.value));
  const options = arrays.flatMap((field) => optionOf(field, fields) ?? []);
  const topFields = fields.filter((field) => field.keys.length === 1).length;
  return options.filter((option) => {
    if (option.holds === 'objects') return true;
    if (isUsualForRecords(option.name)) return true;
    if (saysEmpty && option.holds === 'empty') return true;
    // An array of scalars in an object with much else is one of its properties.
    return arrays.length === 1 && topFields <= MAX_TOP_FIELDS;
  });
}

function optionOf(field: Field, fields: readonly Field[]): Option | null {
  const items = field.value as readonly unknown[];
  const depth = field.keys.length;
  if (depth > MAX_DEPTH && !hasPageInfo(field, fields)) return null;
  const holds = holdsOf(items);
  return holds === null
    ? null
    : { path: field.path, count: items.length, items, name: field.name, depth, holds };
}

function hasPageInfo(field: Field, fields: readonly Field[]): boolean {
  const path = pathOf([...field.keys.slice(0, -1), 'pageInfo']);
  return fields.some((other) => other.path === path);
}

/** Null for a mixture of objects and other things. */
function holdsOf(items: readonly unknown[]): Option['holds'] | null {
  if (items.length === 0) return 'empty';
  const objects = items.filter(isObject).length;
  if (objects === items.length) return 'objects';
  return objects === 0 ? 'plain' : null;
}

function order(counts: readonly number[]): (a: Option, b: Option) => number {
  return (a, b) => rank(a) - rank(b) || compareLikely(a, b);

  function rank(option: Option): number {
    if (isUsualBesideRecords(option.name)) return 5;
    // Only a page that says it holds none makes an empty list likelier than a full one.
    if (counts.includes(option.count)) return 0;
    if (option.holds === 'objects') {
      return option.count > MAX_BESIDE_EMPTY || isUsualForRecords(option.name) ? 1 : 3;
    }
    return option.holds === 'empty' ? 2 : 4;
  }
}

function compareLikely(a: Option, b: Option): number {
  return (
    b.count - a.count || a.depth - b.depth || rankAsRecords(a.name) - rankAsRecords(b.name) || 0
  );
}
