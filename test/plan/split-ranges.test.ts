import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bisect,
  boundValues,
  parseSplit,
  type Split,
  sliceAt,
  sliceCount,
  slicesOf as slicesIn,
} from '../../src/plan/split-ranges.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 150);

function slicesOf(text: string): string[] {
  const split = parseSplit(text);
  const slices: string[] = [];
  for (let index = 0; index < sliceCount(split); index++) {
    const { lower, upper } = boundValues(split, sliceAt(split, index));
    slices.push(`${lower} ${upper}`);
  }
  return slices;
}

function boundsOf(text: string): string {
  const { bounds } = parseSplit(text);
  const { lower, upper, lowerIsExclusive, upperIsExclusive } = bounds;
  const end = upperIsExclusive === null ? '?' : upperIsExclusive ? ')' : ']';
  return `${lowerIsExclusive ? '(' : '['}${lower}, ${upper}${end}`;
}

test('dates are whole days, and the last one is in', () => {
  assert.deepEqual(slicesOf('created[gte]=2024-01-01..2024-03-02/30d'), [
    '2024-01-01 2024-01-31',
    '2024-01-31 2024-03-01',
    '2024-03-01 2024-03-03',
  ]);
  assert.deepEqual(slicesOf('since=2024-01-01..2024-01-15/1w'), [
    '2024-01-01 2024-01-08',
    '2024-01-08 2024-01-15',
    '2024-01-15 2024-01-16',
  ]);
  assert.deepEqual(slicesOf('after=2024-01-01..2024-01-02/1d'), [
    '2023-12-31 2024-01-02',
    '2024-01-01 2024-01-03',
  ]);
  assert.deepEqual(slicesOf('day[gt]=2024-01-01..2024-01-04/2d'), [
    '2024-01-01 2024-01-03',
    '2024-01-03 2024-01-05',
  ]);
});

test('times have their zone read, and leave nothing out between two seconds', () => {
  assert.deepEqual(slicesOf('at[gte]=2024-01-01T01:00:00+01:00..2024-01-01T12:00:00Z/6h'), [
    '2024-01-01T00:00:00Z 2024-01-01T06:00:00Z',
    '2024-01-01T06:00:00Z 2024-01-01T12:00:00Z',
    '2024-01-01T12:00:00Z 2024-01-01T12:00:01Z',
  ]);
  assert.deepEqual(slicesOf('since=2024-01-01T00:00:00Z..2024-01-01T11:59:59Z/6h'), [
    '2024-01-01T00:00:00Z 2024-01-01T06:00:00Z',
    '2024-01-01T06:00:00Z 2024-01-01T12:00:00Z',
  ]);
  assert.deepEqual(slicesOf('at[gt]=2024-01-01T00:00Z..2024-01-01T12:00:00.5Z/6h'), [
    '2024-01-01T00:00:00.000Z 2024-01-01T06:00:00.000Z',
    '2024-01-01T06:00:00.000Z 2024-01-01T12:00:00.000Z',
    '2024-01-01T12:00:00.000Z 2024-01-01T12:00:00.500Z',
  ]);
});

test('integers may be of any length, and seconds or milliseconds since 1970 are stepped by times', () => {
  assert.deepEqual(slicesOf('id[gte]=0..25/10'), ['0 10', '10 20', '20 26']);
  assert.deepEqual(slicesOf('min_id=-5..4/5'), ['-5 0', '0 5']);
  assert.deepEqual(slicesOf('id[gt]=0..20/10'), ['0 10', '10 20']);
  assert.deepEqual(slicesOf('after=1..20/10'), ['0 11', '10 21']);
  assert.deepEqual(slicesOf('id[gte]=9007199254740993000..9007199254740993001/1000'), [
    '9007199254740993000 9007199254740993002',
  ]);
  assert.deepEqual(slicesOf('created[gte]=1704067200..1704153599/12h'), [
    '1704067200 1704110400',
    '1704110400 1704153600',
  ]);
  assert.deepEqual(slicesOf('ts[gte]=1704067200000..1704067260000/1m'), [
    '1704067200000 1704067260000',
    '1704067260000 1704067260001',
  ]);
});

for (const [given, bounds] of [
  ['created[gte]', '[created[gte], created[lt])'],
  ['created[gt]', '(created[gt], created[lte]]'],
  ['created_at__gte', '[created_at__gte, created_at__lt)'],
  ['filter[date][ge]', '[filter[date][ge], filter[date][lt])'],
  ['since', '[since, until?'],
  ['since_id', '[since_id, until_id?'],
  ['after', '(after, before?'],
  ['createdAfter', '(createdAfter, createdBefore?'],
  ['CREATED_FROM', '[CREATED_FROM, CREATED_TO?'],
  ['from', '[from, to?'],
  ['min_price', '[min_price, max_price?'],
  ['minPrice', '[minPrice, maxPrice?'],
  ['created_at_min', '[created_at_min, created_at_max?'],
  ['start_date', '[start_date, end_date?'],
  ['startTime', '[startTime, endTime?'],
  ['starttime', '[starttime, endtime?'],
  ['start_date[gte]', '[start_date[gte], start_date[lt])'],
  ['low,high', '[low, high?'],
  ['created[gte],created[lt]', '[created[gte], created[lt])'],
  ['a,b[lte]', '[a, b[lte]]'],
  ['x[after],x[until]', '(x[after], x[until]?'],
] as const) {
  test(`${given} is bounded as ${bounds}`, () => {
    assert.equal(boundsOf(`${given}=0..9/3`), bounds);
  });
}

