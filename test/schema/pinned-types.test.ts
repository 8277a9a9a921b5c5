import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createInference,
  createRowReader,
  jsonSchemaOf,
  PinFault,
  readPinnedTypes,
} from '../../src/schema/schema.ts';
import { documents, exact, exactRow } from './exact-values.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 600);

const pinsOf = (schema: unknown) =>
  readPinnedTypes({ path: 'types.json', text: JSON.stringify(schema) });

function inferred(records: readonly string[], schema: unknown) {
  const inference = createInference({ pinned: pinsOf(schema) });
  for (const record of records) inference.add(Buffer.from(record), 0);
  return inference.schema();
}

test('random lists: pinned to their own JSON Schema, types and values stay what they are', () => {
  fc.assert(
    fc.property(documents, (records) => {
      const inference = createInference();
      const bytes = records.map((record) => Buffer.from(record));
      for (const record of bytes) inference.add(record, 0);
      const own = inference.schema();
      const pinned = inferred(records, jsonSchemaOf(own));
      assert.deepEqual(jsonSchemaOf(pinned), jsonSchemaOf(own));
      const read = createRowReader(pinned);
      for (const [index, record] of bytes.entries()) {
        assert.deepEqual(exactRow(pinned, read(record, 0)), exact(records[index]!));
      }
      // Without a record it has the same columns.
      assert.deepEqual(
        inferred([], jsonSchemaOf(own)).columns.map(({ key }) => key),
        pinned.columns.map(({ key }) => key),
      );
    }),
    { numRuns },
  );
});

const object = (properties: unknown, more: object = {}) => ({
  type: 'object',
  properties,
  ...more,
});

test('pinned columns have their types whatever their values are, and unknown ones come behind', () => {
  const { columns } = inferred(
    ['{"new":1.50,"n":3,"when":"2024-01-01T00:00:00.5+02:00"}', '{"when":"2024-01-01T00:00:00Z"}'],
    object({
      n: { type: 'number' },
      i: { type: ['integer', 'null'], description: 'never there' },
      m: { type: 'number', 'x-everypage-type': 'decimal(18,2)' },
      day: { type: 'string', format: 'date' },
      when: { type: 'string', format: 'date-time' },
      at: object({ city: { type: 'string', format: 'hostname' } }),
      tags: { type: 'array', items: { type: 'string' } },
      any: {},
      text: { type: ['string', 'object'] },
      map: { type: 'object' },
    }),
  );
  assert.deepEqual(
    columns.map(({ key, type }) => [key, type.kind]),
    [
      ...[
        ['n', 'double'],
        ['i', 'integer'],
        ['m', 'decimal'],
        ['day', 'date'],
      ],
      ...[
        ['when', 'timestamp'],
        ['at', 'struct'],
        ['tags', 'list'],
        ['any', 'null'],
      ],
      ...[
        ['text', 'json'],
        ['map', 'json'],
        ['new', 'decimal'],
      ],
    ],
  );
});

test('integers and decimals are pinned by value: zeros at the end are no digits', () => {
  const records = ['{"i":1e3,"d":1.500}', '{"i":-7.0,"d":12E-1}', '{"i":null,"d":0}'];
  const schema = inferred(
    records,
    object({
      i: { type: 'integer' },
      d: { type: 'number', 'x-everypage-type': 'decimal(3, 2)' },
    }),
  );
  const read = createRowReader(schema);
  assert.deepEqual(
    records.map((record) => read(Buffer.from(record), 0)),
    [
      [1000n, 150n],
      [-7n, 120n],
      [null, 0n],
    ],
  );
});

