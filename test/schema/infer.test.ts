import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ColumnType, createInference, createRowReader } from '../../src/schema/schema.ts';

function schemaOf(...records: readonly string[]) {
  const inference = createInference();
  for (const record of records) inference.add(Buffer.from(record), 0);
  return inference.schema();
}

/** The type of a column of these literals, and how its values are read. */
function column(...literals: readonly string[]) {
  const records = literals.map((literal) => `{"a":${literal}}`);
  const schema = schemaOf(...records);
  const read = createRowReader(schema);
  const values = records.map((record) => read(Buffer.from(record), 0)[0]);
  return { type: schema.columns[0]!.type, values };
}

function typeOf(...literals: readonly string[]): ColumnType {
  return column(...literals).type;
}

const JSON_NUMBERS = { kind: 'json', of: ['number'] };

describe('Numbers', () => {
  test('of 64 bits are integers, with all their digits', () => {
    const ends = ['9223372036854775807', '-9223372036854775808', '0', '1e3', '9007199254740993'];
    const { type, values } = column(...ends);
    assert.deepEqual(type, { kind: 'integer' });
    assert.deepEqual(values, [2n ** 63n - 1n, -(2n ** 63n), 0n, 1000n, 9007199254740993n]);
  });

  test('beyond 64 bits are decimals up to 38 digits, then text', () => {
    const { type, values } = column('9223372036854775808', '1');
    assert.deepEqual(type, { kind: 'decimal', precision: 19, scale: 0 });
    assert.deepEqual(values, [2n ** 63n, 1n]);
    assert.equal(typeOf('9'.repeat(38)).kind, 'decimal');
    const long = `1${'0'.repeat(37)}1`;
    assert.deepEqual(column(long, '7'), { type: JSON_NUMBERS, values: [long, '7'] });
  });

  test('with a point are decimals of the precision and scale that were seen', () => {
    const { type, values } = column('1.50', '-12345.6', '3', '0.001', '2e-3');
    assert.deepEqual(type, { kind: 'decimal', precision: 8, scale: 3 });
    assert.deepEqual(values, [1500n, -12345600n, 3000n, 1n, 2n]);
    assert.deepEqual(typeOf('0', '0.00'), { kind: 'decimal', precision: 2, scale: 2 });
    assert.equal(typeOf('0', `0.${'1'.repeat(38)}`).kind, 'decimal');
  });

  test('too wide for a decimal are doubles only where no digit changes', () => {
    assert.deepEqual(column('1e300', '0.1'), {
      type: { kind: 'double', hasNegativeZero: false },
      values: [1e300, 0.1],
    });
    assert.deepEqual(typeOf('1e300', '0.12345678901234567890'), JSON_NUMBERS);
    assert.deepEqual(typeOf('1e400'), JSON_NUMBERS);
    assert.deepEqual(typeOf('1e-400'), JSON_NUMBERS);
    assert.equal(typeOf('0e99999999999999999999').kind, 'integer');
  });

  test('with a negative zero are doubles, or text where a double would round', () => {
    const { type, values } = column('-0', '5');
    assert.deepEqual(type, { kind: 'double', hasNegativeZero: true });
    assert.deepEqual(values, [-0, 5]);
    assert.equal(typeOf('-0.0').kind, 'double');
    assert.deepEqual(column('-0', '9007199254740993').values, ['-0', '9007199254740993']);
  });
});

describe('Dates and timestamps', () => {
  test('are those of the calendar', () => {
    assert.deepEqual(column('"1970-01-02"', '"2024-02-29"', '"0001-01-01"'), {
      type: { kind: 'date' },
      values: [1, 19782, -719162],
    });
    for (const text of ['2023-02-29', '2024-13-01', '0000-01-01', '2024-1-01', '20240101']) {
      assert.equal(typeOf(`"${text}"`).kind, 'string', text);
    }
  });

  test('have one form in a column, else they are strings', () => {
    const { type, values } = column('"1970-01-01T00:00:01.5Z"', '"1969-12-31T23:59:59.0Z"');
    assert.deepEqual(type, { kind: 'timestamp', offset: 'Z', digits: 1 });
    assert.deepEqual(values, [1_500_000n, -1_000_000n]);
    const offset = column('"2024-06-01T02:00:00+02:00"', 'null');
    assert.deepEqual(offset.type, { kind: 'timestamp', offset: '+02:00', digits: 0 });
    assert.deepEqual(offset.values, [1_717_200_000_000_000n, null]);
    const z = '"2024-06-01T00:00:00Z"';
    for (const other of [
      '"2024-06-01T00:00:00+00:00"',
      '"2024-06-01T00:00:00.000Z"',
      '"2024-06-01"',
      '""',
    ]) {
      assert.deepEqual(column(z, other).values, [z.slice(1, -1), other.slice(1, -1)]);
    }
    for (const odd of [
      '2024-06-01T00:00:00',
      '2024-06-01T24:00:00Z',
      '2024-06-01T23:59:60Z',
      '2024-06-01T00:00:00.1234567Z',
      '2024-06-01 00:00:00Z',
      '2024-02-30T00:00:00Z',
    ]) {
      assert.equal(typeOf(`"${odd}"`).kind, 'string', odd);
    }
  });
});

