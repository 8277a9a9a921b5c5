import type { RecordExpressions } from '../core/table-options.ts';
import { type FoundRecords, readRecordExpressions, type ShapeRecord } from '../decode/decode.ts';
import { type ExportItem, type ExportPage, FLUSH } from './format.ts';
import { createRecordFinder, orNamed } from './page-records.ts';

/** Makes of pages what an output holds of their records, so that no format need know of it. */
export interface RecordShaper {
  pages<Item extends ExportItem>(
    pages: AsyncIterable<Item> | Iterable<Item>,
  ): AsyncIterable<Item> | Iterable<Item>;
  /** Records of the pages since `pages` was called last that the condition left out. */
  readonly leftOut: number;
}

/**
 * Applies a condition and an expression to each record. A record that stays as it is keeps its place in
 * the page; what is made of others stands in memory of its own.
 *
 * @throws EverypageError SELECTION for what cannot be read, and where it cannot be applied to a record
 */
export function createRecordShaper(
  selection: string | null,
  expressions: RecordExpressions,
): RecordShaper {
  const shape = readRecordExpressions(expressions);
  if (shape === null) return { pages: (pages) => pages, leftOut: 0 };
  const find = createRecordFinder(selection);
  let leftOut = 0;

  async function* shaped<Item extends ExportItem>(
    pages: AsyncIterable<Item> | Iterable<Item>,
  ): AsyncGenerator<Item> {
    leftOut = 0;
    for await (const page of pages) {
      if (page === FLUSH) {
        yield page;
        continue;
      }
      const found = shapedPage(page, find(page), shape!, expressions.fields !== null);
      leftOut += (found.repeats?.size ?? 0) - (page.repeats?.size ?? 0);
      yield Object.assign({}, page, found);
    }
  }

  return {
    pages: shaped,
    get leftOut() {
      return leftOut;
    },
  };
}

function shapedPage(
  page: ExportPage,
  found: FoundRecords,
  shape: ShapeRecord,
  isMade: boolean,
): Pick<ExportPage, 'found' | 'repeats'> {
  const { skip = 0, repeats } = page;
  const source = found.source ?? page.rest ?? page.body;
  const left = new Set(repeats);
  const made = isMade ? new MadeRecords(found.count) : null;
  for (let index = skip; index < found.count; index += 1) {
    if (repeats?.has(index)) continue;
    const record = source.subarray(found.spans[2 * index], found.spans[2 * index + 1]);
    const kept = orNamed(`record ${index + 1} of ${page.url}`, () => shape(record));
    if (kept === null) left.add(index);
    else made?.add(index, kept);
  }
  const isWhole = left.size === 0;
  return { found: made?.found() ?? found, ...(isWhole ? {} : { repeats: left }) };
}

const COMMA = 0x2c;

/** Records with one comma between two of them, as `FoundRecords` has them. */
class MadeRecords {
  readonly #count: number;
  readonly #spans: Uint32Array;
  #bytes = new Uint8Array(16_384);
  #length = 0;

  constructor(count: number) {
    this.#count = count;
    this.#spans = new Uint32Array(2 * count);
  }

  add(index: number, record: Uint8Array): void {
    const room = this.#length + record.length + 1;
    if (room > this.#bytes.length) {
      const larger = new Uint8Array(2 * room);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    if (this.#length > 0) this.#bytes[this.#length++] = COMMA;
    this.#spans[2 * index] = this.#length;
    this.#bytes.set(record, this.#length);
    this.#length += record.length;
    this.#spans[2 * index + 1] = this.#length;
  }

  found(): FoundRecords {
    return {
      count: this.#count,
      spans: this.#spans,
      compact: true,
      source: this.#bytes.subarray(0, this.#length),
    };
  }
}
