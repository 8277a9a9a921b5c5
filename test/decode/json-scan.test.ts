import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createJsonScanner } from '../../src/decode/json-scan.ts';
import { parseSelection } from '../../src/decode/selection.ts';
import { withoutHanging } from '../without-hanging.ts';
import { oddJson } from './odd-json.ts';
import { parses } from './parses.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 500);

const wholePage = createJsonScanner(parseSelection(null));

function recordsOf(text: string | Uint8Array, selection: string | null): string[] | 'missing' {
  const bytes = Buffer.from(text as string);
  const scan = createJsonScanner(parseSelection(selection)).scan(bytes);
  assert.ok(scan.valid, `refused: ${JSON.stringify(scan)} in ${bytes.toString().slice(0, 200)}`);
  if (scan.found === 'missing') return 'missing';
  return Array.from({ length: scan.count }, (_, index) =>
    bytes.subarray(scan.spans[2 * index], scan.spans[2 * index + 1]).toString(),
  );
}

function faultOf(text: string | Uint8Array): { offset: number; reason: string } {
  const scan = wholePage.scan(Buffer.from(text as string));
  assert.ok(!scan.valid, `accepted: ${text}`);
  return { offset: scan.offset, reason: scan.reason };
}

/** A text with some bytes changed, removed, doubled or put in. */
const mutated = fc
  .tuple(
    oddJson,
    fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...'{}[]",:\\tfn-+.eE01 \n\u0001u')), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([text, edits]) =>
    edits.reduce((current, [where, kind, character]) => {
      const at = where % (current.length + 1);
      if (kind === 0) return current.slice(0, at);
      return current.slice(0, at) + character.repeat(kind - 1) + current.slice(at + (kind % 2));
    }, text),
  );