describe('Types', () => {
  test('that conflict become JSON text, and null and missing are null', () => {
    const records = [
      '{"a":1,"b":true}',
      '{"a":"x\\u0041"}',
      '{"a":null,"b":null}',
      '{"a":[1, {"c":2}]}',
    ];
    const schema = schemaOf(...records);
    assert.deepEqual(schema.columns[0]!.type, { kind: 'json', of: ['number', 'string', 'list'] });
    const [, b] = schema.columns;
    assert.deepEqual([b!.type, b!.hasNulls, b!.isOptional], [{ kind: 'boolean' }, true, true]);
    const read = createRowReader(schema);
    const rows = records.map((record) => read(Buffer.from(record), 0));
    assert.deepEqual(rows, [
      ['1', true],
      ['"x\\u0041"', null],
      [null, null],
      ['[1,{"c":2}]', null],
    ]);
  });

  test('of a column that changes on the last record hold all values', () => {
    const literals = [...new Array(900).fill('1'), '"late"'];
    const { type, values } = column(...literals);
    assert.equal(type.kind, 'json');
    assert.deepEqual([values[0], values[900]], ['1', '"late"']);
  });

  test('nest as lists and structs', () => {
    const { type, values } = column('[{"x":1,"y":["é"]},null,{"x":2}]', '[]', 'null');
    assert.equal(type.kind, 'list');
    assert.deepEqual(
      JSON.parse(JSON.stringify(values, (_, it) => (typeof it === 'bigint' ? Number(it) : it))),
      [[{ x: 1, y: ['é'] }, null, { x: 2, y: null }], [], null],
    );
  });

  test('that nothing is known of are JSON text: lists without items, objects without keys', () => {
    assert.deepEqual(column('[]', '[null]').values, ['[]', '[null]']);
    assert.deepEqual(column('{}', '{ }').values, ['{}', '{}']);
    assert.deepEqual(typeOf('null'), { kind: 'null' });
  });

  test('of half a surrogate pair are JSON text, because no table can hold it', () => {
    assert.deepEqual(column('"\\ud83d"').values, ['"\\ud83d"']);
    assert.deepEqual(column('"\\ud83d\\ude00"').values, ['😀']);
  });

  test('of what nests too deep, or of dictionaries with too many keys, are JSON text', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const { values } = column(deep);
    assert.match(JSON.stringify(values), /\[\[\[/);
    const wide = `{${Array.from({ length: 2001 }, (_, at) => `"k${at}":1`).join()}}`;
    assert.deepEqual(column(wide, '{"k1":2}').values, [wide, '{"k1":2}']);
  });

  test('of records that are no objects stand in one column', () => {
    const schema = schemaOf('{"a":1}', '7');
    assert.equal(schema.isWhole, true);
    const read = createRowReader(schema);
    assert.deepEqual(read(Buffer.from('{"a":1}'), 0), ['{"a":1}']);
    assert.match(schema.notes.join(), /are not all objects.*"value"/);
    assert.deepEqual(schemaOf().columns.length, 1);
    assert.deepEqual(schemaOf('{}').columns[0]!.type, { kind: 'json', of: ['object'] });
  });
});

describe('Names of columns', () => {
  test('are their keys, with a suffix where two are alike or one is empty', () => {
    const schema = schemaOf('{"id":1,"ID":2,"":3,"id_2":4,"select":5,"a\\u0000b":6,"Unnamed":7}');
    assert.deepEqual(
      schema.columns.map(({ name }) => name),
      ['id', 'ID_3', 'unnamed_2', 'id_2', 'select', 'a\uFFFDb', 'Unnamed'],
    );
    assert.equal(schema.notes.length, 1);
    assert.match(schema.notes[0]!, /"ID" is "ID_3", "" is "unnamed_2"/);
    assert.deepEqual(
      createRowReader(schema)(Buffer.from('{"":3,"ID":2,"\\u0069d":1}'), 0).slice(0, 3),
      [1n, 2n, 3n],
    );
  });

  test('of the same key twice hold the last value, which is said', () => {
    const schema = schemaOf('{"a":1,"a":2}');
    assert.deepEqual(createRowReader(schema)(Buffer.from('{"a":1,"a":2}'), 0), [2n]);
    assert.match(schema.notes.join(), /same key twice/);
  });

  test('called __proto__ are like others', () => {
    const { values } = column('{"__proto__":{"x":1}}');
    assert.deepEqual(Object.entries(values[0] as object).length, 1);
  });
});
