import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createJoiner, PartsWatch } from '../../src/archive-thread/joined-records.ts';
import type { PageInfo } from '../../src/core/page-info.ts';
import type { Place } from '../../src/core/page-request.ts';

const page = (text: string) => Buffer.from(text);
const join = createJoiner('q');
const joined = (own: string, further: string) => join(page(own), page(further))?.toString() ?? null;

suite('two pages of one batch', () => {
  test('are one, with the members of both and every byte of their values', () => {
    const own =
      '{ "a": [1, 2], "q": [ {"id": 1, "n": 1e400, "t": "\\u00e9 é 𝄞"}, {"id":2} ], "b": 0}';
    const further = '{"q":[{"id": 1,"m":9007199254740993},{"id":2,"l":[{"x":"é"}]}]}';
    assert.equal(
      joined(own, further),
      '{ "a": [1, 2], "q": [ {"id":1,"n":1e400,"t":"\\u00e9 é 𝄞","m":9007199254740993}, {"id":2,"l":[{"x":"é"}]} ], "b": 0}',
    );
  });

  test('have the elements of lists one after another, and the members of objects within', () => {
    const own = '{"q":[{"id":1,"l":["a","b"],"o":{"x":1}}]}';
    const further = '{"q":[{"id":1,"l":["c"],"o":{"y":[2]}}]}';
    assert.equal(joined(own, further), '{"q":[{"id":1,"l":["a","b","c"],"o":{"x":1,"y":[2]}}]}');
    assert.equal(joined(own, own), own);
  });

  for (const [what, further] of [
    ['another value', '{"q":[{"id":1,"l":["a","b"],"v":2}]}'],
    ['another kind of value', '{"q":[{"id":1,"l":{}}]}'],
    ['a part of a list', '{"q":[{"id":1,"l":["b","c"]}]}'],
    ['more records', '{"q":[{"id":1},{"id":2}]}'],
    ['no list', '{"p":[]}'],
  ] as const) {
    test(`are not put together where the further one has ${what}`, () => {
      assert.equal(joined('{"q":[{"id":1,"l":["a","b"],"v":1}]}', further), null);
    });
  }

  test('of records under names of their own are put together as well', () => {
    const byName = createJoiner('q.*');
    const whole = byName(
      page('{"q":{"7":{"id":7},"9":{"id":9}}}'),
      page('{"q":{"7":{"id":7,"a":1},"9":{"id":9}}}'),
    );
    assert.equal(whole?.toString(), '{"q":{"7":{"id":7,"a":1},"9":{"id":9}}}');
  });
});

suite('a batch of which an earlier run stored pages', () => {
  const bodies = [
    '{"q":[{"id":1,"a":[1]}]}',
    '{"q":[{"id":1,"a":[2]}]}',
    '{"q":[{"id":1,"a":[3]}]}',
  ];
  const listed = (list: string) => ({ parts: [{ first: 0, list: page(list) }] });
  const keys = { ...listed('["1"]'), first: '1', last: '1', hasUnnamed: false };
  const watch = (mostBytes = 1000): PartsWatch => {
    const info = ({ position }: Place) =>
      ({ records: 1, isPart: true, ...(position > 0 ? { goesOn: true } : {}) }) as PageInfo;
    const stored: ConstructorParameters<typeof PartsWatch>[1] = {
      pageInfoAt: info,
      lastKeysAt: () => page('["1"]'),
      bodyAt: ({ position }) => page(bodies[position]!),
    };
    return new PartsWatch(join, stored, mostBytes);
  };
  const before = { branch: 0, position: 2 };

  test('is compared with all of them', () => {
    assert.ok(watch().goesOn(page('{"q":[{"id":1,"a":[4]}]}'), keys, before));
    assert.ok(!watch().goesOn(page('{"q":[{"id":1,"a":[1,4]}]}'), keys, before));
  });

  test('goes on with its own records only, each of which has a key', () => {
    const body = page('{"q":[{"id":1,"a":[4]}]}');
    assert.ok(!watch().goesOn(body, { ...keys, ...listed('["2"]') }, before));
    assert.ok(!watch().goesOn(body, { ...keys, hasUnnamed: true }, before));
  });

  test('is not put together beyond what a page may hold', () => {
    assert.ok(!watch(20).goesOn(page('{"q":[{"id":1,"a":[4]}]}'), keys, before));
  });
});
