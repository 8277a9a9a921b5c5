/** Lists that are no arrays of records: objects from a key to its record, and columns. */
import { shellQuote } from '../../core/escape.ts';
import { counted } from '../../core/units.ts';
import { elementsIn, expressionOf, MOST_ELEMENTS, pathOf } from '../../decode/decode.ts';
import { means } from '../names.ts';
import {
  type Field,
  isIn,
  isMapByNumber,
  isObject,
  listFields,
  VALUES_OF,
} from '../page-fields.ts';

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

/** The part of the fields of two records that must have the same names. */
const LEAST_SHARED = 0.5;

/** Whether the items are of the kind of the others: most of them share most of their names with those. */
export function areLike(items: readonly unknown[], others: readonly unknown[]): boolean {
  const [own, usual] = [elementsIn(items), elementsIn(others)];
  if (!usual.some(isObject)) {
    return !own.some(isObject) && own.some(Array.isArray) === usual.some(Array.isArray);
  }
  const known = namesOf(usual);
  return own.filter((item) => isLike(item, known)).length >= LEAST_SHARED * own.length;
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
  /** An expression that makes rows of them. */
  readonly expression: string;
  readonly rows: readonly Record<string, unknown>[];
  /** Keys to the object or the list that they stand in. */
  readonly keys: readonly string[];
  /** Nothing else stands there. */
  readonly isAlone: boolean;
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
    const around = keys.slice(0, -1);
    const alike = lists.filter(
      (other) => (other.value as readonly unknown[]).length === length && isIn(other, around),
    );
    const columns = alike.filter((other) =>
      elementsIn(other.value as readonly unknown[]).every(isScalar),
    );
    if (columns.length < (length > 1 ? 2 : 3)) continue;
    // A column of objects is one too, unless its name says that they are the records.
    const all = alike.filter((other) => columns.includes(other) || !means.records(other.name));
    const beside = fields.filter((other) => isIn(other, around)).length - all.length;
    const isAlone = beside === 0 && around.length > 0;
    const names = all.map(({ name }) => expressionOf([name]));
    const picked = `{${names.map((name) => `${name}: ${name}`).join(', ')}}`;
    const place = expressionOf(around);
    const taken = isAlone ? place : [place, picked].filter((part) => part !== '').join('.');
    return {
      paths: all.map(({ path }) => path),
      length,
      expression: `rows(${taken})`,
      rows: rowsOf(
        all.map(({ name }) => name),
        all.map((column) => column.value as readonly unknown[]),
      ),
      keys,
      isAlone,
    };
  }
  return null;
}

function rowsOf(
  names: readonly string[],
  columns: readonly (readonly unknown[])[],
): readonly Record<string, unknown>[] {
  const [{ length } = []] = columns;
  const rows = Array.from({ length: Math.min(length, MOST_ELEMENTS) }, (_, row) =>
    Object.fromEntries(names.map((name, column) => [name, columns[column]![row]])),
  );
  rows.length = length;
  return rows;
}

/** Elasticsearch with `columnar`: each list in `values` is a column, named in `columns`. */
function transposed(fields: readonly Field[]): Columns | null {
  for (const { keys, path, value } of fields) {
    if (!Array.isArray(value) || value.length === 0 || !elementsIn(value).every(Array.isArray))
      continue;
    const columns = value as readonly unknown[][];
    const [{ length } = []] = columns;
    const named = fields.find(
      (other) =>
        /^columns?$/i.test(other.name) &&
        isIn(other, keys.slice(0, -1)) &&
        Array.isArray(other.value) &&
        other.value.length === columns.length,
    );
    const isEven = columns.every((list) => list.length === length);
    const names = ((named?.value ?? []) as readonly unknown[]).map(nameOf);
    if (!isEven || length === columns.length || !names.every((name) => name !== null)) continue;
    if (named === undefined) continue;
    const expression = `rows(${expressionOf(keys)}, ${expressionOf(named.keys)})`;
    const rows = rowsOf(names, columns);
    return { paths: [path], length: length!, expression, rows, keys, isAlone: true };
  }
  return null;
}

/** A column's name, or that of the object which describes it. */
function nameOf(column: unknown): string | null {
  const name = isObject(column) ? column['name'] : column;
  return typeof name === 'string' ? name : null;
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

/** Lists of one kind, each under a name of its own: a list of each day, or of each country. */
export interface NamedLists {
  readonly names: readonly string[];
  /** Dotted paths to the lists. */
  readonly paths: readonly string[];
  /** An expression that takes the elements of all of them. */
  readonly expression: string;
}

/**
 * An object that holds nothing but lists of one kind under names that mean nothing in paging: no
 * single one of them is the list. Two names may be two different lists; with a digit in them, as in
 * days and ids, or from three on, they are keys.
 */
export function findNamedLists(fields: readonly Field[], json: unknown): NamedLists | null {
  const places = [{ keys: [] as readonly string[], value: json }, ...fields];
  for (const { keys, value } of places) {
    if (!isObject(value) || keys.some((key) => means.keyedBeside(key))) continue;
    const names = Object.keys(value);
    const lists = Object.values(value);
    const isKeyed =
      names.length >= 3 || (names.length === 2 && names.every((name) => /^[A-Za-z]?\d/.test(name)));
    if (!isKeyed || !lists.every(Array.isArray)) continue;
    if (names.some((name) => means.records(name) || means.besideRecords(name))) continue;
    const full = lists.filter((list) => list.length > 0);
    if (full.length < 2 || !full.every((list) => areLike(list, full[0]!))) continue;
    const paths = names.map((name) => pathOf([...keys, name]));
    return {
      names,
      paths,
      expression: [expressionOf(keys), '*[]'].filter((part) => part !== '').join('.'),
    };
  }
  return null;
}

/** What a page has in the place of a list of records, and how to say what is meant; both phrases. */
export interface OddPage {
  readonly what: string;
  readonly how: string;
  /** An expression that makes records of it; null where none is known. */
  readonly select: string | null;
}

export function whatIsThere(json: unknown): OddPage {
  const named = findNamedLists(listFields(json), json);
  if (named !== null) {
    const { names, expression: select } = named;
    const what = `it holds ${names.length} lists under names of their own (${firstOf(names)})`;
    return { what, how: `--select ${shellQuote(select)} takes the records of all of them`, select };
  }
  const columns = findColumns(json);
  if (columns === null) {
    const how = 'Say where they are with --select';
    return { what: 'the records in it were not found', how, select: null };
  }
  const { length, paths, expression: select } = columns;
  const what = `it holds columns of ${counted(length, 'value')} (${firstOf(paths)}), not records`;
  return { what, how: `--select ${shellQuote(select)} makes rows of them`, select };
}

function firstOf(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
}
