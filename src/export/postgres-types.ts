/** The types of PostgreSQL that hold values exactly, and whether a column that is there holds them. */
import { type ColumnType, type Field, jsonTextOf, type RecordSchema } from '../schema/schema.ts';
import {
  asText,
  type Dialect,
  type Digits,
  type Fit,
  INT64_DIGITS,
  widenedDigits,
} from './database-table.ts';

/** How the values of a column travel: as text through COPY, to a staging column, and from there. */
export interface Passage {
  /** What a reader of rows gives for COPY. */
  readonly read: ColumnType;
  /** The type of the staging column. */
  readonly staged: string;
  /** Another type that the staged value is cast to; null where it goes as it is. */
  readonly cast: string | null;
  /** The cast may change a value, so each is held against what it became. */
  readonly isChecked: boolean;
}

/** The column takes text of any length. */
const TEXT = new Set(['text', 'character varying']);
const JSON_TYPES = new Set(['json', 'jsonb']);
const INTEGERS = new Set(['smallint', 'integer', 'bigint']);
/** Text is no value of these, whatever PostgreSQL would make of it. */
const NO_TEXT =
  /^(?:smallint|integer|bigint|numeric|real|double precision|money|boolean|date|time|interval|bytea|json|bit|xml|oid)|\[\]$/;

/** PostgreSQL's offsets end before 16 hours. */
const isFarOffset = (offset: string): boolean => /^[+-]1[6-9]/.test(offset);

/** The type of a column that is made for the values. `jsonb` becomes `json` where a value does not fit. */
export function postgresType({ type }: Pick<Field, 'type'>): string {
  switch (type.kind) {
    case 'null':
      return 'text';
    case 'boolean':
    case 'date':
      return type.kind;
    case 'integer':
      return 'bigint';
    case 'decimal':
      return `numeric(${type.precision},${type.scale})`;
    case 'double':
      return 'double precision';
    case 'timestamp':
      return isFarOffset(type.offset) ? 'text' : 'timestamp with time zone';
    case 'string':
      return type.hasNul ? 'jsonb' : 'text';
    default:
      return 'jsonb';
  }
}

/**
 * How values of a type come to a column; null where it may not take them.
 *
 * @param target as `format_type` of PostgreSQL names it
 */
export function passageTo(target: string, type: ColumnType): Passage | null {
  if (JSON_TYPES.has(target)) {
    return { read: jsonTextOf(type), staged: 'text', cast: target, isChecked: false };
  }
  if (type.kind === 'null') return { read: type, staged: 'text', cast: target, isChecked: false };
  const isTree = type.kind === 'json' || type.kind === 'list' || type.kind === 'struct';
  // Text ends at NUL in PostgreSQL.
  if (type.kind === 'string' && type.hasNul) return null;
  if (TEXT.has(target)) return throughText(type, null);
  if (isTree) return null;
  const own = ownPassage(target, type);
  if (own !== null) return own;
  return NO_TEXT.test(target) || type.kind === 'boolean' ? null : throughText(type, target);
}

function throughText(type: ColumnType, cast: string | null): Passage {
  return { read: asText(type), staged: 'text', cast, isChecked: cast !== null };
}

/** To a column of the same family. */
function ownPassage(target: string, type: ColumnType): Passage | null {
  const to = (staged: string, read: ColumnType, isExact: boolean): Passage => ({
    read,
    staged,
    cast: isExact ? null : target,
    isChecked: !isExact,
  });
  switch (type.kind) {
    case 'boolean':
      return target === 'boolean' ? to('boolean', type, true) : null;
    case 'integer':
      return isNumber(target) ? to('bigint', type, target === 'bigint') : null;
    case 'decimal':
      return isNumber(target)
        ? to('numeric', jsonTextOf(type), holds(target, type.precision - type.scale, type.scale))
        : null;
    case 'double': {
      const isFloat = target === 'double precision' || target === 'real';
      return isFloat ? to('double precision', jsonTextOf(type), target !== 'real') : null;
    }
    case 'date':
      return target === 'date' ? to('date', { kind: 'string' }, true) : null;
    case 'timestamp': {
      if (isFarOffset(type.offset) || !target.startsWith('timestamp')) return null;
      // A moment has a clock time only where everybody's clock is the same.
      if (target.endsWith('without time zone') && type.offset !== 'Z') return null;
      const staged = 'timestamp with time zone';
      return to(staged, { kind: 'string' }, target === staged);
    }
    default:
      return null;
  }
}

function isNumber(target: string): boolean {
  return INTEGERS.has(target) || /^(?:numeric|real|double precision)/.test(target);
}

/** Null for what is no exact number, or one without limits. */
function digitsOf(target: string): Digits | null {
  if (target === 'bigint') return INT64_DIGITS;
  const [, precision, scale] = /^numeric\((\d+),(-?\d+)\)$/.exec(target) ?? [];
  if (precision === undefined) return null;
  return { whole: Number(precision) - Number(scale), scale: Number(scale) };
}

function holds(target: string, whole: number, scale: number): boolean {
  if (target === 'numeric') return true;
  const digits = target.startsWith('numeric') ? digitsOf(target) : null;
  return digits !== null && digits.whole >= whole && digits.scale >= scale;
}

/** The number type that holds what the column has and what comes; null where it is the column's own. */
function widenedNumber(target: string, type: ColumnType): string | null {
  const there = digitsOf(target);
  // A whole number of more than 64 bits may have 19 digits, too.
  const isWiderInteger = target === 'bigint' && type.kind === 'decimal';
  const digits = there && (widenedDigits(there, type) ?? (isWiderInteger ? there : null));
  return digits && `numeric(${digits.whole + digits.scale},${digits.scale})`;
}

/**
 * How PostgreSQL names and compares types.
 *
 * @param isOurs everypage made the table, so it may widen its columns
 */
export function postgresDialect(isOurs: boolean): Dialect {
  return {
    fold: (name) => name,
    typeOf: postgresType,
    fit(column, field): Fit {
      if (field.type.kind === 'null') return 'fits';
      const widened = isOurs ? widenedNumber(column.type, field.type) : null;
      if (widened !== null) return { widened };
      return passageTo(column.type, field.type) === null ? 'changes' : 'fits';
    },
  };
}

/** The same columns, as a reader of rows gives them for COPY. */
export function readFor(schema: RecordSchema, passages: readonly Passage[]): RecordSchema {
  const columns = schema.columns.map((field, index) => ({ ...field, type: passages[index]!.read }));
  return { ...schema, columns };
}
