import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listedArchive } from '../archive/listed-archive.ts';
import { runInProcess } from '../run/run-in-process.ts';

const PAGES = [
  '{"data":[{"id":9007199254740993,"price":1.50,"at":"2024-02-29T01:02:03Z","tags":["a"]}]}',
  '{"data":[{"id":2,"price":null,"at":"2024-02-29T01:02:04Z","tags":[],"who":{"na me":"x"}}]}',
  '{"data":[{"id":3,"price":2,"at":"2024-02-29T01:02:05Z","tags":["b",null],"odd":1}]}',
  '{"data":[{"id":4,"price":2,"at":"2024-02-29T01:02:05Z","tags":["b",null],"odd":"\\u202e"}]}',
];

test('schema prints JSON Schema of all records of an archive', async (t) => {
  const { path } = listedArchive(t, PAGES, { select: 'data' });
  const { code, stdout, stderr } = await runInProcess(['schema', path]);
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(JSON.parse(stdout), {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      id: { type: 'integer' },
      price: { type: ['number', 'null'], 'x-everypage-type': 'decimal(3, 2)' },
      at: { type: 'string', format: 'date-time' },
      tags: { type: 'array', items: { type: ['string', 'null'] } },
      who: {
        type: 'object',
        properties: { 'na me': { type: 'string' } },
        required: ['na me'],
      },
      odd: { type: ['number', 'string'] },
    },
    required: ['id', 'price', 'at', 'tags'],
  });
});

test('schema --ts prints TypeScript types', async (t) => {
  const { path } = listedArchive(t, PAGES, { select: 'data' });
  const { code, stdout } = await runInProcess(['schema', path, '--ts']);
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `export interface Item {
  id: number;
  price: number | null;
  /** A moment: 2024-01-31T12:34:56Z. */
  at: string;
  tags: (string | null)[];
  who?: {
    "na me": string;
  };
  odd?: number | string;
}
`,
  );
});

test('schema escapes marks in keys, and follows --select', async (t) => {
  const { path } = listedArchive(t, ['{"a":{"\u202e\u{e0001}":[{"é":1}]}}']);
  const { stdout } = await runInProcess(['schema', path, '--ts', '--select', 'a']);
  assert.equal(
    stdout,
    'export interface Item {\n  "\\u202e\\udb40\\udc01": {\n    "é": number;\n  }[];\n}\n',
  );
});

test('schema says that pages are missing, and which archive an output has', async (t) => {
  const { path } = listedArchive(t, PAGES, { select: 'data', missing: 1 });
  const { code, stderr, stdout } = await runInProcess(['schema', path]);
  assert.equal(code, 0);
  assert.match(stderr, /is not complete: records that are missing may have other types\.\n$/);
  assert.match(stdout, /"properties"/);
  const wrong = await runInProcess(['schema', path.replace(/\.everypage$/, '')]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /its archive is .*items\.ndjson\.everypage/);
});
