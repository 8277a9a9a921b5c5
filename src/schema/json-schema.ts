import { EXACT_TYPE } from './pinned-types.ts';
import type { ColumnType, Field, JsonKind, RecordSchema } from './types.ts';

/** A JSON Schema, as plain data. */
export type JsonSchema = { readonly [keyword: string]: unknown };

const NAMES: Readonly<Record<JsonKind, string>> = {
  boolean: 'boolean',
  number: 'number',
  string: 'string',
  list: 'array',
  object: 'object',
};

/**
 * The schema of one record as JSON Schema (draft 2020-12). All records that were seen are valid under
 * it; it allows keys that no record had. `readPinnedTypes` reads it as the same types.
 */
export function jsonSchemaOf({ columns, isWhole, hasNulls }: RecordSchema): JsonSchema {
  const $schema = 'https://json-schema.org/draft/2020-12/schema';
  const type = isWhole ? columns[0]!.type : { kind: 'struct' as const, fields: columns };
  return { $schema, ...nullable({ type, hasNulls }) };
}

function objectOf(fields: readonly Field[]): JsonSchema {
  const properties = Object.fromEntries(fields.map((field) => [field.key, nullable(field)]));
  const required = fields.filter(({ isOptional }) => !isOptional).map(({ key }) => key);
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) };
}

function nullable({ type, hasNulls }: Pick<Field, 'type' | 'hasNulls'>): JsonSchema {
  const schema = schemaOf(type);
  if (!hasNulls || type.kind === 'null') return schema;
  const { type: names, ...rest } = schema;
  return { type: [names, 'null'].flat(), ...rest };
}

function schemaOf(type: ColumnType): JsonSchema {
  switch (type.kind) {
    case 'decimal':
      return { type: 'number', [EXACT_TYPE]: `decimal(${type.precision}, ${type.scale})` };
    case 'double':
      return { type: 'number' };
    case 'date':
      return { type: 'string', format: 'date' };
    case 'timestamp':
      return { type: 'string', format: 'date-time' };
    case 'list':
      return { type: 'array', items: nullable({ type: type.items, hasNulls: type.hasNulls }) };
    case 'struct':
      return objectOf(type.fields);
    case 'json': {
      const names = type.of.map((kind) => NAMES[kind]);
      const [name] = names;
      // Lists and objects of which nothing is said are JSON text already, and so are several types.
      const isText = names.length > 1 || name === 'array' || name === 'object';
      return isText
        ? { type: names.length > 1 ? names : name }
        : { type: name, [EXACT_TYPE]: 'json' };
    }
    default:
      return { type: type.kind };
  }
}