describe('validity is what JSON.parse says', () => {
  test('for JSON with odd white space, escapes, numbers and keys', () => {
    fc.assert(
      fc.property(oddJson, (text) => {
        if (!text.isWellFormed()) return;
        assert.deepEqual(recordsOf(text, null), [text]);
      }),
      { numRuns },
    );
  });

  test('for JSON that was damaged', () => {
    let refused = 0;
    fc.assert(
      fc.property(mutated, (text) => {
        if (!text.isWellFormed()) return;
        const valid = parses(text);
        if (!valid) refused++;
        const scan = withoutHanging(
          () => wholePage.scan(Buffer.from(text)),
          () => text.slice(0, 100),
        );
        assert.equal(scan.valid, valid);
      }),
      { numRuns: 2 * numRuns },
    );
    assert.ok(refused > numRuns / 4, `only ${refused} texts were bad`);
  });

  test('for short texts of the characters that JSON is made of', () => {
    const texts = fc.string({
      unit: fc.constantFrom(...'{}[]",:\\u0-1.eE+ \n\ttrue'),
      maxLength: 9,
    });
    fc.assert(
      fc.property(texts, (text) => {
        assert.equal(wholePage.scan(Buffer.from(text)).valid, parses(text));
      }),
      { numRuns: 3 * numRuns },
    );
  });

  test('for random bytes, where bad UTF-8 is refused too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const text = Buffer.from(bytes).toString();
        const expected = isUtf8(bytes) && parses(text.replace(/^\ufeff/, ''));
        assert.equal(wholePage.scan(bytes).valid, expected);
      }),
      { numRuns },
    );
  });

  test('for strings of every length, with anything at any place, at the end of the text or before it', () => {
    for (const odd of ['', '\\"', '\\\\', '\\u00e9', '\\x', '\n', '"', '\u00e9']) {
      for (let length = 0; length < 12; length++) {
        for (let at = 0; at <= length; at++) {
          const content = 'a'.repeat(at) + odd + 'a'.repeat(length - at);
          const near = [`["${content}"]`, `["${content}]`, `{"${content}":"${content}"}`];
          for (const text of [
            ...near,
            `["",["${content}"],1]`,
            `{"a":"${content}}`,
            `{"${content}}`,
          ]) {
            assert.equal(wholePage.scan(Buffer.from(text)).valid, parses(text), text);
          }
        }
      }
    }
  });

  test('for numbers, literals and strings at every edge of the grammar', () => {
    const texts = [
      ...'0 -0 01 -01 - 1. .1 1.0 1e5 1E+5 1e 1e+ 1e-9 0.0e0 +1 0x1 1_0 --1 -a 1.e1'.split(' '),
      ...'true false null tru nul truee True nulL t f n NaN Infinity -Infinity undefined'.split(
        ' ',
      ),
      ...['"', '""', '"a', '"\\"', '"\\u12"', '"\\u12G4"', '"\\u0041"', '"\\x41"', '"\\'],
      ...['"\u0000"', '"\u001f"', '"\u007f"', '"\n"', '"\t"', '"\u2028"', "'a'", '"\\u'],
      ...['', ' ', '\ufeff', '[]', '{}', '[ ]', '{ }', '[,]', '[1,]', '{"a":1,}', '{,}', '{"a"}'],
      ...[
        '{a:1}',
        '{"a":}',
        '{"a" 1}',
        '[1 2]',
        '[1',
        '{"a":1',
        ']',
        '}',
        '[}',
        '{]',
        '[[]',
        '[]]',
      ],
      ...[
        '{}{}',
        '[] []',
        '1 2',
        '[1]x',
        '\u00a0[]',
        '\u000b1',
        '[]\u0000',
        '\u0000',
        '/**/1',
        '1//',
      ],
      ...['[]\f', '{"a":1]', '[1}', '{"a":{}', '"a"b', '[\u0000]', '[1\u0000]', '{"a\u0000":1}'],
    ];
    for (const text of texts) {
      const valid = parses(text.replace(/^\ufeff/, ''));
      for (const around of ['', ' ', '\r\n\t']) {
        const padded = `${around}${text}${around}`;
        assert.equal(wholePage.scan(Buffer.from(padded)).valid, valid, JSON.stringify(padded));
      }
      const nested = `[${text}]`;
      assert.equal(wholePage.scan(Buffer.from(nested)).valid, parses(nested), nested);
      const member = `{"k":${text}}`;
      assert.equal(wholePage.scan(Buffer.from(member)).valid, parses(member), member);
    }
  });

  test('for every cut of a page', () => {
    const page = '{"data":[{"id":1,"n":-1.5e+7,"s":"\\u00e9\\n","t":true}],"next":null}';
    for (let length = 0; length < page.length; length++) {
      const fault = faultOf(page.slice(0, length));
      assert.deepEqual(fault, { offset: length, reason: 'it ends early' }, page.slice(0, length));
    }
  });
});

describe('a fault names its byte', () => {
  test('and what stands there', () => {
    assert.deepEqual(faultOf('{"a":1}{"a":2}'), { offset: 7, reason: 'unexpected character {' });
    assert.deepEqual(faultOf('{"a":NaN}'), { offset: 5, reason: 'NaN is not JSON' });
    assert.deepEqual(faultOf('{"a":-Infinity}'), { offset: 6, reason: 'Infinity is not JSON' });
    assert.deepEqual(faultOf('["é",x]'), { offset: 6, reason: 'unexpected character x' });
    assert.deepEqual(faultOf('["\u0007"]'), {
      offset: 2,
      reason: 'a string holds a control character',
    });
    assert.deepEqual(faultOf('["\\q"]'), { offset: 3, reason: 'a string holds a bad escape' });
    assert.deepEqual(faultOf('[1] \u001b[31m'), {
      offset: 4,
      reason: 'unexpected character \\x1b',
    });
  });

  test('in bad UTF-8, wherever it stands', () => {
    const around = 'é€𝄞'.repeat(2000);
    for (const bad of [
      [0x80],
      [0xc3],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
    ]) {
      const before = Buffer.from(`["${around}`);
      const page = Buffer.concat([before, Buffer.from(bad), Buffer.from(`${around}"]`)]);
      assert.deepEqual(faultOf(page), { offset: before.length, reason: 'it is not valid UTF-8' });
    }
    assert.equal(faultOf(Buffer.from('["caf\u00e9"]', 'latin1')).offset, 5);
    assert.equal(faultOf(Buffer.from('<p>caf\u00e9', 'latin1')).offset, 0);
    assert.equal(faultOf(Buffer.from([0x22, 0xe2, 0x82])).offset, 1);
  });

  test('and the name of UTF-16 and UTF-32, with and without a mark', () => {
    const little = Buffer.from('{"a":1}', 'utf16le');
    const big = Buffer.from(little).swap16();
    for (const text of [little, big]) {
      assert.match(faultOf(text).reason, /UTF-16/);
    }
    assert.match(faultOf(Buffer.from('\ufeff{"é":1}', 'utf16le')).reason, /UTF-16/);
    assert.match(faultOf(Buffer.from('\ufeff[]', 'utf16le').swap16()).reason, /UTF-16/);
    assert.match(faultOf(Buffer.from([0x5b, 0, 0, 0, 0x5d, 0, 0, 0])).reason, /UTF-32/);
  });
});

