/** Lists that are no arrays of records: objects from a key to its record, and columns. */
import { means } from './names.ts';
import { type Field, isMapByNumber, isObject, listFields, VALUES_OF } from './page-view.ts';

/** Records that stand in an object, each under its key. */
export interface KeyedList {
  /** A JMESPath expression for the values: `query.pages.*`. */
  readonly path: string;
  readonly items: readonly unknown[];
  readonly name: string;
  readonly depth: number;
  readonly keys: readonly string[];
}

/** What needs no quotes in an expression. */
const PLAIN = /^[A-Za-z_]\w*$/;

/**
 * Objects that hold a list by its keys, as MediaWiki's `query.pages` does: each value is an object of
 * the same shape, and the keys are ids. They are numbers, each value repeats its own, or there are as
 * many as the page says it has: two parts of one thing (`home`, `away`) are no list.
 */
export function keyedLists(
  fields: readonly Field[],
  counts: readonly number[],
): readonly KeyedList[] {
  return fields.flatMap(({ keys, name, value }) => {
    if (!isObject(value) || !keys.every((key) => PLAIN.test(key))) return [];
    if (means.besideRecords(name) || keys.some((key) => means.keyedBeside(key))) return [];
    const ids = Object.keys(value);
    const items = Object.values(value);
    const known = namesOf(items.slice(0, 1));
    if (items.length === 0 || !items.every((item) => isLike(item, known))) return [];
    const areIds =
      isMapByNumber(ids) ||
      ids.every((id, index) => holds(items[index], id)) ||
      (items.length > 1 && counts.includes(items.length));
    const path = `${keys.join('.')}${VALUES_OF}`;
    return areIds ? [{ path, items, name, depth: keys.length, keys }] : [];
  });
}

function holds(item: unknown, id: string): boolean {
  if (!isObject(item)) return false;
  return Object.values(item).some((value) => typeof value !== 'object' && String(value) === id);
}

/** How much of what two records hold has to have the same names. */
const LEAST_SHARED = 0.5;

/** Whether the items are of the kind of the others: most of them share most of their names with those. */
export function areLike(items: readonly unknown[], others: readonly unknown[]): boolean {
  if (!others.some(isObject)) {
    return !items.some(isObject) && items.some(Array.isArray) === others.some(Array.isArray);
  }
  const known = namesOf(others);
  return items.filter((item) => isLike(item, known)).length >= LEAST_SHARED * items.length;
}

function isLike(item: unknown, known: ReadonlySet<string>): boolean {
  if (!isObject(item)) return false;
  const names = Object.keys(item);
  const shared = names.filter((name) => known.has(name)).length;
  return shared >= LEAST_SHARED * Math.min(known.size, names.length);
}

function namesOf(items: readonly unknown[]): ReadonlySet<string> {
  return new Set(items.filter(isObject).flatMap(Object.keys));
}

/** The lists that a page holds by columns: `data: { id: [1, 2], name: ['a', 'b'] }`. */
export interface Columns {
  readonly paths: readonly string[];
  readonly length: number;
}

/** Two lists of scalars as long as each other in one object, or values beside as many column names. */
export function findColumns(json: unknown): Columns | null {
  const fields = listFields(json);
  return sideBySide(fields) ?? transposed(fields);
}

function sideBySide(fields: readonly Field[]): Columns | null {
  const lists = fields.filter(({ value }) => Array.isArray(value) && value.length > 0);
  for (const { keys, value } of lists) {
    const { length } = value as readonly unknown[];
    const alike = lists.filter(
      (other) =>
        (other.value as readonly unknown[]).length === length &&
        other.keys.length === keys.length &&
        keys.slice(0, -1).every((key, index) => key === other.keys[index]),
    );
    const columns = alike.filter((other) => (other.value as readonly unknown[]).every(isScalar));
    if (columns.length < (length > 1 ? 2 : 3)) continue;
    // A column of objects is one too, unless its name says that they are the records.
    const all = alike.filter((other) => columns.includes(other) || !means.records(other.name));
    return { paths: all.map(({ path }) => path), length };
  }
  return null;
}

/** Elasticsearch with `columnar`: each list in `values` is a column, named in `columns`. */
function transposed(fields: readonly Field[]): Columns | null {
  for (const { keys, path, value } of fields) {
    if (!Array.isArray(value) || value.length === 0 || !value.every(Array.isArray)) continue;
    const [{ length } = []] = value as readonly unknown[][];
    const isNamed = fields.some(
      (other) =>
        /^columns?$/i.test(other.name) &&
        other.keys.length === keys.length &&
        Array.isArray(other.value) &&
        other.value.length === value.length,
    );
    const isEven = value.every((list: unknown[]) => list.length === length);
    if (isNamed && isEven && length !== value.length) return { paths: [path], length: length! };
  }
  return null;
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}
