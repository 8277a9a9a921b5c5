/**
 * Expressions that go through one list of a page and look at each element by itself: `items[?a].b`. Values take
 * ten times the memory of their text, so only one element at a time is made into values.
 */
import { type Expression, evaluate } from './jmespath/evaluate.ts';
import { type PageTree, readPageTree } from './jmespath/page-tree.ts';
import { RecordsText } from './jmespath/result-text.ts';
import { elementsOf, isArray, isTrue, rootOf, type Value } from './jmespath/value.ts';
import { createJsonScanner, freeSpans } from './json-scan.ts';
import { fieldsOf } from './list-of-expression.ts';
import { type FoundRecords, keysOf } from './selection.ts';

interface Projection {
  /** Keys from the top of the page to the list. */
  readonly keys: readonly string[];
  /** An element that is a list stands for its own elements. */
  readonly flattens: boolean;
  /** Elements that do not meet it are left out. */
  readonly condition: Expression | null;
  readonly each: Expression;
}

/** Null for an expression that is of another kind. */
export function projectionOf(expression: Expression): Projection | null {
  switch (expression.type) {
    case 'then': {
      const names = fieldsOf(expression.left);
      const inner = names === null ? null : projectionOf(expression.right);
      return inner === null ? null : { ...inner, keys: [...names!, ...inner.keys] };
    }
    case 'elements': {
      const { list, each } = expression;
      const flattens = list.type === 'flatten';
      return through(flattens ? list.list : list, { flattens, condition: null, each });
    }
    case 'filter': {
      const { list, condition, each } = expression;
      return through(list, { flattens: false, condition, each });
    }
    default:
      return null;
  }
}

function through(list: Expression, how: Omit<Projection, 'keys'>): Projection | null {
  const keys = fieldsOf(list);
  return keys === null ? null : { keys, ...how };
}

/**
 * A function that applies it to pages, each known to be valid JSON. Throws `ExpressionFault` where a function of
 * the expression does not fit an element.
 */
export function createProjector({
  keys,
  flattens,
  condition,
  each,
}: Projection): (page: Uint8Array) => FoundRecords {
  const scanner = createJsonScanner({ text: '@', keys: keysOf(keys) });

  function add(records: RecordsText, tree: PageTree, element: Value): void {
    if (condition !== null && !isTrue(evaluate(condition, element, tree))) return;
    const record = evaluate(each, element, tree);
    if (record !== null) records.add(tree, record);
  }

  return (page) => {
    const list = scanner.scan(page);
    if (!list.valid || list.found === 'missing' || !isList(page, list)) {
      return new RecordsText(0, 0).found();
    }
    const records = new RecordsText(list.count, page.length);
    for (let index = 0; index < list.count; index++) {
      const tree = readPageTree(page.subarray(list.spans[2 * index], list.spans[2 * index + 1]));
      const element = rootOf(tree);
      if (!flattens || !isArray(element)) add(records, tree, element);
      else for (const inner of elementsOf(tree, element)) add(records, tree, inner);
    }
    freeSpans(list);
    return records.found();
  };
}

const OPEN_BRACKET = 0x5b;

/** Whether what was found are the elements of a list, and not one value that stands alone. */
function isList(page: Uint8Array, { count, spans }: FoundRecords): boolean {
  if (count !== 1) return count > 0;
  let at = spans[0]! - 1;
  while (at >= 0 && page[at]! <= 0x20) at--;
  return page[at] === OPEN_BRACKET;
}
