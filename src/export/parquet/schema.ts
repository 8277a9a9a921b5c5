import type { ColumnType, Field, RecordSchema } from '../../schema/schema.ts';
import { Leaf, type Levels } from './leaf.ts';
import { ListReader, type MemberOf, ObjectReader, PathsReader } from './read-nested.ts';
import {
  BooleanReader,
  DateReader,
  DoubleReader,
  IntReader,
  JsonReader,
  LongReader,
  MomentReader,
  type Reader,
  TextReader,
  WideDecimalReader,
} from './read-values.ts';
import { converted, OPTIONAL, physical, REPEATED, type SchemaElement } from './schema-element.ts';
import { Texts } from './texts.ts';
import { Booleans, Longs, Numbers, type ValueStore, WideDecimals } from './values.ts';

export interface ParquetColumns {
  /** Depth first. */
  readonly elements: readonly SchemaElement[];
  readonly leaves: readonly Leaf[];
  /** Takes the record that begins at `start`. */
  readonly read: (bytes: Uint8Array, start: number) => void;
  /** Takes the columns beside those of the record, from an object that has them all. */
  readonly readAdded: (json: Uint8Array) => void;
}

const OPEN_BRACE = 0x7b;
const LOWER_N = 0x6e;

/**
 * The columns of a Parquet file. Every one may be null, also one that never was: files of the same list then
 * have the same schema as long as its types stay the same.
 *
 * @param added columns behind those of the records
 */
export function parquetColumnsOf(
  schema: RecordSchema,
  added: readonly Field[] = [],
): ParquetColumns {
  const { columns, isWhole, paths } = schema;
  const elements: SchemaElement[] = [{ name: 'root', children: columns.length + added.length }];
  const memberOf = ({ key, name, type }: Field): MemberOf => ({
    key,
    reader: readerOf(name, type, [], { definition: 0, repetition: 0 }),
  });
  const members = columns.map(memberOf);
  const beside = new ObjectReader(added.map(memberOf), 0, false);
  const readAdded = (json: Uint8Array): void => void beside.read(json, 0, 0);
  if (paths !== null) {
    const reader = new PathsReader(
      paths,
      members.map((member) => member.reader),
    );
    const leaves = [...reader.leaves, ...beside.leaves];
    return { elements, leaves, read: (bytes, start) => reader.read(bytes, start), readAdded };
  }
  const record = new ObjectReader(members, 0, schema.hasSameKeys);
  const reader = isWhole ? members[0]!.reader : record;
  return {
    elements,
    leaves: [...reader.leaves, ...beside.leaves],
    readAdded,
    read(bytes, start) {
      const isThere = isWhole ? bytes[start] !== LOWER_N : bytes[start] === OPEN_BRACE;
      if (isThere) reader.read(bytes, start, 0);
      else reader.absent(0, 0);
    },
  };

  /** @param above the levels of what is around it */
  function readerOf(
    name: string,
    type: ColumnType,
    parents: readonly string[],
    above: Levels,
  ): Reader {
    const path = [...parents, name];
    const levels = { ...above, definition: above.definition + 1 };
    const { definition, repetition } = levels;
    if (type.kind === 'list') {
      elements.push({ name, repetition: OPTIONAL, children: 1, converted: converted.list });
      elements.push({ name: 'list', repetition: REPEATED, children: 1 });
      const within = { definition: definition + 1, repetition: repetition + 1 };
      const items = readerOf('element', type.items, [...path, 'list'], within);
      return new ListReader(items, definition, within.repetition);
    }
    if (type.kind === 'struct') {
      elements.push({ name, repetition: OPTIONAL, children: type.fields.length });
      const fields = type.fields.map(
        (field): MemberOf => ({
          key: field.key,
          reader: readerOf(field.name, field.type, path, levels),
        }),
      );
      return new ObjectReader(fields, definition, schema.hasSameKeys);
    }
    const leafOf = <Values extends ValueStore>(
      element: Omit<SchemaElement, 'name'>,
      values: Values,
    ): Leaf<Values> => {
      const whole = { name, repetition: OPTIONAL, ...element };
      elements.push(whole);
      return new Leaf(whole, path, levels, values);
    };
    switch (type.kind) {
      case 'boolean':
        return new BooleanReader(leafOf({ type: physical.boolean }, new Booleans()));
      case 'integer':
        return new LongReader(leafOf({ type: physical.int64 }, new Longs()), 0);
      case 'double':
        return new DoubleReader(leafOf({ type: physical.double }, new Numbers(true)));
      case 'date': {
        const date = { type: physical.int32, converted: converted.date };
        return new DateReader(leafOf(date, new Numbers(false)));
      }
      case 'timestamp': {
        const moment = {
          type: physical.int64,
          converted: converted.timestampMicros,
          isMoment: true,
        };
        return new MomentReader(leafOf(moment, new Longs()));
      }
      case 'decimal': {
        // In the smallest physical type that the format allows for the precision.
        const { precision, scale } = type;
        const decimal = { converted: converted.decimal, precision, scale };
        if (precision <= 9) {
          const int = leafOf({ ...decimal, type: physical.int32 }, new Numbers(false));
          return new IntReader(int, scale);
        }
        if (precision <= 18) {
          return new LongReader(leafOf({ ...decimal, type: physical.int64 }, new Longs()), scale);
        }
        const typeLength = bytesOf(precision);
        const wide = { ...decimal, type: physical.fixed, typeLength };
        return new WideDecimalReader(leafOf(wide, new WideDecimals(typeLength)), scale);
      }
      case 'string':
        return new TextReader(textLeaf());
      default:
        return new JsonReader(textLeaf());
    }

    function textLeaf(): Leaf<Texts> {
      return leafOf({ type: physical.byteArray, converted: converted.utf8 }, new Texts());
    }
  }
}

/** Bytes of a signed number of so many decimal digits. */
function bytesOf(precision: number): number {
  const bits = (10n ** BigInt(precision) - 1n).toString(2).length + 1;
  return Math.ceil(bits / 8);
}
