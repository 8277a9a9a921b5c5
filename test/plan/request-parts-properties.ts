import assert from 'node:assert/strict';
import fc from 'fast-check';
import { getQueryParameter, setQueryParameter } from '../../src/plan/query-parameter.ts';
import { getBodyMember, setBodyMember } from '../../src/plan/request-parts.ts';
import { jsonText } from './json-text.ts';

export function queryParameter() {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'ab[]$ +%&=#?\'"é€😀') }),
    fc.string({ unit: 'binary' }),
  );
  const written = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'abp[]$+%=.-é') }),
    text.map((it) => encodeURIComponent(it.toWellFormed())),
  );
  const start = fc.constantFrom(
    'https://a.example/',
    'https://a.example/x?',
    'https://a.example/?',
  );
  const fragment = fc.constantFrom('', '#', '#x?a=b&p=1');
  const name = fc.string({ unit: fc.constantFrom(...'abp[]$+%é &='), minLength: 1 });
  return fc.property(
    start,
    fc.array(written),
    fragment,
    name,
    text,
    (head, parts, tail, param, value) => {
      const query = parts.join('&');
      const joint = query === '' || head.endsWith('?') ? '' : '?';
      const url = head + joint + query + tail;
      const changed = setQueryParameter(url, param, value);
      assert.equal(getQueryParameter(changed, param), value.toWellFormed());
      assert.deepEqual(othersOf(changed, param), othersOf(url, param));
      assert.equal(changed.split('#').slice(1).join('#'), tail.slice(1));
      assert.equal(changed.split(/[?#]/)[0], url.split(/[?#]/)[0]);
      assert.equal(setQueryParameter(changed, param, value), changed);
      // The standard's own parser reads it so, too.
      const standard = new URLSearchParams(changed.split('#')[0]!.split('?').slice(1).join('?'));
      assert.deepEqual(standard.getAll(param), [value.toWellFormed()]);
    },
  );
}

/** As they are written, without the named one. */
function othersOf(url: string, name: string): readonly string[] {
  const query = url.split('#')[0]!.split('?').slice(1).join('?');
  const isOther = (part: string) => {
    const [[own] = ['']] = new URLSearchParams(part.replace(/^\?/, '%3F'));
    return own !== name;
  };
  return query.split('&').filter((part) => part !== '' && isOther(part));
}

export function bodyMember() {
  const name = fc.constantFrom('a', 'b', 'c.d', '0', '1', '__proto__', 'ü', 'e\\', 'new');
  const path = fc.array(name, { minLength: 1, maxLength: 4 });
  const root = fc.tuple(jsonText, jsonText).map(([a, b]) => `{"a":${a} ,"b": ${b}}`);
  return fc.property(fc.oneof(root, jsonText), path, jsonText, (before, names, literal) => {
    const dotted = names.map((it) => it.replaceAll(/[.\\]/g, '\\$&')).join('.');
    const bytes = Buffer.from(before);
    const changed = setBodyMember(bytes, dotted, literal);
    const expected = setInModel(exactly(before), names, exactly(literal));
    if (changed === null) {
      assert.equal(expected, null);
      return;
    }
    const after = Buffer.from(changed).toString();
    assert.ok(expected !== null);
    assert.deepEqual(exactly(after), expected.value);
    assert.equal(getBodyMember(changed, dotted), literal);
    // Everything that was there still is, but for the value that was replaced.
    const old = getBodyMember(bytes, dotted);
    if (old !== null) assert.equal(after.length - literal.length, before.length - old.length);
    const replaced = old ?? (before.includes('null') ? 'null' : '');
    assert.ok(commonEnds(before, after) >= before.length - replaced.length);
  });
}

/** Numbers stay literal text, marked as what they are. */
function exactly(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source: string }) =>
    typeof value === 'number' ? `number ${context?.source}` : value,
  );
}

/** Null where something stands in the way. */
function setInModel(
  value: unknown,
  [name, ...rest]: readonly string[],
  set: unknown,
): { readonly value: unknown } | null {
  if (name === undefined) return { value: set };
  if (Array.isArray(value)) {
    if (!/^[0-9]+$/.test(name) || Number(name) >= value.length) return null;
    const inner = setInModel(value[Number(name)], rest, set);
    return inner === null ? null : { value: value.with(Number(name), inner.value) };
  }
  if (value !== null && typeof value !== 'object') return null;
  const entries = new Map<string, unknown>(Object.entries(value ?? {}));
  const inner = setInModel(entries.has(name) ? entries.get(name) : null, rest, set);
  if (inner === null) return null;
  return { value: Object.fromEntries(entries.set(name, inner.value)) };
}

function commonEnds(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return start + end;
}
