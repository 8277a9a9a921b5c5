import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createInference,
  createRowReader,
  type JsonSchema,
  jsonSchemaOf,
  typeScriptOf,
  withoutNesting,
} from '../../src/schema/schema.ts';
import { documents, exact, exactRow } from './exact-values.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 600);

test('random lists: every value comes back from its row, digit by digit', () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(documents, (records) => {
      const inference = createInference();
      const bytes = records.map((record) => Buffer.from(record));
      for (const record of bytes) inference.add(record, 0);
      const schema = inference.schema();
      for (const { type } of schema.columns) kinds.add(type.kind);
      for (const it of [schema, withoutNesting(schema)]) {
        const read = createRowReader(it);
        for (const [index, record] of bytes.entries()) {
          assert.deepEqual(exactRow(it, read(record, 0)), exact(records[index]!));
        }
        const names = it.columns.map(({ name }) => name.toLowerCase());
        assert.equal(new Set(names).size, names.length);
        assert.ok(!names.includes(''));
      }
    }),
    { numRuns },
  );
  const all = 'boolean date decimal double integer json list null string struct timestamp';
  assert.equal([...kinds].sort().join(' '), all);
});

test('random lists are valid under their own JSON Schema, and the types are TypeScript', () => {
  fc.assert(
    fc.property(documents, (records) => {
      const inference = createInference();
      for (const record of records) inference.add(Buffer.from(record), 0);
      const schema = jsonSchemaOf(inference.schema());
      for (const record of records) {
        const wrong = faultIn(schema, JSON.parse(record));
        assert.equal(wrong, null, `${record} ${JSON.stringify(schema)}`);
      }
      assert.match(typeScriptOf(inference.schema()), /^export (?:type|interface) Item /);
    }),
    { numRuns: numRuns / 4 },
  );
});

/** The keywords that our schemas use, judged by the specification. */
function faultIn(schema: JsonSchema, value: unknown): string | null {
  const { type, properties = {}, required = [], items } = schema;
  const is = (name: string): boolean => {
    if (name === 'array') return Array.isArray(value);
    if (name === 'null') return value === null;
    if (name === 'integer') return typeof value === 'number' && Number.isInteger(value);
    if (name === 'object') {
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    }
    return typeof value === name;
  };
  if (type !== undefined && ![type].flat().some((name) => is(String(name)))) return `no ${type}`;
  if (Array.isArray(value)) {
    return value.map((it) => faultIn((items ?? {}) as JsonSchema, it)).find(Boolean) ?? null;
  }
  if (typeof value !== 'object' || value === null) return null;
  for (const key of required as string[]) if (!Object.hasOwn(value, key)) return `no ${key}`;
  for (const [key, it] of Object.entries(value)) {
    const under = Object.entries(properties as JsonSchema).find(([name]) => name === key)?.[1];
    const fault = faultIn((under ?? {}) as JsonSchema, it);
    if (fault !== null) return fault;
  }
  return null;
}
