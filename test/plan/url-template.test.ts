import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EverypageError } from '../../src/core/errors.ts';
import { parseUrlTemplate } from '../../src/plan/url-template.ts';
import { withoutHanging } from '../without-hanging.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 1000);

function expand(text: string): string[] {
  return [...parseUrlTemplate(text)];
}

function refuses(text: string, ...parts: RegExp[]): void {
  assert.throws(
    () => parseUrlTemplate(text),
    (error) => {
      assert.ok(error instanceof EverypageError);
      assert.equal(error.code, 'URL_INVALID');
      for (const part of parts) assert.match(error.message, part);
      assert.match(error.message, /use -g/);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    },
  );
}

const h = 'https://a.example';

test('a range of numbers gives every number, both ends included', () => {
  assert.deepEqual(expand(`${h}/[1-3]`), [`${h}/1`, `${h}/2`, `${h}/3`]);
  assert.deepEqual(expand(`${h}/[5-5]/x`), [`${h}/5/x`]);
  assert.deepEqual(expand('[9-11]'), ['9', '10', '11']);
});

test('a first number that begins with 0 pads all numbers to its length', () => {
  assert.deepEqual(expand('[098-101]'), ['098', '099', '100', '101']);
  assert.deepEqual(expand('[00-1]'), ['00', '01']);
  assert.deepEqual(expand('[0-10:5]'), ['0', '5', '10']);
});

test('a step leaves numbers out, and the last need not be hit', () => {
  assert.deepEqual(expand('[0-900:300]'), ['0', '300', '600', '900']);
  assert.deepEqual(expand('[1-6:4]'), ['1', '5']);
  assert.deepEqual(expand('[1-3:10]'), ['1']);
});

test('a range of letters keeps to its case and may have a step', () => {
  assert.deepEqual(expand('[x-z]'), ['x', 'y', 'z']);
  assert.deepEqual(expand('[A-E:2]'), ['A', 'C', 'E']);
  assert.equal(parseUrlTemplate('[a-z]').count, 26);
});

test('a set gives its members, also empty ones', () => {
  assert.deepEqual(expand('{a,b}'), ['a', 'b']);
  assert.deepEqual(expand('x{,.json}'), ['x', 'x.json']);
  assert.deepEqual(expand('{,}'), ['', '']);
  assert.deepEqual(expand('https://{a.example:80,b.example}/'), [
    'https://a.example:80/',
    'https://b.example/',
  ]);
});

test('of several ranges and sets the rightmost varies fastest', () => {
  assert.deepEqual(expand('{a,b}/[1-2]{x,y}'), [
    ...['a/1x', 'a/1y', 'a/2x', 'a/2y'],
    ...['b/1x', 'b/1y', 'b/2x', 'b/2y'],
  ]);
});

for (const literal of [
  'https://a.example/?page[size]=100&page[1]=2',
  'https://a.example/?ids[]=1&ids[1,2]=3&filter[date-from]=x&filter[a-bc]=1',
  'http://[::1]:8080/',
  'http://[2001:db8::1-2]/',
  'https://a.example/{id}/{}/{a b,c}',
  'https://a.example/?q=[1-&r=1-2]&s=]1-2[&t={a,b&u=c,d}'.replace('}', ''),
  'https://a.example/[1-z]/[a-2]/[1-2:]/[1-2:x]/[1-5:-1]/[-1-5]/[1 - 5]/[1.5-2]/[é-ü]',
  'https://a.example/?filter={"a":1,"b":{"c":[1,2],"d":3}}',
  'https://a.example/?filter={%22a%22:1,%22b%22:2}',
  'https://a.example/?query={user(id:1){id,name,posts{a,b}}}',
  'https://a.example/\\{x\\}',
]) {
  test(`no range and no set is seen in ${literal}`, () => {
    assert.deepEqual(expand(literal), [literal]);
    assert.equal(parseUrlTemplate(literal).at(0), literal);
  });
}

test('a range counts beside literal brackets and braces, and within JSON', () => {
  assert.deepEqual(expand('http://[::1]:8080/x[1-2]'), [
    'http://[::1]:8080/x1',
    'http://[::1]:8080/x2',
  ]);
  assert.deepEqual(expand('?page[size]=9&page[number]=[1-2]'), [
    '?page[size]=9&page[number]=1',
    '?page[size]=9&page[number]=2',
  ]);
  assert.deepEqual(expand('{"a":1,"b":[1-2]}'), ['{"a":1,"b":1}', '{"a":1,"b":2}']);
  assert.deepEqual(expand('[[1-2]]'), ['[1]', '[2]']);
  assert.deepEqual(expand('{x{a,b}'), ['{xa', '{xb']);
  assert.deepEqual(expand('{a,b}}'), ['a}', 'b}']);
});

test('a backwards range, a step of 0 and mixed cases are refused with the cure', () => {
  refuses(`${h}/?token=hush&p=[5-1]`, /\[5-1\] runs backwards/, /^(?!.*hush)/);
  refuses('[z-a]', /\[z-a\] runs backwards/);
  refuses('[1-5:0]', /\[1-5:0\] steps by 0/);
  refuses('[a-c:00]', /steps by 0/);
  refuses('[a-Z]', /mixes upper and lower case/);
  refuses('[A-z]', /mixes upper and lower case/);
});

