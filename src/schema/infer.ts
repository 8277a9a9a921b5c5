import { columnNames } from '../core/column-names.ts';
import type { TableColumn } from '../core/table-options.ts';
import { parseSelection, RecordFields } from '../decode/decode.ts';
import { type Pin, pinAt } from './pinned-types.ts';
import { type Budget, Seen } from './seen.ts';
import { type Field, kindsOf, MOST_FIELDS_IN_ALL, type RecordSchema } from './types.ts';

/** Collects what the values of each column have in common. */
interface Inference {
  /**
   * Looks at the record that begins at `start`, which is valid JSON.
   *
   * @throws PinFault where it has a value that is not of the type that is pinned for it
   */
  add(bytes: Uint8Array, start: number): void;
  /** The schema of the records so far. */
  schema(): RecordSchema;
}

interface InferenceOptions {
  /** What the user wants of each record; null: all that it has. */
  readonly columns?: readonly TableColumn[] | null;
  /** Types of the records that the user wants whatever comes. With `columns` only those of the columns count. */
  readonly pinned?: Pin;
}

/**
 * Starts an inference. Its memory depends on the number of columns, never on the number of records: an
 * object with more than `MOST_FIELDS` keys, as a dictionary has them, becomes JSON text, and so does
 * what nests deeper than `MOST_LEVELS`.
 *
 * @example
 * const inference = createInference();
 * inference.add(Buffer.from('{"id":1}'), 0);
 * inference.schema().columns[0].type; // { kind: 'integer' }
 */
export function createInference({
  columns = null,
  pinned = null,
}: InferenceOptions = {}): Inference {
  const budget = { fields: MOST_FIELDS_IN_ALL, sameKeys: false };
  return columns === null ? ofRecords(pinned, budget) : ofColumns(columns, pinned, budget);
}

function ofRecords(pinned: Pin, budget: Budget): Inference {
  const seen = new Seen(pinned, '');
  let records = 0;
  return {
    add(bytes, start) {
      records += 1;
      seen.look(bytes, start, 0, budget);
    },
    schema: () => schemaOf(seen, records, budget.sameKeys),
  };
}

function schemaOf(seen: Seen, records: number, hasSameKeys: boolean): RecordSchema {
  const type = seen.type();
  const { hasNulls } = seen;
  const isWhole = type.kind !== 'struct';
  const columns = isWhole
    ? [{ key: 'value', name: 'value', type, hasNulls, isOptional: false }]
    : // A record that is null has no field.
      type.fields.map((field) => ({ ...field, isOptional: field.isOptional || hasNulls }));
  const notes = notesOf(columns, isWhole, records, hasSameKeys);
  return { columns, paths: null, isWhole, hasNulls, hasSameKeys, records, notes };
}

/** Only the values at the paths of the columns are looked at. */
function ofColumns(named: readonly TableColumn[], pinned: Pin, budget: Budget): Inference {
  const paths = named.map(({ path }) => path);
  const { fields, at } = RecordFields.at(paths);
  const seen = paths.map((path) => {
    const keys = parseSelection(path).keys.map(({ name }) => name);
    return { values: new Seen(pinAt(pinned, keys), path), count: 0 };
  });
  const keys = named.map(({ name }) => name);
  const names = columnNames(keys, (name) => name.toLowerCase());
  return {
    add(bytes, start) {
      fields.read(bytes, start);
      for (let index = 0; index < at.length; index += 1) {
        const field = at[index]!;
        if (!fields.has(field)) continue;
        const { values } = seen[index]!;
        seen[index]!.count += 1;
        values.look(bytes, field.start, 1, budget);
      }
    },
    schema() {
      const { record: records } = fields;
      const columns = seen.map(({ values, count }, index) => ({
        key: keys[index]!,
        name: names[index]!,
        type: values.type(),
        hasNulls: values.hasNulls,
        isOptional: count < records,
      }));
      const unmet = records === 0 ? [] : keys.filter((_, index) => seen[index]!.count === 0);
      const notes = [...notesOf(columns, false, records, budget.sameKeys), ...unmetNotes(unmet)];
      const hasSameKeys = budget.sameKeys;
      return { columns, paths, isWhole: false, hasNulls: false, hasSameKeys, records, notes };
    },
  };
}

/** What a user should know of the names and types of a schema, a sentence each. */
function notesOf(
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

/** Says which of the columns that the user named no record has. */
export function unmetNotes(unmet: readonly string[]): readonly string[] {
  if (unmet.length === 0) return [];
  return [
    `no record has ${unmet.join(', ')}: the cells of ${unmet.length === 1 ? 'that column' : 'those columns'} are empty`,
  ];
}
