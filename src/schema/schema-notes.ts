import { kindsOf } from './column-types.ts';
import type { Field } from './types.ts';

/** What a user should know of the names and types of a schema, a sentence each. */
export function notesOf(
  columns: readonly Field[],
  isWhole: boolean,
  records: number,
  sameKeys: boolean,
): string[] {
  const notes: string[] = [];
  const renamed = renamedIn(columns);
  if (renamed.length > 0) {
    const shown = renamed
      .slice(0, 5)
      .map(({ key, name }) => `${JSON.stringify(key)} is ${JSON.stringify(name)}`);
    const more = renamed.length > shown.length ? `, and ${renamed.length - shown.length} more` : '';
    notes.push(`names of columns were changed so that each is its own: ${shown.join(', ')}${more}`);
  }
  if (sameKeys) {
    notes.push('an object has the same key twice; the last value counts, as for most readers');
  }
  if (isWhole && records > 0 && columns[0]!.type.kind !== 'null') {
    const kinds = kindsOf(columns[0]!.type);
    const isObjects = kinds.length === 1 && kinds[0] === 'object';
    const why = isObjects ? 'have no keys, or too many' : 'are not all objects';
    notes.push(`the records ${why}, so each stands whole in the column "value"`);
  }
  return notes;
}

function renamedIn(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) => {
    let { type } = field;
    while (type.kind === 'list') type = type.items;
    const below = type.kind === 'struct' ? renamedIn(type.fields) : [];
    return field.key === field.name ? below : [field, ...below];
  });
}

/** Of columns that the user named, those that no record has. */
export function unmetNotes(unmet: readonly string[]): readonly string[] {
  if (unmet.length === 0) return [];
  return [
    `no record has ${unmet.join(', ')}: the cells of ${unmet.length === 1 ? 'that column' : 'those columns'} are empty`,
  ];
}
