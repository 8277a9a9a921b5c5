import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createJsonScanner } from '../../src/decode/json-scan.ts';
import { createPicker } from '../../src/decode/pick-values.ts';
import { parseSelection } from '../../src/decode/selection.ts';
import { oddJsonForParse } from './odd-json.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 200);

function pick(page: string, ...paths: string[]): readonly (string | null)[] {
  return createPicker(paths)(Buffer.from(page));
}

describe('a picked value', () => {
  test('is the text of its literal, as the server wrote it', () => {
    const page =
      '{"id":12345678901234567890,"rate":1.0,"zero":-0,"next":"a\\/b\\u0041","ok":true,"no":null}';
    assert.deepEqual(pick(page, 'id', 'rate', 'zero', 'next', 'ok', 'no', 'other'), [
      '12345678901234567890',
      '1.0',
      '-0',
      '"a\\/b\\u0041"',
      'true',
      'null',
      null,
    ]);
    assert.deepEqual(pick('{ "a" : [ 1 , { } ] , "b" : "é𝄞" }', 'a', 'b'), ['[ 1 , { } ]', '"é𝄞"']);
  });

  test('stands at the end of a path, with or without array indexes in it', () => {
    const page = '{"links":[{"rel":"self"},{"rel":"next","href":"/2"}],"0":{"a":{"b":[[7]]}}}';
    assert.deepEqual(
      pick(page, 'links.1.href', 'links.0.href', 'links.2', 'links.01', '0.a.b.0.0'),
      ['"/2"', null, null, null, '7'],
    );
    assert.deepEqual(pick('[[],[5]]', '1.0', '0.0', '0'), ['5', null, '[]']);
  });

  test('is found together with what is around it and beside it', () => {
    const page = '{"paging":{"next":{"after":"x"}},"total":3}';
    assert.deepEqual(
      pick(page, 'paging', 'paging.next.after', 'paging.next', 'total', 'total', '@'),
      ['{"next":{"after":"x"}}', '"x"', '{"after":"x"}', '3', '3', page],
    );
  });

  test('is found under keys by what their escapes mean', () => {
    assert.deepEqual(
      pick(
        '{"ne\\u0078t":1,"@odata.nextLink":2,"a\\\\b":3}',
        'next',
        '@odata\\.nextLink',
        'a\\\\b',
      ),
      ['1', '2', '3'],
    );
    assert.deepEqual(pick('{"\\u00e9":1,"x\\"":2}', 'é', 'x"'), ['1', '2']);
  });

  test('is that of the last of equal keys', () => {
    assert.deepEqual(pick('{"a":1,"\\u0061":2}', 'a'), ['2']);
    assert.deepEqual(pick('{"a":{"b":1,"c":2},"a":{"c":3}}', 'a.b', 'a.c'), [null, '3']);
    assert.deepEqual(pick('{"a":{"b":{"c":1}},"a":null}', 'a.b.c', 'a'), [null, 'null']);
    assert.deepEqual(pick('[{"a":1,"a":[]}]', '0.a.0'), [null]);
  });

  test('is null where no path leads there, __proto__ included', () => {
    for (const page of ['{}', '[]', '7', '"a"', 'null', '{"a":[]}', '{"a":"b"}']) {
      assert.deepEqual(pick(page, 'a.b', '__proto__', 'constructor.name', 'length'), [
        null,
        null,
        null,
        null,
      ]);
    }
    assert.deepEqual(pick('{"__proto__":{"a":1}}', '__proto__.a'), ['1']);
  });

  test('is a string without an end where it is larger than 64 KiB, and not null', () => {
    const long = `"${'x'.repeat(65_534)}"`;
    assert.deepEqual(pick(`{"a":${long},"b":[${long}]}`, 'a', 'b', 'b.0'), [long, '"', long]);
  });

  test('stands in a page with a byte order mark, and may be the whole of a page', () => {
    assert.deepEqual(pick('\ufeff {"a":1}\n', 'a', '@'), ['1', '{"a":1}']);
    assert.deepEqual(pick(' 12 ', '@', 'a'), ['12', null]);
    assert.deepEqual(pick('12', ''), ['12']);
  });
});