describe('records', () => {
  test('of the whole page are the top-level value, an array included', () => {
    assert.deepEqual(recordsOf(' [1, 2] \n', null), ['[1, 2]']);
    assert.deepEqual(recordsOf('"a"', ''), ['"a"']);
    assert.deepEqual(recordsOf('null', null), ['null']);
  });

  test('are the elements of the array that the path leads to', () => {
    assert.deepEqual(
      recordsOf('{"data":{"items":[1,{"items":[2]},[3]]},"items":[4]}', 'data.items'),
      ['1', '{"items":[2]}', '[3]'],
    );
    assert.deepEqual(recordsOf('{ "data" : [ {"a": 1} , "x" ] }', 'data'), ['{"a": 1}', '"x"']);
    assert.deepEqual(recordsOf('{"a":1,"data":[[],{},[[]]],"data2":[5]}', 'data'), [
      '[]',
      '{}',
      '[[]]',
    ]);
    assert.deepEqual(recordsOf('{"data":[]}', 'data'), []);
    assert.deepEqual(recordsOf('{"data":[ ],"x":[1]}', 'data'), []);
  });

  test('are none where the path leads to null, and one where it leads to another value', () => {
    assert.deepEqual(recordsOf('{"data":null,"x":1}', 'data'), []);
    assert.deepEqual(recordsOf('{"data":{"a":[1]},"x":[1]}', 'data'), ['{"a":[1]}']);
    assert.deepEqual(recordsOf('{"data":{},"x":{}}', 'data'), ['{}']);
    assert.deepEqual(recordsOf('{"data":-0}', 'data'), ['-0']);
    assert.deepEqual(recordsOf('{"data":"null","x":1}', 'data'), ['"null"']);
  });

  test('of @ are the elements of a page that is an array, else the page; none where it is null', () => {
    assert.deepEqual(recordsOf(' [1, {"a": [2]},[]] \n', '@'), ['1', '{"a": [2]}', '[]']);
    assert.deepEqual(recordsOf('\ufeff["@"]', '@'), ['"@"']);
    assert.deepEqual(recordsOf('[]', '@'), []);
    assert.deepEqual(recordsOf('[ ]', '@'), []);
    assert.deepEqual(recordsOf('{"@":[1]}', '@'), ['{"@":[1]}']);
    assert.deepEqual(recordsOf('{}', '@'), ['{}']);
    assert.deepEqual(recordsOf(' "a" ', '@'), ['"a"']);
    assert.deepEqual(recordsOf('-0', '@'), ['-0']);
    assert.deepEqual(recordsOf('null', '@'), []);
    assert.deepEqual(recordsOf('{"@":[1]}', '\\@'), ['1']);
  });

  test('of @ are those of the same array under a key, for every page', () => {
    fc.assert(
      fc.property(oddJson, (page) => {
        if (!page.isWellFormed()) return;
        assert.deepEqual(recordsOf(page, '@'), recordsOf(`{"k":${page}}`, 'k'));
      }),
      { numRuns: Math.ceil(numRuns / 3) },
    );
  });

  test('are missing where the path leads nowhere', () => {
    for (const page of [
      '{}',
      '[]',
      '[{"a":{"b":1}}]',
      '1',
      '{"b":1}',
      '{"a":[{"b":1}]}',
      '{"a":1}',
    ]) {
      assert.equal(recordsOf(page, 'a.b'), 'missing', page);
    }
    assert.equal(recordsOf('{"a":{},"b":{"b":1}}', 'a.b'), 'missing');
    assert.equal(recordsOf('{"x":{"a":{"b":1}},"c":{"b":[1]}}', 'a.b'), 'missing');
  });

  test('follow the last of equal keys, as JSON.parse does', () => {
    assert.deepEqual(recordsOf('{"a":[1,2,3],"a":[4]}', 'a'), ['4']);
    assert.deepEqual(recordsOf('{"a":{"b":[1]},"a":{"b":[2],"b":3}}', 'a.b'), ['3']);
    assert.equal(recordsOf('{"a":{"b":[1]},"a":{}}', 'a.b'), 'missing');
    assert.equal(recordsOf('{"a":{"b":[1]},"a":7}', 'a.b'), 'missing');
    assert.deepEqual(recordsOf('{"a":[1],"a":null}', 'a'), []);
  });

  test('are found under keys by what their escapes mean', () => {
    assert.deepEqual(recordsOf('{"\\u0061":[1]}', 'a'), ['1']);
    assert.deepEqual(recordsOf('{"a\\/b":[1]}', 'a/b'), ['1']);
    assert.deepEqual(recordsOf('{"a.b":[1],"a":{"b":[2]}}', 'a\\.b'), ['1']);
    assert.deepEqual(recordsOf('{"a\\\\b":[1]}', 'a\\\\b'), ['1']);
    assert.equal(recordsOf('{"\\\\":[1]}', '\\\\\\\\'), 'missing');
    assert.deepEqual(recordsOf('{"é":[1],"\\u00e9":[2]}', 'é'), ['2']);
    assert.deepEqual(recordsOf('{"\\ud834\\udd1e":[1]}', '𝄞'), ['1']);
  });

  test('stand under __proto__ and constructor like under any key, and pollute nothing', () => {
    assert.deepEqual(recordsOf('{"__proto__":{"constructor":[1]}}', '__proto__.constructor'), [
      '1',
    ]);
    assert.equal(recordsOf('{}', '__proto__'), 'missing');
    assert.equal(recordsOf('{}', 'constructor.name'), 'missing');
  });

  test('are those of a plain recursive reader for every page and path', () => {
    const paths = fc.constantFrom('a', 'b', 'a.b', 'a.a', 'b.a.b', '__proto__', '__proto__.a');
    const pages = fc.oneof(
      oddJson,
      fc
        .array(fc.tuple(fc.constantFrom('"a"', '"b"', '"\\u0062"', '"__proto__"'), oddJson))
        .map((members) => `{${members.map(([key, value]) => `${key}:${value}`).join(',')}}`),
    );
    const nested = fc.oneof(
      pages,
      fc.tuple(pages, pages).map(([one, two]) => `{"a":${one},"b":${two}}`),
    );
    let found = 0;
    fc.assert(
      fc.property(nested, paths, (page, path) => {
        if (!page.isWellFormed()) return;
        const records = recordsOf(page, path);
        const expected = referenceRecords(page, path.split('.'));
        if (records !== 'missing') found++;
        assert.deepEqual(records === 'missing' ? records : records.map(compacted), expected);
      }),
      { numRuns: Math.ceil(numRuns / 3) },
    );
    assert.ok(found > numRuns / 60, `only ${found} pages had the path`);
  });

  test('may be 100,000 in a page', () => {
    const page = `{"data":[${Array.from({ length: 100_000 }, (_, id) => `{"id":${id}}`).join()}]}`;
    const records = recordsOf(page, 'data');
    assert.equal(records.length, 100_000);
    assert.equal(records[99_999], '{"id":99999}');
  });
});

