/** Columns of Parquet beyond what small random lists reach: long ones, wide numbers, limits of row groups. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { openDuckDb } from './duckdb.ts';
import { writeParquet } from './parquet-of.ts';

const numRuns = Math.ceil(Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 800) / 40);

const duck = await openDuckDb();
const skip = duck === null ? 'DuckDB is not installed: npm install @duckdb/node-api' : false;

test('columns of many rows come back, in order: alike, different, sparse, with runs', {
  skip,
}, async (t) => {
  const cities = ['Zürich', '東京', 'São "Paulo"', ''];
  const rows = Array.from({ length: 130_000 }, (_, at) => ({
    id: at,
    city: cities[Math.imul(at, 2_654_435_761) >>> 30]!,
    unique: `${at} of many`,
    some: at % 7 === 0 ? null : `number ${at % 300}`,
    late: at < 5_000 ? 'same' : `other ${at}`,
    sparse: at % 1000 === 999 ? at : null,
    runs: at % 40_000 < 20_000,
    list: at % 3 === 0 ? [] : [at % 5, null],
  }));
  const { path } = await writeParquet(
    t,
    rows.map((row) => JSON.stringify(row)),
  );
  const read = await duck!.rows(`select to_json(r)::varchar from '${path}' r`);
  assert.equal(read.length, rows.length);
  const wrong = read.findIndex(([json], at) => json !== JSON.stringify(rows[at]));
  assert.equal(wrong, -1, String(read[wrong]));
  const encodings = await duck!.rows(
    `select path_in_schema, list(distinct encodings) from parquet_metadata('${path}') group by 1`,
  );
  const isDictionary = Object.fromEntries(
    encodings.map(([name, of]) => [String(name), String(of).includes('DICTIONARY')]),
  );
  assert.equal(isDictionary['city'], true);
  assert.equal(isDictionary['some'], true);
  assert.equal(isDictionary['unique'], false);
});

test('a dictionary of more texts than it may have is given up', { skip }, async (t) => {
  const same = 'x'.repeat(1000);
  const words = [
    ...new Array(500).fill(same),
    ...Array.from({ length: 70_000 }, (_, at) => `w${at}`),
  ];
  const list = [...new Array(3000).fill(same), ...words, ...words];
  const { path } = await writeParquet(t, [JSON.stringify({ list })]);
  const read = await duck!.rows(`select unnest(list) from '${path}'`);
  assert.deepEqual(
    read.map(([word]) => word),
    list,
  );
});

test('numbers that take more room than their JSON are written before they take too much', {
  skip,
}, async (t) => {
  const record = `{"a":[${new Array(500_000).fill(7).join()}]}`;
  const { path } = await writeParquet(t, new Array(20).fill(record));
  const groups = await duck!.rows(
    `select row_group_num_rows::int from parquet_metadata('${path}') order by row_group_id`,
  );
  assert.deepEqual(groups.flat(), [13, 7]);
  const sums = await duck!.rows(`select count(*)::int, sum(list_sum(a))::int from '${path}'`);
  assert.deepEqual(sums, [[20, 70_000_000]]);
});

test('filters find texts that are longer than the limits of a row group', { skip }, async (t) => {
  const texts = [
    'é'.repeat(40),
    `${'a'.repeat(63)}é`,
    `${'a'.repeat(62)}é1`,
    `${'a'.repeat(64)}b`,
    '\u{10ffff}'.repeat(20),
    `${'\ud7ff'.repeat(21)}\u{1f600}x`,
    '',
  ];
  for (const text of texts) {
    for (const other of texts) {
      const { path } = await writeParquet(
        t,
        [text, other].map((it) => JSON.stringify({ a: it })),
      );
      const found = await duck!.rows(`select count(*)::int from '${path}' where a = '${text}'`);
      assert.deepEqual(found, [[text === other ? 2 : 1]], JSON.stringify([text, other]));
      const between = await duck!.rows(
        `select count(*)::int from '${path}' where a >= '${text}' and a <= '${text}'`,
      );
      assert.deepEqual(between, found);
    }
  }
});

/** A number of so many digits. */
const wide = fc
  .tuple(
    fc.integer({ min: 1, max: 38 }),
    fc.bigInt({ min: 0n, max: 10n ** 38n - 1n }),
    fc.boolean(),
  )
  .map(([digits, value, isNegative]) => {
    const cut = value % 10n ** BigInt(digits);
    return isNegative && cut !== 0n ? -cut : cut;
  });

