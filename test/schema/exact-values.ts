/** Random documents, and what they say, in a form that forgets nothing but what a table cannot tell. */
import fc from 'fast-check';
import type { ColumnType, RecordSchema, RowValue } from '../../src/schema/schema.ts';

/**
 * JSON text with each number as its digits, and without what is null: missing and null are one. Two
 * texts that give the same say the same.
 */
export function exact(text: string): unknown {
  return JSON.parse(text, (_key, value, context?: { source?: string }) => {
    if (typeof value === 'number') return exactNumber(context?.source ?? '');
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, it]) => it !== null)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  });
}

export function exactNumber(literal: string): string {
  const [, sign, whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(literal)!;
  const digits = (whole + fraction).replace(/^0+/, '');
  const short = digits.replace(/0+$/, '');
  if (short === '') return `#${sign}0`;
  return `#${sign}${short}e${Number(power) - fraction.length + digits.length - short.length}`;
}

/** What a row says, in the same form. */
export function exactRow({ columns, isWhole }: RecordSchema, row: readonly RowValue[]): unknown {
  const values = columns.map(({ type }, index) => exactValue(type, row[index]!));
  if (isWhole) return values[0];
  return objectOf(columns.map(({ key }, index) => [key, values[index]]));
}

function objectOf(entries: readonly (readonly [string, unknown])[]): unknown {
  const there = entries.filter(([, it]) => it !== null).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(there);
}

export function exactValue(type: ColumnType, value: RowValue): unknown {
  if (value === null) return null;
  switch (type.kind) {
    case 'integer':
      return exactNumber(String(value));
    case 'double':
      return exactNumber(Object.is(value, -0) ? '-0' : String(value));
    case 'decimal':
      return exactNumber(`${value}e-${type.scale}`);
    case 'date':
      return new Date((value as number) * 86_400_000).toISOString().slice(0, 10);
    case 'timestamp':
      return timestamp(value as bigint, type.offset, type.digits);
    case 'list':
      return (value as RowValue[]).map((item) => exactValue(type.items, item));
    case 'struct':
      return objectOf(
        type.fields.map((field) => [
          field.key,
          exactValue(field.type, (value as Record<string, RowValue>)[field.name]!),
        ]),
      );
    case 'json':
      return exact(value as string);
    default:
      return value;
  }
}

function timestamp(microseconds: bigint, offset: string, digits: number): string {
  const [, sign, hours, minutes] = /^(?:Z|([+-])(\d\d):(\d\d))$/.exec(offset)!;
  const shift = BigInt(Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000_000n;
  const local = microseconds + (sign === '-' ? -shift : shift);
  const fraction = ((local % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((local - fraction) / 1000n)).toISOString().slice(0, 19);
  const shown = digits === 0 ? '' : `.${String(fraction).padStart(6, '0').slice(0, digits)}`;
  return `${seconds}${shown}${offset}`;
}

const digits = (most: number): fc.Arbitrary<string> =>
  fc.bigInt({ min: 0n, max: 10n ** BigInt(most) }).map(String);

const integer = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }).map((it) => (Object.is(it, -0) ? '0' : String(it))),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
);

const number = fc.oneof(
  integer,
  fc.tuple(fc.constantFrom('', '-'), digits(12), digits(12)).map(([s, a, b]) => `${s}${a}.${b}`),
  fc.tuple(digits(40), fc.integer({ min: -50, max: 50 })).map(([a, e]) => `${a}e${e}`),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((it) => JSON.stringify(it)),
  fc.constantFrom('-0', '-0.0', '1e400', '1E-400', '0e5', '9007199254740993', '1.50'),
);

const string = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }).map((it) => JSON.stringify(it)),
  fc.constantFrom(
    '""',
    '"\\ud83d"',
    '"\\ud83d\\ude00"',
    '"a\\u0000\\n\\""',
    '"{}"',
    '"null"',
    '"1"',
  ),
);

/** Columns of one type are as likely as those that conflict. */
const scalars: readonly fc.Arbitrary<string>[] = [
  integer,
  number,
  string,
  fc.boolean().map(String),
  fc.constantFrom('"2024-02-29"', '"1969-12-31"', '"0001-01-01"', '"9999-12-31"'),
  fc.constantFrom('"2024-02-29T01:02:03.123Z"', '"1969-12-31T23:59:59.999Z"'),
  fc.constantFrom('"2024-02-29T01:02:03-05:30"', '"0001-01-01T00:00:00-05:30"'),
  fc.constantFrom('"2024-02-29"', '"2024-02-30"', '"2024-02-29T01:02:03Z"'),
  fc.oneof(number, string, fc.constant('null')),
];

const keys = fc.constantFrom('id', 'ID', 'a', '', 'select', 'é.x', '__proto__', 'unnamed', 'value');

/** A kind of value, of which each record takes one. */
function kinds(levels: number): fc.Arbitrary<fc.Arbitrary<string>> {
  const scalar = fc.constantFrom(...scalars);
  if (levels === 0) return scalar;
  return fc.oneof(
    { weight: 3, arbitrary: scalar },
    { weight: 1, arbitrary: kinds(levels - 1).map((kind) => listOf(kind)) },
    { weight: 1, arbitrary: fieldKinds(levels - 1).map((fields) => recordOf(fields)) },
  );
}

function fieldKinds(levels: number): fc.Arbitrary<[string, fc.Arbitrary<string>][]> {
  return fc.uniqueArray(fc.tuple(keys, kinds(levels)), { maxLength: 5, selector: ([key]) => key });
}

function listOf(kind: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const item = fc.oneof(
    { weight: 5, arbitrary: kind },
    { weight: 1, arbitrary: fc.constant('null') },
  );
  return fc.array(item, { maxLength: 3 }).map((items) => `[${items.join(' , ')}]`);
}

function recordOf(
  fields: readonly (readonly [string, fc.Arbitrary<string>])[],
): fc.Arbitrary<string> {
  const parts = fields.map(([key, kind]) =>
    fc.oneof(
      { weight: 5, arbitrary: kind.map((value) => `${JSON.stringify(key)}: ${value}`) },
      { weight: 1, arbitrary: fc.constantFrom('', `${JSON.stringify(key)}:null`) },
    ),
  );
  return fc.tuple(...parts).map((texts) => `{${texts.filter((it) => it !== '').join(',')}}`);
}

/** Records of one list: mostly objects of the same fields, some of which hold values of other kinds. */
export const documents: fc.Arbitrary<string[]> = fieldKinds(2).chain((fields) =>
  fc.array(
    fc.oneof(
      { weight: 60, arbitrary: recordOf(fields) },
      { weight: 1, arbitrary: fc.constantFrom('7', '"x"', '[1]', '{}') },
    ),
    { maxLength: 6 },
  ),
);