describe('a page', () => {
  test('may nest 200,000 levels deep', () => {
    const levels = 200_000;
    assert.ok(wholePage.scan(Buffer.from('['.repeat(levels) + ']'.repeat(levels))).valid);
    const objects = Buffer.from(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
    assert.deepEqual(recordsOf(objects, 'a.a.a.b'), 'missing');
    assert.equal(faultOf('['.repeat(levels)).offset, levels);
  });

  test('that nests deeper than the cap is refused, with the cap in the reason', () => {
    const nested = (levels: number) => Buffer.from(`${'['.repeat(levels)}1${']'.repeat(levels)}`);
    assert.ok(wholePage.scan(nested(1_000_000)).valid);
    const scan = wholePage.scan(nested(1_000_001));
    assert.ok(!scan.valid);
    assert.equal(scan.reason, 'it nests deeper than 1,000,000 levels');
  });

  test('may begin with a byte order mark, which belongs to no record', () => {
    assert.deepEqual(recordsOf('\ufeff{"a":1}', null), ['{"a":1}']);
    assert.equal(wholePage.scan(Buffer.from('\ufeff\ufeff{}')).valid, false);
    assert.equal(wholePage.scan(Buffer.from(' \ufeff{}')).valid, false);
  });

  test('is compact only without white space between its tokens', () => {
    const compact = (text: string): boolean => {
      const scan = wholePage.scan(Buffer.from(text));
      assert.ok(scan.valid);
      return scan.compact;
    };
    assert.ok(compact(' {"a b":[1,"\\n ",{}]}\n'));
    for (const text of [
      '[ ]',
      '{ }',
      '[1 ]',
      '[ 1]',
      '[1, 2]',
      '{"a" :1}',
      '{"a": 1}',
      '{"a":1\n}',
      '{ "a":1}',
    ]) {
      assert.ok(!compact(text), text);
    }
  });
});

test('a scanner forgets the page before', () => {
  const scanner = createJsonScanner(parseSelection('a'));
  assert.ok(!scanner.scan(Buffer.from('{"a":[1,{"a":[')).valid);
  const scan = scanner.scan(Buffer.from('{"b":1}'));
  assert.ok(scan.valid);
  assert.deepEqual([scan.found, scan.count], ['missing', 0]);
});

interface Value {
  readonly text: string;
  readonly members: ReadonlyMap<string, Value> | null;
  readonly elements: readonly Value[] | null;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

function compacted(text: string): string {
  return (text.match(TOKEN) ?? []).join('');
}

/**
 * Not JSON.parse: in V8 13.6 the first of equal keys can win when they are written with escapes,
 * depending on what was parsed before.
 */
function readValue(tokens: string[]): Value {
  const text = [tokens.shift() ?? ''];
  if (text[0] !== '{' && text[0] !== '[') return { text: text[0]!, members: null, elements: null };
  const members = new Map<string, Value>();
  const elements: Value[] = [];
  const isObject = text[0] === '{';
  while (tokens[0] !== '}' && tokens[0] !== ']') {
    if (tokens[0] === ',') text.push(tokens.shift()!);
    const key = isObject ? tokens.shift()! : '';
    const colon = isObject ? tokens.shift()! : '';
    const value = readValue(tokens);
    text.push(key, colon, value.text);
    if (isObject) members.set(JSON.parse(key), value);
    else elements.push(value);
  }
  text.push(tokens.shift()!);
  return {
    text: text.join(''),
    members: isObject ? members : null,
    elements: isObject ? null : elements,
  };
}

function referenceRecords(page: string, keys: readonly string[]): string[] | 'missing' {
  let value: Value | undefined = readValue([...(page.match(TOKEN) ?? [])]);
  for (const key of keys) value = value?.members?.get(key);
  if (value === undefined) return 'missing';
  if (value.text === 'null') return [];
  return (value.elements ?? [value]).map((element) => element.text);
}
