import type { ParquetWriter } from 'hyparquet-writer';
import type { ColumnType, RecordSchema } from '../schema/schema.ts';

export type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

/**
 * The schema of a Parquet file. Every column may be null, also one that never was: files of the same list
 * then have the same schema as long as its types stay the same.
 */
export function parquetSchemaOf({ columns }: RecordSchema): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.flatMap(({ name, type }) => elementsOf(name, type)),
  ];
}

function elementsOf(name: string, type: ColumnType): SchemaElement[] {
  const optional = { name, repetition_type: 'OPTIONAL' } as const;
  switch (type.kind) {
    case 'boolean':
      return [{ ...optional, type: 'BOOLEAN' }];
    case 'integer':
      return [{ ...optional, type: 'INT64' }];
    case 'double':
      return [{ ...optional, type: 'DOUBLE' }];
    case 'decimal':
      return [decimalOf(name, type.precision, type.scale)];
    case 'date':
      return [{ ...optional, type: 'INT32', converted_type: 'DATE' }];
    case 'timestamp':
      return [
        {
          ...optional,
          type: 'INT64',
          converted_type: 'TIMESTAMP_MICROS',
          logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
        },
      ];
    case 'list':
      return [
        { ...optional, num_children: 1, converted_type: 'LIST' },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        ...elementsOf('element', type.items),
      ];
    case 'struct':
      return [
        { ...optional, num_children: type.fields.length },
        ...type.fields.flatMap((field) => elementsOf(field.name, field.type)),
      ];
    default:
      return [{ ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
  }
}

/** In the smallest physical type that the format allows for the precision. */
function decimalOf(name: string, precision: number, scale: number): SchemaElement {
  const decimal = {
    name,
    repetition_type: 'OPTIONAL',
    converted_type: 'DECIMAL',
    precision,
    scale,
  } as const;
  if (precision <= 9) return { ...decimal, type: 'INT32' };
  if (precision <= 18) return { ...decimal, type: 'INT64' };
  return { ...decimal, type: 'FIXED_LEN_BYTE_ARRAY', type_length: bytesOf(precision) };
}

/** Bytes of a signed number of so many decimal digits. */
function bytesOf(precision: number): number {
  const bits = (10n ** BigInt(precision) - 1n).toString(2).length + 1;
  return Math.ceil(bits / 8);
}
