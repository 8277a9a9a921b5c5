/** How what an expression gave is written: what is the page's own is copied from it, less white space. */
import { compactRange } from '../json-tokens.ts';
import type { FoundRecords } from '../selection.ts';
import type { PageTree } from './page-tree.ts';
import { elementsOf, isArray, isObject, literalOf, memberOf, Scalar, type Value } from './value.ts';

/** Of a page, and of one value. */
const FIRST_BYTES = 16_384;
const FEW_BYTES = 256;
const FIRST_RECORDS = 256;
const COMMA = Buffer.from(',');

/** What an expression gave, as records: an array's elements, nothing for null, else one. */
export function recordsOf(tree: PageTree, result: Value): FoundRecords {
  const all = result === null ? [] : isArray(result) ? elementsOf(tree, result) : [result];
  const records = new RecordsText(all.length, FIRST_BYTES);
  for (const record of all) records.add(tree, record);
  return records.found();
}

/** The value as JSON text. */
export function textOf(tree: PageTree, value: Value): string {
  return Buffer.from(bytesOf(tree, value)).toString();
}

/** The same in UTF-8. */
export function bytesOf(tree: PageTree, value: Value): Uint8Array {
  const text = new ResultText(FEW_BYTES);
  text.add(tree, value);
  return text.bytes();
}

/** Records that come one after the other. */
export class RecordsText {
  readonly #text: ResultText;
  #spans: Uint32Array<ArrayBuffer>;
  #count = 0;

  /**
   * @param likely how many there will be
   * @param bytes that they will take: what nobody has written to takes no memory
   */
  constructor(likely: number, bytes: number) {
    this.#text = new ResultText(bytes);
    this.#spans = new Uint32Array(2 * Math.max(likely, FIRST_RECORDS));
  }

  add(tree: PageTree, record: Value): void {
    if (2 * this.#count === this.#spans.length) this.#spans = doubled(this.#spans);
    if (this.#count > 0) this.#text.addBytes(COMMA);
    this.#spans[2 * this.#count] = this.#text.length;
    this.#text.add(tree, record);
    this.#spans[2 * this.#count + 1] = this.#text.length;
    this.#count += 1;
  }

  found(): FoundRecords {
    return { count: this.#count, spans: this.#spans, compact: true, source: this.#text.bytes() };
  }
}

function doubled(spans: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * spans.length);
  larger.set(spans);
  return larger;
}

class ResultText {
  #block: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(bytes: number) {
    this.#block = new Uint8Array(bytes);
  }

  bytes(): Uint8Array {
    return this.#block.subarray(0, this.length);
  }

  add(tree: PageTree, value: Value): void {
    if (value instanceof Scalar) this.#addText(value.text);
    else if (typeof value === 'number') this.#addText(literalOf(value));
    else if (!isArray(value) && !isObject(value)) this.#addText(JSON.stringify(value));
    else {
      const span = tree.spans.get(value);
      if (span !== undefined) {
        this.addBytes(compactRange(tree.bytes, span.start, span.end));
      } else if (isArray(value)) this.#addArray(tree, value);
      else this.#addObject(tree, value);
    }
  }

  #addArray(tree: PageTree, array: readonly Value[]): void {
    for (const [index, element] of array.entries()) {
      this.#addText(index === 0 ? '[' : ',');
      this.add(tree, element);
    }
    this.#addText(array.length === 0 ? '[]' : ']');
  }

  #addObject(tree: PageTree, object: Readonly<Record<string, Value>>): void {
    const keys = Object.keys(object);
    for (const [index, key] of keys.entries()) {
      this.#addText(`${index === 0 ? '{' : ','}${JSON.stringify(key)}:`);
      this.add(tree, memberOf(tree, object, key));
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
      // A large one is not left until memory is next looked for.
      this.#block.buffer.transfer(0);
      this.#block = larger;
    }
    this.#block.set(bytes, this.length);
    this.length = after;
  }
}
