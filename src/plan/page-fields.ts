/** What stands in a page's JSON: its fields, and the values at paths. */
import {
  createJsonScanner,
  isExpression,
  parseSelection,
  pathOf,
  readSelection,
} from '../decode/decode.ts';

/** Where the records of a page stand. */
export interface RecordsFound {
  /**
   * Dotted path (a dot in a key is `\.`), `@` for a page that is itself the array, or an expression:
   * such a path and `.*` for the values of an object, `[1]` for the second of a page's two parts,
   * `rows(…)` for columns.
   */
  readonly path: string;
  readonly items: readonly unknown[];
  /** Keys to the object that the records stand in, as `Field.keys` has them. */
  readonly around: readonly string[];
}

/** A value in the page's envelope. */
export interface Field {
  /** Dotted path from the top. */
  readonly path: string;
  /** Keys from the top. */
  readonly keys: readonly string[];
  /** The last key. */
  readonly name: string;
  /** The key before it, empty at the top. */
  readonly parent: string;
  readonly value: unknown;
}

/** Envelopes are small. A larger object is a map of records, and reading all of it would be slow. */
const MAX_FIELDS = 5_000;
const MAX_KEYS_OF_AN_OBJECT = 500;
const MAX_DEPTH = 7;

/** The page itself as a path to the records. */
export const PAGE_ITSELF = '@';
/** The list of a pair. */
export const SECOND_PART = '[1]';
/** Behind a path: the values of the object there, as an expression has it. */
export const VALUES_OF = '.*';

/** A page of two parts, what it says about itself and its list: `[{"page":1,"total":304},[…]]`. */
export function isPair(json: unknown): json is readonly [Record<string, unknown>, unknown[]] {
  return Array.isArray(json) && json.length === 2 && isObject(json[0]) && Array.isArray(json[1]);
}

/**
 * All fields of objects within objects, the shallow ones first. It enters no array but a pair, and no
 * object that is a map by number.
 */
export function listFields(json: unknown): readonly Field[] {
  const fields: Field[] = [];
  const queue: { readonly object: object; readonly keys: readonly string[] }[] = [];
  // What the first part says stands as if at the top, but for its path.
  const lead = isPair(json) ? ['0'] : [];
  const top = isPair(json) ? json[0] : json;
  if (isObject(top)) queue.push({ object: top, keys: [] });
  for (const { object, keys } of queue) {
    const names = Object.keys(object).slice(0, MAX_KEYS_OF_AN_OBJECT);
    if (isMapByNumber(names)) continue;
    for (const name of names) {
      // No path can say an empty name.
      if (name === '') continue;
      if (fields.length === MAX_FIELDS) return fields;
      const value = (object as Record<string, unknown>)[name];
      const own = [...keys, name];
      fields.push({
        path: pathOf([...lead, ...own]),
        keys: own,
        name,
        parent: keys.at(-1) ?? '',
        value,
      });
      if (isObject(value) && own.length < MAX_DEPTH) queue.push({ object: value, keys: own });
    }
  }
  return fields;
}

/** Whether a field stands in the object that those keys lead to. */
export function isIn({ keys }: Pick<Field, 'keys'>, around: readonly string[]): boolean {
  return keys.length === around.length + 1 && around.every((key, index) => key === keys[index]);
}

/** What APIs write where nothing follows. */
export function isBlank(value: unknown): boolean {
  return value === null || value === '' || value === false;
}

/** A flag, also as text; null for everything else. */
export function asFlag(value: unknown): boolean | null {
  if (value === true || value === false) return value;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return text === 'true' ? true : text === 'false' ? false : null;
}

/** Whether a value is an object and no array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of `RecordsFound` or a dotted one, undefined where nothing stands there. */
export function valueAt(json: unknown, path: string): unknown {
  if (path === PAGE_ITSELF) return json;
  if (path === SECOND_PART) return Array.isArray(json) ? json[1] : undefined;
  if (path.endsWith(VALUES_OF)) {
    const object = valueAt(json, path.slice(0, -VALUES_OF.length));
    return isObject(object) ? Object.values(object) : undefined;
  }
  if (isExpression(path)) return recordsBy(path, json);
  const keys = keysOf(path);
  if (keys === null) return undefined;
  let value = json;
  for (const key of keys) {
    // Of an array, a number is an index, as where single values are picked out of a page.
    const isThere = Array.isArray(value) ? /^\d+$/.test(key) : isObject(value);
    if (!isThere || !Object.hasOwn(value as object, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Undefined where the expression does not fit. */
function recordsBy(expression: string, json: unknown): readonly unknown[] | undefined {
  try {
    const scan = createJsonScanner(readSelection(expression)).scan(
      Buffer.from(JSON.stringify(json)),
    );
    if (!scan.valid || scan.found === 'missing' || scan.source === undefined) return undefined;
    const text = `[${Buffer.from(scan.source).toString('utf8', 0, scan.spans[2 * scan.count - 1] ?? 0)}]`;
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The keys of a dotted path; null for what is none. */
export function keysOf(path: string): readonly string[] | null {
  if (path === PAGE_ITSELF) return [];
  const own = path.endsWith(VALUES_OF) ? path.slice(0, -VALUES_OF.length) : path;
  try {
    return parseSelection(own).keys.map((key) => key.name);
  } catch {
    return null;
  }
}

export function isMapByNumber(names: readonly string[]): boolean {
  return names.length > 0 && names.every((name) => /^-?\d+$/.test(name));
}
