/** The fields of a page outside its lists, and paths to them. */
import { parseSelection, pathOf } from '../../decode/decode.ts';

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

/** Envelopes are small. What is larger is a map of records, and reading all of it would be slow. */
const MAX_FIELDS = 5_000;
const MAX_KEYS_OF_AN_OBJECT = 500;
const MAX_DEPTH = 7;

/** The page itself as a path to the records. */
export const PAGE_ITSELF = '@';

/**
 * All fields of objects within objects, the shallow ones first. It enters no array, and no object
 * that is a map by number.
 */
export function listFields(json: unknown): readonly Field[] {
  const fields: Field[] = [];
  const queue: { readonly object: object; readonly keys: readonly string[] }[] = [];
  if (isObject(json)) queue.push({ object: json, keys: [] });
  for (const { object, keys } of queue) {
    const names = Object.keys(object).slice(0, MAX_KEYS_OF_AN_OBJECT);
    if (isMapByNumber(names)) continue;
    for (const name of names) {
      // No path can say an empty name.
      if (name === '') continue;
      if (fields.length === MAX_FIELDS) return fields;
      const value = (object as Record<string, unknown>)[name];
      const own = [...keys, name];
      fields.push({ path: pathOf(own), keys: own, name, parent: keys.at(-1) ?? '', value });
      if (isObject(value) && own.length < MAX_DEPTH) queue.push({ object: value, keys: own });
    }
  }
  return fields;
}

/** Whether a value is an object and no array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a dotted path, undefined where nothing stands there or the path is none. */
export function valueAt(json: unknown, path: string): unknown {
  if (path === PAGE_ITSELF) return json;
  const keys = keysOf(path);
  if (keys === null) return undefined;
  let value = json;
  for (const key of keys) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** The keys of a dotted path; null for what is none. */
export function keysOf(path: string): readonly string[] | null {
  if (path === PAGE_ITSELF) return [];
  try {
    return parseSelection(path).keys.map((key) => key.name);
  } catch {
    return null;
  }
}

function isMapByNumber(names: readonly string[]): boolean {
  return names.length > 0 && names.every((name) => /^-?\d+$/.test(name));
}