const edges = [0n, 1n, 9n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, 10n ** 15n, 10n ** 18n];

test('numbers of each width come back, and filters find them', { skip }, async (t) => {
  const value = fc.oneof(
    wide,
    fc
      .tuple(fc.constantFrom(...edges), fc.integer({ min: -2, max: 2 }), fc.constantFrom(1n, -1n))
      .map(([edge, by, sign]) => sign * (edge + BigInt(by))),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(value, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 0, max: 38 }),
      fc.boolean(),
      async (values, scale, isWritten) => {
        const literals = values.map((it) => (isWritten ? pointed(it, scale) : `${it}e-${scale}`));
        const digits = Math.max(...values.map((it) => String(it).replace('-', '').length));
        if (Math.max(digits, scale) > 38 || literals.some((it) => /^-0[.e0]*$/.test(it))) return;
        const { path } = await writeParquet(
          t,
          literals.map((it) => `{"a":${it}}`),
        );
        const read = await duck!.rows(`select a::decimal(38,${scale})::varchar from '${path}'`);
        assert.deepEqual(
          // DuckDB writes no zero before the point where all 38 digits are behind it.
          read.map(([it]) => String(it).replace(/^(-?)\./, '$10.')),
          values.map((it) => pointed(it, scale)),
        );
        for (const it of values) {
          const where = `a = '${pointed(it, scale)}'::decimal(38,${scale})`;
          const [[found]] = (await duck!.rows(
            `select count(*)::int from '${path}' where ${where}`,
          )) as [[number]];
          assert.equal(found, values.filter((other) => other === it).length, where);
        }
      },
    ),
    { numRuns },
  );
});

function pointed(value: bigint, scale: number): string {
  const digits = String(value)
    .replace('-', '')
    .padStart(scale + 1, '0');
  const point = digits.length - scale;
  const fraction = scale === 0 ? '' : `.${digits.slice(point)}`;
  return `${value < 0n ? '-' : ''}${digits.slice(0, point)}${fraction}`;
}

test('moments of all years come back, and filters find them', { skip }, async (t) => {
  const moment = fc
    .date({
      min: new Date('0001-01-02T00:00:00Z'),
      max: new Date('9999-12-30T00:00:00Z'),
      noInvalidDate: true,
    })
    .map((it) => it.toISOString().replace('Z', '007Z'));
  await fc.assert(
    fc.asyncProperty(fc.array(moment, { minLength: 1, maxLength: 5 }), async (moments) => {
      const { path } = await writeParquet(
        t,
        moments.map((it) => `{"a":"${it}","b":"${it.slice(0, 10)}"}`),
      );
      const read = await duck!.rows(
        `select strftime(a at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), b::varchar from '${path}'`,
      );
      assert.deepEqual(
        read,
        moments.map((it) => [it, it.slice(0, 10)]),
      );
      for (const it of moments) {
        const [[found]] = (await duck!.rows(
          `select count(*)::int from '${path}' where a = '${it}'::timestamptz`,
        )) as [[number]];
        assert.equal(found, moments.filter((other) => other === it).length);
      }
    }),
    { numRuns },
  );
});

test('hyparquet reads the same as DuckDB', async (t) => {
  const rows = Array.from({ length: 3000 }, (_, at) => ({
    id: at,
    name: at % 11 === 0 ? null : `name ${at % 13}`,
    text: `text ${at}\n"é"`,
    is: at % 3 === 0,
    double: at * 1e300,
    list:
      at % 4 === 0
        ? null
        : Array.from({ length: at % 4 }, (__, item) => ({ a: item, b: [`${at}`] })),
    object: at % 5 === 0 ? null : { deep: { x: at % 2 === 0 ? null : at } },
  }));
  const { path } = await writeParquet(
    t,
    rows.map((row) => JSON.stringify(row)),
  );
  const bytes = readFileSync(path);
  const read = await parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
  });
  const plain = JSON.parse(
    JSON.stringify(read, (_, it) => (typeof it === 'bigint' ? Number(it) : it)),
  );
  assert.deepEqual(plain, rows);
});
