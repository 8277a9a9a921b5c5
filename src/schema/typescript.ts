import type { ColumnType, Field, JsonKind, RecordSchema } from './types.ts';

const NAMES: Readonly<Record<JsonKind, string>> = {
  boolean: 'boolean',
  number: 'number',
  string: 'string',
  list: 'unknown[]',
  object: 'Record<string, unknown>',
};

/** The type of one record as TypeScript, for what `JSON.parse` makes of it. */
export function typeScriptOf({ columns, isWhole, hasNulls }: RecordSchema): string {
  const type = isWhole ? columns[0]!.type : { kind: 'struct' as const, fields: columns };
  return isWhole || hasNulls
    ? `export type Item = ${nullable({ type, hasNulls }, '')};\n`
    : `export interface Item ${objectOf(columns, '')}\n`;
}

function objectOf(fields: readonly Field[], indent: string): string {
  const lines = fields.map((field) => {
    const { key, isOptional } = field;
    const comment = commentOf(field.type);
    const value = nullable(field, `${indent}  `);
    return `${comment === null ? '' : `${indent}  /** ${comment} */\n`}${indent}  ${property(key)}${isOptional ? '?' : ''}: ${value};\n`;
  });
  return `{\n${lines.join('')}${indent}}`;
}

function property(key: string): string {
  if (/^[A-Za-z_$][\w$]*$/.test(key)) return key;
  // Marks that a terminal or an editor acts on are escaped; they come from a server.
  return JSON.stringify(key).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (mark) =>
    mark.replace(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

function nullable({ type, hasNulls }: Pick<Field, 'type' | 'hasNulls'>, indent: string): string {
  const text = typeOf(type, indent);
  return hasNulls && type.kind !== 'null' ? `${text} | null` : text;
}

function typeOf(type: ColumnType, indent: string): string {
  switch (type.kind) {
    case 'integer':
    case 'decimal':
    case 'double':
      return 'number';
    case 'date':
    case 'timestamp':
      return 'string';
    case 'list': {
      const items = nullable({ type: type.items, hasNulls: type.hasNulls }, indent);
      const isUnion = type.hasNulls || (type.items.kind === 'json' && type.items.of.length > 1);
      return isUnion ? `(${items})[]` : `${items}[]`;
    }
    case 'struct':
      return objectOf(type.fields, indent);
    case 'json':
      return type.of.map((kind) => NAMES[kind]).join(' | ');
    default:
      return type.kind;
  }
}

/** What a type of TypeScript cannot say. */
function commentOf(type: ColumnType): string | null {
  switch (type.kind) {
    case 'date':
      return 'A date: 2024-01-31.';
    case 'timestamp':
      return `A moment: 2024-01-31T12:34:56${type.digits === 0 ? '' : `.${'123456'.slice(0, type.digits)}`}${type.offset}.`;
    case 'decimal':
      return type.scale === 0
        ? 'Integers of more than 64 bits are among them, which `JSON.parse` rounds.'
        : null;
    default:
      return null;
  }
}
