import { elementsIn, pathOf } from '../../decode/decode.ts';
import { means, rankAsKey } from '../names.ts';
import { isObject } from '../page-fields.ts';
import { withoutNulls } from './find-records.ts';

/**
 * What identifies a record, as a path from the record: a field named `id` or the like that every
 * record has, that is text or a number and that no two share. Null where none is evident.
 *
 * Numbers beyond 2^53 are taken as distinct, because `JSON.parse` has already made some of them equal.
 * A caller that has the page's text compares their literals.
 *
 *     findKey([{ node: { id: 'a' } }, { node: { id: 'b' } }]); // 'node.id'
 */
export function findKey(given: readonly unknown[]): string | null {
  const items = withoutNulls(given);
  const first = items[0];
  if (!isObject(first) || !items.every(isObject)) return null;
  const paths = namesIn(first).map((name) => [name]);
  for (const [wrapper, value] of Object.entries(first)) {
    if (!means.wrapper(wrapper) || !isObject(value)) continue;
    paths.push(...namesIn(value).map((name) => [wrapper, name]));
  }
  const path = paths.find((keys) => isDistinct(items, keys));
  return path === undefined ? null : pathOf(path);
}

/** Whether the records have that property, and no two the same. */
export function isKeyOf(items: readonly unknown[], name: string): boolean {
  const own = elementsIn(items);
  return own.length > 0 && own.every(isObject) && isDistinct(own, [name]);
}

function namesIn(object: Record<string, unknown>): readonly string[] {
  const ranked = Object.keys(object).flatMap((name) => {
    const rank = rankAsKey(name);
    return rank === null ? [] : [{ name, rank }];
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ name }) => name);
}

function isDistinct(items: readonly Record<string, unknown>[], keys: readonly string[]): boolean {
  const seen = new Set<unknown>();
  for (const item of items) {
    let value: unknown = item;
    for (const key of keys) {
      value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    }
    const isKey = (typeof value === 'string' && value !== '') || typeof value === 'number';
    if (!isKey) return false;
    if (typeof value === 'number' && !Number.isSafeInteger(value)) continue;
    if (seen.has(value)) return false;
    seen.add(value);
  }
  return true;
}
