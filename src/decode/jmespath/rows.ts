/** `rows()`, the one function that is not of jmespath.org: records that a page holds by columns. */
import type { PageTree } from './page-tree.ts';
import { ExpressionFault } from './tokens.ts';
import {
  bare,
  elementsOf,
  isArray,
  isObject,
  isString,
  type MadeObject,
  memberOf,
  membersOf,
  typeOf,
  typeWords,
  type Value,
} from './value.ts';

/**
 * What stands in columns side by side, as one object for each row: `{"a":[1,2],"b":[3,4]}` is
 * `[{"a":1,"b":3},{"a":2,"b":4}]`. The names of columns in an array stand in another one, as text or
 * as objects with a `name`.
 */
export function rowsOf(given: Value, names: Value | undefined, tree: PageTree, at: number): Value {
  const columns = isArray(given) ? elementsOf(tree, given) : membersOf(tree, given as MadeObject);
  const keys = isArray(given) ? columnNames(names, tree) : Object.keys(given as MadeObject);
  if (keys.length !== columns.length) {
    const reason = `${columns.length} columns and ${keys.length} names of columns`;
    throw new ExpressionFault(at, `rows() takes columns, and here are ${reason}`);
  }
  const lists = columns.map((column, index) => {
    if (isArray(column)) return elementsOf(tree, column);
    const found = typeWords[typeOf(column)];
    throw new ExpressionFault(at, `rows() takes columns, and ${keys[index]} is ${found}`);
  });
  const [{ length } = []] = lists;
  const uneven = lists.findIndex((list) => list.length !== length);
  if (uneven !== -1) {
    const reason = `${keys[0]} has ${length} values and ${keys[uneven]} ${lists[uneven]!.length}`;
    throw new ExpressionFault(at, `rows() takes columns of one length, and ${reason}`);
  }
  return Array.from({ length }, (_, index) => {
    const row: Record<string, Value> = Object.create(null);
    for (const [column, key] of keys.entries()) row[key] = lists[column]![index]!;
    return row;
  });
}

function columnNames(names: Value | undefined, tree: PageTree): readonly string[] {
  if (names === undefined || !isArray(names)) return [];
  return elementsOf(tree, names).flatMap((element) => {
    const name = isObject(element) ? memberOf(tree, element, 'name') : element;
    return isString(name) ? [String(bare(name))] : [];
  });
}