test('numbers and products beyond 2^53 - 1 are refused', () => {
  assert.equal(parseUrlTemplate('[0-9007199254740990]').count, 9007199254740991);
  assert.equal(parseUrlTemplate('[0-9007199254740990]').at(9007199254740990), '9007199254740990');
  refuses('[0-9007199254740992]', /beyond 9007199254740991/);
  refuses(`[1-${'9'.repeat(5_000)}]`, /beyond/);
  refuses('[1-2:99999999999999999]', /beyond/);
  refuses('[0-9007199254740991]', /more than 9007199254740991 pages/);
  refuses('[1-100000000][1-100000000]', /more than 9007199254740991 pages/);
});

test('an index outside the template is a RangeError', () => {
  const template = parseUrlTemplate('[1-3]');
  for (const index of [-1, 3, 0.5, Number.NaN]) {
    assert.throws(() => template.at(index), RangeError);
  }
});

test('URLs are made as they are asked for, whatever the count', () => {
  const template = parseUrlTemplate('[0-99999999]/[0-9999999]');
  const [first, second] = template;
  assert.deepEqual([first, second], ['0/0', '0/1']);
  assert.equal(template.at(999_999_999_999_999), '99999999/9999999');
});

test('deeply nested and many unbalanced braces are read in linear time', () => {
  for (const text of [
    '{'.repeat(200_000) + '}'.repeat(200_000),
    '['.repeat(200_000),
    '[1'.repeat(100_000),
    `[${'1'.repeat(100_000)}`,
    '{,'.repeat(100_000),
  ]) {
    assert.deepEqual(expand(text), [text]);
  }
});

interface Piece {
  readonly text: string;
  readonly values: readonly string[];
}

const literalPiece: fc.Arbitrary<Piece> = fc
  .string({ unit: fc.constantFrom(...'ab09/?&=,:-.%"') })
  .map((text) => ({ text, values: [text] }));

const numberPiece: fc.Arbitrary<Piece> = fc
  .record({
    first: fc.nat(2_000),
    span: fc.nat(6),
    step: fc.option(fc.integer({ min: 1, max: 4 })),
    width: fc.integer({ min: 0, max: 5 }),
  })
  .map(({ first, span, step, width }) => {
    const start = String(first).padStart(width, '0');
    const values: string[] = [];
    for (let value = first; value <= first + span; value += step ?? 1) {
      values.push(start.startsWith('0') ? String(value).padStart(start.length, '0') : `${value}`);
    }
    return { text: `[${start}-${first + span}${step === null ? '' : `:${step}`}]`, values };
  });

const letters = 'abcdefghijklmnopqrstuvwxyz';
const letterPiece: fc.Arbitrary<Piece> = fc
  .record({
    from: fc.nat(25),
    to: fc.nat(25),
    upper: fc.boolean(),
    step: fc.option(fc.integer({ min: 1, max: 9 })),
  })
  .map(({ from, to, upper, step }) => {
    const alphabet = upper ? letters.toUpperCase() : letters;
    const [first, last] = from < to ? [from, to] : [to, from];
    const values = [...alphabet.slice(first, last + 1)].filter((_, at) => at % (step ?? 1) === 0);
    const suffix = step === null ? '' : `:${step}`;
    return { text: `[${alphabet[first]}-${alphabet[last]}${suffix}]`, values };
  });

const setPiece: fc.Arbitrary<Piece> = fc
  .array(fc.string({ unit: fc.constantFrom(...'ab09/:-.'), maxLength: 4 }), {
    minLength: 2,
    maxLength: 4,
  })
  .map((values) => ({ text: `{${values.join(',')}}`, values }));

const pieces = fc.array(fc.oneof(literalPiece, numberPiece, letterPiece, setPiece), {
  maxLength: 4,
});

test('a generated template expands as a naive nested loop does', () => {
  fc.assert(
    fc.property(pieces, (generated) => {
      let expected = [''];
      for (const { values } of generated) {
        expected = expected.flatMap((head) => values.map((value) => head + value));
      }
      const template = parseUrlTemplate(generated.map(({ text }) => text).join(''));
      assert.equal(template.count, expected.length);
      assert.deepEqual([...template], expected);
      for (const index of [0, Math.floor(expected.length / 2), expected.length - 1]) {
        assert.equal(template.at(index), expected[index]);
      }
    }),
    { numRuns },
  );
});

// The words are chosen to build near misses and hits alike.
const brackets = fc
  .array(fc.constantFrom('[', ']', '{', '}', ',', '-', ':', '1', '5', '0', 'a', 'Z', '"', '%22'), {
    maxLength: 24,
  })
  .map((words) => words.join(''));

test('text without any form of range or set comes back unchanged', () => {
  fc.assert(
    fc.property(brackets, (text) => {
      fc.pre(!/\[(\d+-\d+|[a-z]-[a-z])(:\d+)?\]/i.test(text));
      fc.pre(!/\{[^{}]*,[^{}]*\}/.test(text));
      assert.deepEqual(expand(text), [text]);
    }),
    { numRuns },
  );
});

test('any text either parses or is refused as an EverypageError', () => {
  fc.assert(
    fc.property(fc.oneof(brackets, fc.string({ unit: 'binary' })), (text) => {
      try {
        const template = withoutHanging(
          () => parseUrlTemplate(text),
          () => text.slice(0, 100),
        );
        assert.ok(template.count >= 1);
        assert.equal(typeof template.at(template.count - 1), 'string');
      } catch (error) {
        assert.ok(error instanceof EverypageError, String(error));
        assert.equal(error.code, 'URL_INVALID');
      }
    }),
    { numRuns },
  );
});
