/** What JSON values a column holds, null apart. */
export type JsonKind = 'boolean' | 'number' | 'string' | 'list' | 'object';

export type ColumnType =
  /** No value but null. */
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean' }
  /** 64 bits, signed. */
  | { readonly kind: 'integer' }
  /** Exact; `precision` is the number of all digits, at most 38, `scale` of those behind the point. */
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** The shortest form of each double has the digits of its literal. */
  | { readonly kind: 'double'; readonly hasNegativeZero: boolean }
  | { readonly kind: 'date' }
  /** All values have this offset, `Z` or `+02:00`, and so many digits of a second. */
  | { readonly kind: 'timestamp'; readonly offset: string; readonly digits: number }
  /** `hasNul`: NUL is in a value, which text of some databases cannot hold. */
  | { readonly kind: 'string'; readonly hasNul?: true }
  | { readonly kind: 'list'; readonly items: ColumnType; readonly hasNulls: boolean }
  | { readonly kind: 'struct'; readonly fields: readonly Field[] }
  /** The JSON text of the value: kinds that conflict, or what no other type holds exactly. */
  | { readonly kind: 'json'; readonly of: readonly JsonKind[] };

export interface Field {
  /** As the records have it. */
  readonly key: string;
  /** As a table has it: not empty, and no other field of its object has it, in upper or lower case. */
  readonly name: string;
  readonly type: ColumnType;
  /** It is null somewhere. */
  readonly hasNulls: boolean;
  /** An object does not have it. */
  readonly isOptional: boolean;
}

export interface RecordSchema {
  /** At least one. */
  readonly columns: readonly Field[];
  /** Where the columns stand in a record, as dotted paths, if the user named them; null: each under its key. */
  readonly paths: readonly string[] | null;
  /** Not all records are objects that have columns: the only column holds each whole. */
  readonly isWhole: boolean;
  /** A record is null. */
  readonly hasNulls: boolean;
  /** An object has a key twice; the last value counts. */
  readonly hasSameKeys: boolean;
  readonly records: number;
  /** What a user should know of names and types, a sentence each. */
  readonly notes: readonly string[];
}

/** A value in a row, by the type of its column. */
export type RowValue =
  | null
  | boolean
  /** `integer`; `decimal`: without the point; `timestamp`: microseconds since 1970, UTC. */
  | bigint
  /** `double`; `date`: days since 1970. */
  | number
  | string
  | RowValue[]
  | { [name: string]: RowValue };

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

/** Keys of one object; with more it is a dictionary. SQLite's tables have as many columns. */
export const MOST_FIELDS = 2_000;
export const MOST_FIELDS_IN_ALL = 20_000;
/** Objects and lists within each other. */
export const MOST_LEVELS = 24;
/** The most digits of a decimal. */
export const MOST_DIGITS = 38;
