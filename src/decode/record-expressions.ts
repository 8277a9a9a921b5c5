import { type RecordExpressions, tableColumns } from '../core/table-options.ts';
import { type Expression, evaluate } from './jmespath/evaluate.ts';
import { fieldsUsed } from './jmespath/fields-used.ts';
import { readPageTree } from './jmespath/page-tree.ts';
import { parseExpression } from './jmespath/parse.ts';
import { bytesOf } from './jmespath/result-text.ts';
import { isTrue, rootOf } from './jmespath/value.ts';
import { copyRange } from './json-tokens.ts';
import { orSay, withBareLiterals } from './read-selection.ts';
import { RecordFields } from './record-fields.ts';
import { parseSelection, pathOf } from './selection.ts';

/**
 * What an output holds of a record: null for nothing, the same bytes for the record as it is.
 *
 * @throws EverypageError SELECTION where an expression cannot be applied to it
 */
export type ShapeRecord = (record: Uint8Array) => Uint8Array | null;

/** How a list begins, whatever comes later. */
const LIST = /^[\w.-]+ *(?:,|=(?!=))/;
/** What a list of names, or of names and paths, is made of; an expression has other characters. */
const NAMES = /^[^[\]{}|*()&'"`?!<>]+$/;

/**
 * Reads what a user says of each record: `where`, a JMESPath condition as `readCondition` reads it, and
 * `fields`, a JMESPath expression that makes the new record, or names of fields as `--columns` takes
 * them. Values that pass through keep their bytes. Null where neither is said.
 *
 * @throws EverypageError SELECTION for text that cannot be read, USAGE for a list with a name twice
 * @example
 * const shape = readRecordExpressions({ where: 'id > `1`', fields: 'id,town=address.city' });
 * shape?.(Buffer.from('{"id":2.0}')); // {"id":2.0,"town":null}
 */
export function readRecordExpressions({ where, fields }: RecordExpressions): ShapeRecord | null {
  if (where === null && fields === null) return null;
  const condition = where === null ? null : conditionOf(where);
  const made = fields === null ? null : fieldsOf(fields);
  const reduced = createReducer([condition, made].filter((expression) => expression !== null));
  return (record) => {
    const tree = readPageTree(reduced(record));
    const root = rootOf(tree);
    const isKept =
      condition === null ||
      orSay('--where', where!, 'does not fit this record', () =>
        isTrue(evaluate(condition, root, tree)),
      );
    if (!isKept) return null;
    if (made === null) return record;
    return orSay('--fields', fields!, 'does not fit this record', () =>
      bytesOf(tree, evaluate(made, root, tree)),
    );
  };
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Makes of a record one that has no more members than the expressions look at: a tree of all others would
 * cost several times what they need. It is overwritten by the next.
 */
function createReducer(expressions: readonly Expression[]): (record: Uint8Array) => Uint8Array {
  const used = expressions.map(fieldsUsed);
  if (used.includes(null)) return (record) => record;
  const names = [...new Set(used.flatMap((its) => [...its!]))];
  const { fields, at } = RecordFields.at(names.map((name) => pathOf([name])));
  const keys = names.map((name) => Buffer.from(`,${JSON.stringify(name)}:`));
  const keyBytes = keys.reduce((sum, { length }) => sum + length, 2);
  let reduced = new Uint8Array(1024);
  return (record) => {
    if (record[0] !== OPEN_BRACE) return record;
    fields.read(record, 0);
    const most = record.length + keyBytes;
    if (reduced.length < most) reduced = new Uint8Array(2 * most);
    let end = 0;
    for (let index = 0; index < at.length; index += 1) {
      const field = at[index]!;
      if (!fields.has(field)) continue;
      reduced.set(keys[index]!, end);
      end = copyRange(reduced, end + keys[index]!.length, record, field.start, field.end);
    }
    // It stands where the first comma would.
    reduced[0] = OPEN_BRACE;
    if (end === 0) end = 1;
    reduced[end] = CLOSE_BRACE;
    return reduced.subarray(0, end + 1);
  };
}

function conditionOf(text: string): Expression {
  return orSay('--where', text, 'cannot be read', () => withBareLiterals(parseExpression(text)));
}

function fieldsOf(text: string): Expression {
  if (NAMES.test(text) && !text.includes('==')) return namedFields(text);
  const what = LIST.test(text)
    ? 'is no list of names and paths, and as JMESPath, which would be {id: id, tag: tags[0].name}, it cannot be read'
    : 'cannot be read';
  return orSay('--fields', text, what, () => parseExpression(text));
}

/** `id,town=address.city` is `{id: id, town: address.city}`. */
function namedFields(text: string): Expression {
  const columns = tableColumns(text.split(',').map((name) => name.trim()));
  const members = columns.map(({ name, path }) => ({ name, value: pathExpression(path) }));
  return { type: 'object', members };
}

function pathExpression(path: string): Expression {
  const [first, ...rest] = parseSelection(path).keys.map(
    ({ name }): Expression => ({ type: 'field', name }),
  );
  if (first === undefined) return { type: 'current' };
  return rest.reduce((left, right): Expression => ({ type: 'then', left, right }), first);
}
