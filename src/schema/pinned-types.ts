import { usageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import type { SchemaText } from '../core/table-options.ts';
import { type ColumnType, type JsonKind, MOST_DIGITS, MOST_LEVELS } from './types.ts';

/** The type that a user wants of a column, whatever its values are. */
export type PinnedType =
  | Exclude<ColumnType, { readonly kind: 'double' | 'timestamp' | 'list' | 'struct' }>
  | { readonly kind: 'double' }
  | { readonly kind: 'timestamp' }
  | { readonly kind: 'list'; readonly items: Pin }
  | {
      readonly kind: 'struct';
      readonly fields: ReadonlyMap<string, Pin>;
      /** Keys that are not named may be there, too. */
      readonly isOpen: boolean;
    };

/** Null where nothing is said, so that the type is found among the values. */
export type Pin = PinnedType | null;

/**
 * What JSON Schema has no word for: `decimal(5, 3)`, and `json` for JSON text where a narrower type could
 * be. A keyword that a validator does not know is an annotation to it (JSON Schema 2020-12, 6.5).
 */
export const EXACT_TYPE = 'x-everypage-type';

/** These say nothing of types. `required` is one: in a table a column that a record does not have is NULL. */
const ANNOTATIONS = new Set([
  ...['$schema', '$id', '$comment', 'title', 'description', 'default', 'examples'],
  ...['deprecated', 'readOnly', 'writeOnly', 'required'],
]);

const KINDS: Readonly<Record<string, JsonKind>> = {
  boolean: 'boolean',
  integer: 'number',
  number: 'number',
  string: 'string',
  array: 'list',
  object: 'object',
};

/**
 * Reads a JSON Schema of one record, of the form that `jsonSchemaOf` writes.
 *
 * @throws EverypageError USAGE for text that is no such schema, and for a keyword that pins no type
 */
export function readPinnedTypes({ path, text }: SchemaText): Pin {
  const name = path ?? 'the schema';
  return pinOf(parsed(name, text), [], name);
}

/**
 * The pin of what stands at these keys; null where the schema says nothing about it.
 */
export function pinAt(pin: Pin, keys: readonly string[]): Pin {
  return keys.reduce<Pin>(
    (outer, key) => (outer?.kind === 'struct' ? (outer.fields.get(key) ?? null) : null),
    pin,
  );
}

/** As messages name it. */
export function pinText(pin: PinnedType): string {
  if (pin.kind === 'decimal') return `decimal(${pin.precision}, ${pin.scale})`;
  if (pin.kind === 'json') return `JSON text of ${pin.of.join(' or ')}`;
  return pin.kind;
}

function parsed(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? escapeText(cause.message, 80) : '';
    throw usageError(
      `${name} is no JSON Schema: ${why}; everypage schema ARCHIVE prints one`,
      cause,
    );
  }
}

function pinOf(schema: unknown, place: readonly string[], name: string): Pin {
  const at = place.length === 0 ? 'at its top' : `at ${escapeText(place.join('.'), 80)}`;
  const fault = (what: string): Error => usageError(`${name}, ${at}: ${what}`);
  if (schema === true) return null;
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw fault('a JSON Schema is an object');
  }
  if (place.length > 2 * MOST_LEVELS) throw fault('it is nested too deeply');
  const { type, format, properties, items, additionalProperties, ...rest } = schema as Readonly<
    Record<string, unknown>
  >;
  for (const keyword of Object.keys(rest)) {
    if (ANNOTATIONS.has(keyword) || keyword.startsWith('x-')) continue;
    throw fault(
      `the keyword ${JSON.stringify(keyword)} is not supported; types are pinned by type, format, properties, items and additionalProperties`,
    );
  }
  const names = namesOf(type, fault);
  if (names === null) {
    if (properties === undefined && items === undefined) return null;
    throw fault(
      `it has no "type"; add "type": ${properties === undefined ? '"array"' : '"object"'}`,
    );
  }
  const exact = rest[EXACT_TYPE];
  const kinds = [...new Set(names.map((it) => KINDS[it]!))];
  if (exact !== undefined) return exactPin(exact, kinds, fault);
  if (kinds.length > 1) return { kind: 'json', of: kinds };
  const [kind] = kinds;
  switch (kind) {
    case undefined:
      return { kind: 'null' };
    case 'boolean':
      return { kind: 'boolean' };
    case 'number':
      return names.includes('number') ? { kind: 'double' } : { kind: 'integer' };
    case 'string':
      if (format === 'date') return { kind: 'date' };
      return format === 'date-time' ? { kind: 'timestamp' } : { kind: 'string' };
    case 'list': {
      const pin = items === undefined ? null : pinOf(items, [...place, 'items'], name);
      return pin === null ? { kind: 'json', of: kinds } : { kind: 'list', items: pin };
    }
    default:
      return structOf(properties, additionalProperties, place, name, fault);
  }
}

type MakeFault = (what: string) => Error;

/** The words of `type`, less null, which is in every type; null where there is none. */
function namesOf(type: unknown, fault: MakeFault): readonly string[] | null {
  if (type === undefined) return null;
  const names = [type].flat();
  for (const name of names) {
    if (name === 'null' || (typeof name === 'string' && Object.hasOwn(KINDS, name))) continue;
    throw fault(`${JSON.stringify(name)} is no type`);
  }
  return names.filter((name) => name !== 'null') as string[];
}

function exactPin(exact: unknown, kinds: readonly JsonKind[], fault: MakeFault): PinnedType {
  if (exact === 'json') return { kind: 'json', of: kinds };
  const [, digits, behind] = /^decimal\((\d{1,2}), ?(\d{1,2})\)$/.exec(String(exact)) ?? [];
  const [precision, scale] = [Number(digits), Number(behind)];
  const isNumber = kinds.length === 1 && kinds[0] === 'number';
  if (isNumber && precision >= 1 && precision <= MOST_DIGITS && scale <= precision) {
    return { kind: 'decimal', precision, scale };
  }
  throw fault(
    `${EXACT_TYPE} is "json", or "decimal(PRECISION, SCALE)" of a number with at most ${MOST_DIGITS} digits`,
  );
}

function structOf(
  properties: unknown,
  additional: unknown,
  place: readonly string[],
  name: string,
  fault: MakeFault,
): PinnedType {
  if (additional !== undefined && typeof additional !== 'boolean') {
    throw fault('additionalProperties is true or false here');
  }
  if (properties === undefined) return { kind: 'json', of: ['object'] };
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) {
    throw fault('properties is an object');
  }
  const fields = Object.entries(properties).map(
    ([key, schema]) => [key, pinOf(schema, [...place, 'properties', key], name)] as const,
  );
  if (fields.length === 0) return { kind: 'json', of: ['object'] };
  return { kind: 'struct', fields: new Map(fields), isOpen: additional !== false };
}