test('records under a path that leads elsewhere are not read', () => {
  const picker = createPicker(['next', 'data.total']);
  for (const space of ['', '  ']) {
    const page = Buffer.from(
      `{"data":{"items":[${space}{"x":1},[2]${space}],"total":2},"next":"n"}`,
    );
    const scan = createJsonScanner(parseSelection('data.items')).scan(page);
    assert.ok(scan.valid);
    assert.deepEqual(picker(page, scan), ['"n"', '2']);
    // Were they read, the page would seem to end with them.
    page.fill(']', scan.spans[0], scan.spans[3]);
    assert.deepEqual(picker(page, scan), ['"n"', '2']);
  }
});

test('records are read where a path leads into them', () => {
  const page = Buffer.from('{"data":[{"id":1},{"id":2}],"n":3}');
  const scan = createJsonScanner(parseSelection('data')).scan(page);
  assert.ok(scan.valid);
  assert.deepEqual(createPicker(['data.1.id', 'n'])(page, scan), ['2', '3']);
});

test('a path that cannot be read is refused', () => {
  assert.throws(() => createPicker(['a..b']), { code: 'SELECTION' });
});

class Leaf {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/** `JSON.parse` with the source text of each leaf in its place. */
function parseLeaves(page: string): unknown {
  return JSON.parse(page, (_, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'object' && value !== null ? value : new Leaf(context?.source ?? ''),
  );
}

function valueAt(root: unknown, keys: readonly string[]): unknown {
  let value = root;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || value instanceof Leaf) return undefined;
    if (Array.isArray(value) && !/^(0|[1-9][0-9]*)$/.test(key)) return undefined;
    if (!Object.hasOwn(value, key)) return undefined;
    value = value[key as keyof typeof value];
  }
  return value;
}

test('values are those of JSON.parse, for every page and path, records passed over or not', () => {
  const member = fc.tuple(
    fc.constantFrom('"a"', '"b"', '"\\u0062"', '"c"', '"0"', '"__proto__"'),
    oddJsonForParse,
  );
  const object = fc
    .array(member, { maxLength: 4 })
    .map((members) => `{${members.map(([key, value]) => `${key}:${value}`).join(', ')}}`);
  const list = fc
    .array(fc.oneof(object, oddJsonForParse), { maxLength: 3 })
    .map((items) => `[ ${items.join(',')}]`);
  const page = fc
    .array(
      fc.tuple(fc.constantFrom('a', 'b', 'c', 'data'), fc.oneof(object, list, oddJsonForParse)),
      {
        maxLength: 4,
      },
    )
    .map((members) => `{${members.map(([key, value]) => `"${key}":${value}`).join(',')}}`);
  const step = fc.constantFrom('a', 'a', 'b', 'c', '0', '__proto__', 'data');
  const paths = fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 5,
  });
  const scanner = createJsonScanner(parseSelection('data'));
  let found = 0;
  fc.assert(
    fc.property(fc.oneof(page, list), paths, (text, wanted) => {
      if (!text.isWellFormed()) return;
      const bytes = Buffer.from(text);
      const picker = createPicker(wanted.map((keys) => keys.join('.')));
      const picked = picker(bytes);
      const scan = scanner.scan(bytes);
      assert.ok(scan.valid);
      if (scan.found === 'records') assert.deepEqual(picker(bytes, scan), picked);
      const root = parseLeaves(text);
      for (const [index, keys] of wanted.entries()) {
        const expected = valueAt(root, keys);
        const literal = picked[index]!;
        if (expected !== undefined) found++;
        if (expected === undefined) assert.equal(literal, null);
        else if (expected instanceof Leaf) assert.equal(literal, expected.source);
        else assert.deepEqual(parseLeaves(literal), expected);
      }
    }),
    { numRuns },
  );
  assert.ok(found > numRuns / 10, `only ${found} paths led anywhere`);
});
