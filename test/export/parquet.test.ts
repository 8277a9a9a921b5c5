import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createInference, withoutNesting } from '../../src/schema/schema.ts';
import { documents, exact, exactRow } from '../schema/exact-values.ts';
import { openDuckDb } from './duckdb.ts';
import { writeParquet } from './parquet-of.ts';

const numRuns = Math.ceil(Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 800) / 20);

type Nested = 'typed' | 'json';

function schemaOf(records: readonly string[], nested: Nested = 'typed') {
  const inference = createInference();
  for (const record of records) inference.add(Buffer.from(record), 0);
  const schema = inference.schema();
  return nested === 'json' ? withoutNesting(schema) : schema;
}

/** The package that reads DuckDB's structs takes this name for the prototype. */
function readable(records: readonly string[]): string[] {
  return records.map((record) => record.replaceAll('__proto__', 'proto'));
}

const duck = await openDuckDb();
const skip = duck === null ? 'DuckDB is not installed: npm install @duckdb/node-api' : false;

test('types of Parquet are those of the columns', { skip }, async (t) => {
  const { path } = await writeParquet(t, [
    '{"i":9223372036854775807,"d":1.50,"big":12345678901234567890123456789012345678,"f":-0,"b":true}',
    '{"day":"2024-02-29","at":"2024-02-29T01:02:03.5+02:00","s":"é","j":[1,"x"],"n":null}',
    '{"l":[{"a":1,"b":["x"]}],"o":{"p":{"q":1}}}',
  ]);
  const types = await duck!.rows(`describe select * from '${path}'`);
  assert.deepEqual(
    types.map(([name, type]) => `${name} ${type}`),
    [
      'i BIGINT',
      'd DECIMAL(3,2)',
      'big DECIMAL(38,0)',
      'f DOUBLE',
      'b BOOLEAN',
      'day DATE',
      'at TIMESTAMP WITH TIME ZONE',
      's VARCHAR',
      'j VARCHAR[]',
      'n VARCHAR',
      'l STRUCT(a BIGINT, b VARCHAR[])[]',
      'o STRUCT(p STRUCT(q BIGINT))',
    ],
  );
  const [metadata] = await duck!.rows(
    `select decode(value) from parquet_kv_metadata('${path}') where key = 'everypage.columns'`,
  );
  assert.match(String(metadata![0]), /"offset":"\+02:00"/);
});

test('an empty result is an empty, well-formed file', { skip }, async (t) => {
  const { path } = await writeParquet(t, []);
  assert.deepEqual(await duck!.rows(`select count(*)::int from '${path}'`), [[0]]);
});

test('filters on decimals and text find what is there, by the statistics of row groups', {
  skip,
}, async (t) => {
  const records = ['-1.5', '3', '12345678901234567890.25', '-12345678901234567890.75'].map(
    (value) => `{"a":${value},"b":"${'é'.repeat(20)}${value}"}`,
  );
  const { path } = await writeParquet(t, records);
  for (const value of ['-1.5', '3', '12345678901234567890.25', '-12345678901234567890.75']) {
    for (const where of [`a = ${value}`, `b = '${'é'.repeat(20)}${value}'`]) {
      assert.deepEqual(
        await duck!.rows(`select count(*)::int from '${path}' where ${where}`),
        [[1]],
        where,
      );
    }
  }
});

test('zero and negative zero stay apart', { skip }, async (t) => {
  const { path } = await writeParquet(t, ['{"a":-0,"b":[{"c":0}]}', '{"a":0,"b":[{"c":-0}]}']);
  const rows = await duck!.rows(`select a::varchar, b[1].c::varchar from '${path}'`);
  assert.deepEqual(rows, [
    ['-0.0', '0.0'],
    ['0.0', '-0.0'],
  ]);
});

test('fields called __proto__ are there', { skip }, async (t) => {
  const { path } = await writeParquet(t, ['{"o":{"__proto__":7},"__proto__":[1]}']);
  assert.deepEqual(await duck!.rows(`select o::varchar, "__proto__"::varchar from '${path}'`), [
    ["{'__proto__': 7}", '[1]'],
  ]);
});

test('500 columns, and a type that changes on page 900', { skip }, async (t) => {
  const wide = `{${Array.from({ length: 500 }, (_, at) => `"c${at}":${at}`).join()}}`;
  const records = [...new Array(900).fill('{"c0":1}'), '{"c0":"late"}', wide];
  const { path } = await writeParquet(t, records);
  const [row] = await duck!.rows(
    `select count(*)::int, count(c499)::int, min(c0), max(c0) from '${path}'`,
  );
  assert.deepEqual(row, [902, 1, '"late"', '1']);
});

test('random lists: DuckDB reads every value back, digit by digit', { skip }, async (t) => {
  await fc.assert(
    fc.asyncProperty(
      documents.map(readable),
      fc.constantFrom<Nested>('typed', 'json'),
      async (records, nested) => {
        const { path } = await writeParquet(t, records, { nested });
        const schema = schemaOf(records, nested);
        const rows = await duck!.values(schema, `select * from '${path}'`);
        assert.deepEqual(
          rows.map((row) => exactRow(schema, row)),
          records.map(exact),
        );
      },
    ),
    { numRuns },
  );
});
