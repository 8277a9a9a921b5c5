import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitsJsonb } from '../../src/export/postgres-values.ts';
import { skipPostgres, startPostgres } from '../servers/postgres-server.ts';

const FIT = [
  '{"a":[1,1.50,-0.5,1e400,"x"],"b":null}',
  '"\\ud83d\\ude00"',
  '"-0 and 1e5 and \\\\u0000"',
  '1e131071',
  '1E-16383',
  '0e400',
  '[{"deep":{"er":["\\u00e9"]}}]',
];
const DO_NOT = [
  '"a\\u0000"',
  '{"\\u0000":1}',
  '"\\ud83d"',
  '"\\uDE00"',
  '-0',
  '[-0.0]',
  '1e131072',
  '1e-16384',
  `1${'0'.repeat(131_072)}`,
];

test('texts that jsonb holds are told from those that it does not', () => {
  for (const json of FIT) assert.ok(fitsJsonb(json), json.slice(0, 40));
  for (const json of DO_NOT) assert.ok(!fitsJsonb(json), json.slice(0, 40));
});

test('PostgreSQL agrees', { skip: skipPostgres }, async (t) => {
  const server = await startPostgres();
  t.after(() => server.stop());
  const inserted = (json: string): string | null => {
    try {
      return server.rows(`SELECT '${json.replaceAll("'", "''")}'::jsonb::text`)[0]![0]!;
    } catch {
      return null;
    }
  };
  for (const json of FIT) assert.notEqual(inserted(json), null, json.slice(0, 40));
  for (const json of DO_NOT) {
    // It takes a negative zero, and makes it a zero.
    const got = json.length > 100_000 ? null : inserted(json);
    assert.ok(got === null || /^\[?0/.test(got), `${json.slice(0, 40)} is ${got}`);
  }
});