test('a value that contradicts its pinned type is named', () => {
  for (const [schema, record, message] of [
    [{ type: 'integer' }, '"7"', 'a is "7", and the schema pins integer'],
    [{ type: 'integer' }, '1.5', 'a is 1.5, and the schema pins integer'],
    [{ type: 'integer' }, '9223372036854775808', /pins integer, which has 64 bits/],
    [{ type: 'integer' }, '-0', /which has no negative zero/],
    [{ type: 'number' }, '0.1234567890123456789', /pins double, which has fewer digits/],
    [{ type: 'number' }, '1e400', /pins double/],
    [{ type: 'number', 'x-everypage-type': 'decimal(3,1)' }, '1.25', /pins decimal\(3, 1\), which/],
    [{ type: 'number', 'x-everypage-type': 'decimal(3,1)' }, '100', /pins decimal\(3, 1\)/],
    [{ type: 'string' }, '{"b":1}', 'a is {"b":1}, and the schema pins string'],
    [{ type: 'string' }, '"\\ud83d"', /half a surrogate pair/],
    [{ type: 'string', format: 'date' }, '"2024-02-30"', /pins date, as in 2024-02-29/],
    [{ type: 'string', format: 'date-time' }, '"2024-02-28"', /pins timestamp, as in/],
    [{ type: 'boolean' }, '0', 'a is 0, and the schema pins boolean'],
    [{ type: 'null' }, 'false', 'a is false, and the schema pins null'],
    [{ type: ['string', 'number'] }, '[]', /pins JSON text of string or number/],
    [{ type: 'array', items: { type: 'integer' } }, '[1,"x"]', /^a\[\] is "x", and the schema/],
    [{ type: 'array', items: { type: 'integer' } }, '{}', 'a is {}, and the schema pins list'],
    [object({ b: { type: 'integer' } }), '{"b":true}', 'a.b is true, and the schema pins integer'],
    [object({ b: {} }), '1', 'a is 1, and the schema pins struct'],
    [
      object({ b: {} }, { additionalProperties: false }),
      '{"c":1}',
      'a has the key "c", which the schema does not name',
    ],
    [{ type: 'string' }, `[${'1,'.repeat(99)}1]`, /^a is \[1,1.{0,60}…, and/],
  ] as const) {
    assert.throws(
      () => inferred([`{"a":${record}}`], object({ a: schema })),
      (error) => {
        assert.ok(error instanceof PinFault);
        if (typeof message === 'string') assert.equal(error.message, message);
        else assert.match(error.message, message);
        return true;
      },
    );
  }
  assert.throws(() => inferred(['[]'], object({ a: {} })), /^PinFault: it is \[\], and the schema/);
});

test('null and what is missing contradict nothing', () => {
  const schema = object({ a: { type: 'integer' } }, { required: ['a'] });
  assert.equal(inferred(['{"a":null}', '{}', 'null'], schema).columns[0]!.type.kind, 'integer');
});

test('what pins no type is refused with its place', () => {
  for (const [schema, message] of [
    [[], /types\.json, at its top: a JSON Schema is an object/],
    [object({ a: { enum: [1] } }), /at properties\.a: the keyword "enum" is not supported/],
    [object({ a: { type: 'int' } }), /at properties\.a: "int" is no type/],
    [object({ a: false }), /at properties\.a: a JSON Schema is an object/],
    [object({}, { additionalProperties: {} }), /additionalProperties is true or false/],
    [{ properties: {} }, /it has no "type"; add "type": "object"/],
    [object({ a: { type: 'number', 'x-everypage-type': 'decimal(39,0)' } }), /at most 38 digits/],
    [object({ a: { type: 'string', 'x-everypage-type': 'decimal(3,0)' } }), /of a number/],
    [object({ a: { type: 'array', items: { $ref: '#' } } }), /at properties\.a\.items: .*"\$ref"/],
  ] as const) {
    assert.throws(() => pinsOf(schema), { code: 'USAGE', message });
  }
  assert.throws(() => readPinnedTypes({ path: null, text: '{' }), /the schema is no JSON Schema/);
  let deep: object = { type: 'string' };
  for (let level = 0; level < 100; level += 1) deep = object({ a: deep });
  assert.throws(() => pinsOf(deep), /it is nested too deeply/);
});
