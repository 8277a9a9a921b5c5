import assert from 'node:assert/strict';
import fc from 'fast-check';
import { linkTarget, parseLinkHeader } from '../../src/plan/link-header.ts';
import { withoutHanging } from '../without-hanging.ts';

const base = 'https://api.example/v1/items?page=1';

export function anyLinkHeader() {
  const pieces = fc.constantFrom(
    ...[
      '<',
      '>',
      ',',
      ';',
      '=',
      '"',
      '\\',
      ' ',
      '\t',
      'rel',
      'rel=next',
      'rel="',
      'next',
      'anchor=',
    ],
    ...['https://a.example/', '?page=2', '__proto__', 'mailto:x', '//[', '*', '\u0000', '\ud800'],
  );
  const text = fc.oneof(
    fc.array(pieces).map((parts) => parts.join('')),
    fc.string(),
  );
  return fc.property(text, (value) => {
    const links = withoutHanging(
      () => parseLinkHeader(value),
      () => value.slice(0, 100),
    );
    for (const { target, rels, params } of links) {
      assert.ok(!target.includes('>'));
      assert.deepEqual(rels, rels.map((rel) => rel.trim().toLowerCase()).filter(Boolean));
      assert.equal(Object.getPrototypeOf(params), null);
    }
    const url = linkTarget(parseLinkHeader(value), 'next', base);
    assert.ok(url === null || /^https?:\/\//.test(url));
    // What is good after a part that is closed stays good.
    if (/["<>\\=]/.test(value)) return;
    assert.equal(parseLinkHeader(`${value}, <x>; rel=next`).at(-1)?.target, 'x');
  });
}

export function wellFormedLinkHeader() {
  const space = fc.constantFrom('', '', ' ', '\t', ' \t ');
  const token = fc.string({ unit: fc.constantFrom(...'abcXYZ019!#$&*+-.^_`|~'), minLength: 1 });
  const target = fc
    .string({ unit: fc.constantFrom(...'abc/?&=;:,"\\[]%20()\'') })
    .map((text) => text.trim());
  const value = fc.oneof(
    token.map((text) => ({ text, written: text })),
    fc.string().map((text) => ({ text, written: `"${text.replaceAll(/["\\]/g, '\\$&')}"` })),
  );
  const param = fc.record({ name: token, value: fc.option(value, { nil: null }), space });
  const link = fc.record({ target, params: fc.array(param, { maxLength: 5 }), space });
  const commas = fc.constantFrom(',', ', ', ' ,\t', ',,', ', , ');
  return fc.property(fc.array(link, { maxLength: 5 }), commas, (links, comma) => {
    const written = links.map(({ target, params, space }) => {
      const parts = params.map(({ name, value, space: s }) =>
        value === null ? `;${s}${name}${s}` : `${s};${s}${name}${s}=${s}${value.written}`,
      );
      return `<${space}${target}${space}>${parts.join('')}`;
    });
    const read = parseLinkHeader(written.join(comma));
    assert.equal(read.length, links.length);
    for (const [index, { target, params }] of links.entries()) {
      const expected = new Map<string, string>();
      for (const { name, value } of params) {
        const key = name.toLowerCase();
        if (!expected.has(key)) expected.set(key, value?.text ?? '');
      }
      assert.equal(read[index]!.target, target);
      assert.deepEqual(Object.entries(read[index]!.params).sort(), [...expected].sort());
    }
  });
}
