import type { ColumnType, Field, JsonKind, RecordSchema } from './types.ts';

const NONE: readonly JsonKind[] = [];

/** The same values as JSON text. */
export function jsonTextOf(type: ColumnType): ColumnType {
  return { kind: 'json', of: kindsOf(type) };
}

/** What JSON values a type stands for. */
export function kindsOf(type: ColumnType): readonly JsonKind[] {
  switch (type.kind) {
    case 'null':
      return NONE;
    case 'json':
      return type.of;
    case 'boolean':
    case 'list':
      return [type.kind];
    case 'struct':
      return ['object'];
    case 'integer':
    case 'decimal':
    case 'double':
      return ['number'];
    default:
      return ['string'];
  }
}

/** The same schema with JSON text where a column holds lists or objects. */
export function withoutNesting(schema: RecordSchema): RecordSchema {
  return { ...schema, columns: schema.columns.map(flat) };
}

function flat(field: Field): Field {
  const { kind } = field.type;
  return kind === 'list' || kind === 'struct' ? { ...field, type: jsonTextOf(field.type) } : field;
}