for (const [text, message] of [
  ['created=2024-01-01..2024-02-01/1d', /--split 'created,UPPER=FROM\.\.TO\/STEP'/],
  ['minute=0..9/1', /name both/],
  ['created[gte]=2024-01-01/1d', /is not PARAM=FROM\.\.TO\/STEP/],
  ['created[gte]', /is not PARAM=FROM/],
  ['a,b,c=0..9/1', /needs the name of the parameter/],
  ['a,=0..9/1', /needs the name of the parameter/],
  ['id[gte]=9..0/1', /runs backwards/],
  ['id[gte]=0..9/0', /needs a step/],
  ['id[gte]=0..9/x', /a whole number such as 10000/],
  ['id[gte]=0..9/500ms', /needs a step/],
  ['d[gte]=2024-02-30..2024-03-01/1d', /two dates/],
  ['d[gte]=2024-01-01..2024-01-02T00:00:00Z/1d', /two dates/],
  ['d[gte]=2024-01-01T00:00:00..2024-01-02T00:00:00/1d', /with their zone/],
  ['d[gte]=2024-01-01T25:00:00Z..2024-01-02T00:00:00Z/1d', /two dates/],
  ['d[gte]=2024-01-01..2024-02-01/36h', /whole days such as 30d/],
  ['d[gte]=2024-01-01..2024-02-01/30', /whole days such as 30d/],
  ['id[gt]=5..5/1', /is empty/],
  ['id[gte]=0..100000000/1', /makes 100000001 slices/],
] as const) {
  test(`--split ${text} is refused with the cure`, () => {
    assert.throws(() => parseSplit(text), { name: 'EverypageError', code: 'USAGE', message });
  });
}

/** Whether a slice holds a number, as a server decides by the values it is sent. */
function holds(split: Split, index: number, value: bigint, otherwise: boolean): boolean {
  const { lower, upper } = boundValues(split, sliceAt(split, index));
  const { lowerIsExclusive } = split.bounds;
  const upperIsExclusive = split.bounds.upperIsExclusive ?? otherwise;
  const isAbove = lowerIsExclusive ? value > BigInt(lower) : value >= BigInt(lower);
  return isAbove && (upperIsExclusive ? value < BigInt(upper) : value <= BigInt(upper));
}

test('each value of the range is in a slice, and in two only where one ends and the other begins', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('a[gte]', 'a[gt]', 'a[gte],a[lte]', 'a[gt],a[lt]', 'since', 'after', 'a,b'),
      fc.integer({ min: -50, max: 50 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.boolean(),
      (name, from, length, step, isExclusive) => {
        const split = parseSplit(`${name}=${from}..${from + length}/${step}`);
        const { share } = slicesIn(split);
        const mayShare = share ?? !isExclusive;
        // Where the name does not tell, the value behind the range may come too.
        const last = from + length + (share === null && !isExclusive ? 1 : 0);
        for (let value = from - 3; value <= from + length + 3; value++) {
          const slices = Array.from({ length: sliceCount(split) }, (_, index) => index).filter(
            (index) => holds(split, index, BigInt(value), isExclusive),
          );
          const first = name === 'a[gt]' ? from + 1 : from;
          const isIn = value >= first && value <= last;
          assert.equal(slices.length > 0, isIn, `${value}`);
          assert.ok(slices.length <= (mayShare ? 2 : 1), `${value}`);
          if (slices.length === 2) assert.equal(slices[1]! - slices[0]!, 1);
        }
      },
    ),
    { numRuns },
  );
});

test('names tell what slices share only where they are operators, and not of days', () => {
  const share = (text: string) => slicesIn(parseSplit(text)).share;
  assert.equal(share('a[gte]=0..9/3'), false);
  assert.equal(share('a[gt]=0..9/3'), false);
  assert.equal(share('a[gte],a[lte]=0..9/3'), true);
  assert.equal(share('since=0..9/3'), null);
  assert.equal(share('a[gte]=2024-01-01..2024-01-09/3d'), false);
  assert.equal(share('a[gt]=2024-01-01..2024-01-09/3d'), null);
  assert.equal(share('a[gte],a[lte]=2024-01-01..2024-01-09/3d'), null);
  assert.deepEqual(slicesOf('a[gte],a[lte]=0..25/10'), ['0 10', '10 20', '20 25']);
  assert.deepEqual(slicesOf('a[gte],a[lte]=7..7/10'), ['7 7']);
});

test('halves make up the whole, down to one unit', () => {
  let ranges = [{ from: 0n, to: 11n }];
  for (;;) {
    const cut = ranges.flatMap((range) => bisect(range) ?? [range]);
    if (cut.length === ranges.length) break;
    ranges = cut;
  }
  assert.deepEqual(
    ranges,
    Array.from({ length: 11 }, (_, index) => ({ from: BigInt(index), to: BigInt(index + 1) })),
  );
});

test('any text is read or refused as an EverypageError', () => {
  const words = [
    'created',
    '[gte]',
    '=',
    '..',
    '/',
    '1',
    '30d',
    '2024-01-01',
    'T00:00:00Z',
    ',',
    '-',
  ];
  const text = fc
    .array(fc.constantFrom(...words), { maxLength: 12 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (given) => {
      try {
        const split = parseSplit(given);
        assert.ok(sliceCount(split) >= 1);
        boundValues(split, sliceAt(split, sliceCount(split) - 1));
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'USAGE', String(error));
      }
    }),
    { numRuns },
  );
});
