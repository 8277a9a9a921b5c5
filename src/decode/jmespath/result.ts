import { compactRange } from '../compact.ts';
import type { FoundRecords } from '../found-records.ts';
import type { PageTree } from './page-tree.ts';
import { elementsOf, isArray, isObject, literalOf, memberOf, Scalar, type Value } from './value.ts';

const FIRST_BYTES = 16_384;
const COMMA = Buffer.from(',');

/**
 * What an expression gave, as records: an array's elements, nothing for null, else one. What is the
 * page's own is copied from it, less white space; only what the expression made is written anew.
 */
export function recordsOf(tree: PageTree, result: Value): FoundRecords {
  const records = result === null ? [] : isArray(result) ? elementsOf(tree, result) : [result];
  const text = new ResultText(tree);
  const spans = new Uint32Array(2 * records.length);
  for (const [index, record] of records.entries()) {
    if (index > 0) text.addBytes(COMMA);
    spans[2 * index] = text.length;
    text.add(record);
    spans[2 * index + 1] = text.length;
  }
  return { count: records.length, spans, compact: true, source: text.bytes() };
}

/** The value as JSON text. */
export function textOf(tree: PageTree, value: Value): string {
  const text = new ResultText(tree);
  text.add(value);
  return Buffer.from(text.bytes()).toString();
}

class ResultText {
  readonly #tree: PageTree;
  #block = new Uint8Array(FIRST_BYTES);
  length = 0;

  constructor(tree: PageTree) {
    this.#tree = tree;
  }

  bytes(): Uint8Array {
    return this.#block.subarray(0, this.length);
  }

  add(value: Value): void {
    if (value instanceof Scalar) this.#addText(value.text);
    else if (typeof value === 'number') this.#addText(literalOf(value));
    else if (!isArray(value) && !isObject(value)) this.#addText(JSON.stringify(value));
    else {
      const span = this.#tree.spans.get(value);
      if (span !== undefined) {
        this.addBytes(compactRange(this.#tree.bytes, span.start, span.end));
      } else if (isArray(value)) this.#addArray(value);
      else this.#addObject(value);
    }
  }

  #addArray(array: readonly Value[]): void {
    for (const [index, element] of array.entries()) {
      this.#addText(index === 0 ? '[' : ',');
      this.add(element);
    }
    this.#addText(array.length === 0 ? '[]' : ']');
  }

  #addObject(object: Readonly<Record<string, Value>>): void {
    const keys = Object.keys(object);
    for (const [index, key] of keys.entries()) {
      this.#addText(`${index === 0 ? '{' : ','}${JSON.stringify(key)}:`);
      this.add(memberOf(this.#tree, object, key));
    }
    this.#addText(keys.length === 0 ? '{}' : '}');
  }

  #addText(text: string): void {
    this.addBytes(Buffer.from(text));
  }

  addBytes(bytes: Uint8Array): void {
    const after = this.length + bytes.length;
    if (after > this.#block.length) {
      const larger = new Uint8Array(2 * after);
      larger.set(this.bytes());
      this.#block = larger;
    }
    this.#block.set(bytes, this.length);
    this.length = after;
  }
}
