import { BLOCK_BYTES } from '../core/memory-budget.ts';
import { copyCompact, copyRange, type FoundRecords } from '../decode/decode.ts';
import { BlockWriter } from './block-writer.ts';
import {
  type Destination,
  type ExportCounts,
  type ExportItem,
  FLUSH,
  type Format,
} from './format.ts';
import { createRecordFinder } from './page-records.ts';

/** What stands around records, in UTF-8. */
interface RecordFrame {
  readonly beforeFirst: string;
  readonly between: string;
  readonly afterLast: string;
  /** The whole output where there is no record. */
  readonly none: string;
}

const LF = 0x0a;

/**
 * Writes the records of all pages, in order, within a frame. A record's bytes stay as the server
 * sent them, insignificant white space apart.
 *
 * Throws `EverypageError`: `SELECTION` where a page has nothing at the selection, `ARCHIVE_DAMAGED`
 * where a page is no JSON, and whatever the destination throws.
 */
async function writeRecords(
  pages: AsyncIterable<ExportItem> | Iterable<ExportItem>,
  destination: Destination,
  selectionText: string | null,
  frame: RecordFrame,
): Promise<ExportCounts> {
  const find = createRecordFinder(selectionText);
  const out = new BlockWriter(destination);
  const beforeFirst = Buffer.from(frame.beforeFirst);
  const between = Buffer.from(frame.between);
  const oneLineFeedBetween = between.length === 1 && between[0] === LF;
  let records = 0;

  for await (const page of pages) {
    if (page === FLUSH) {
      await out.flush();
      continue;
    }
    const scan = page.found ?? find(page);
    const skip = page.skip ?? 0;
    if (scan.count <= skip) continue;
    const body = scan.source ?? page.rest ?? page.body;
    const first = scan.spans[2 * skip]!;
    const regionBytes = scan.spans[2 * scan.count - 1]! - first;
    const { repeats } = page;
    const isWhole = repeats === undefined;

    if (isWhole && oneLineFeedBetween && scan.compact && regionBytes <= BLOCK_BYTES / 2) {
      const lead = records === 0 ? beforeFirst : between;
      const room = out.reserve(lead.length + regionBytes);
      if (room) await room;
      out.add(lead);
      addRegion(out, body, scan, skip);
      records += scan.count - skip;
    } else {
      for (let index = skip; index < scan.count; index++) {
        if (repeats?.has(index)) continue;
        const lead = records === 0 ? beforeFirst : between;
        records += 1;
        const start = scan.spans[2 * index]!;
        const end = scan.spans[2 * index + 1]!;
        const room = out.reserve(lead.length + end - start);
        if (room) await room;
        out.used = copyRange(out.block, out.used, lead, 0, lead.length);
        const copy = scan.compact ? copyRange : copyCompact;
        out.used = copy(out.block, out.used, body, start, end);
      }
    }
  }

  const tail = Buffer.from(records === 0 ? frame.none : frame.afterLast);
  await out.reserve(tail.length);
  out.add(tail);
  await out.flush();
  return { records, bytes: out.writtenBytes };
}

/**
 * Copies the records of a compact page from number `skip` on at once. Between two of them stands one
 * comma and nothing else, which becomes the line feed.
 */
function addRegion(out: BlockWriter, body: Uint8Array, scan: FoundRecords, skip: number): void {
  const { spans, count } = scan;
  const first = spans[2 * skip]!;
  const shift = out.used - first;
  out.used = copyRange(out.block, out.used, body, first, spans[2 * count - 1]!);
  for (let index = skip; index < count - 1; index++) out.block[spans[2 * index + 1]! + shift] = LF;
}

/** One JSON array of all records, a record a line, each with the bytes the server sent. */
export const json: Format = (pages, destination, selection) =>
  writeRecords(pages, destination, selection, {
    beforeFirst: '[\n',
    between: ',\n',
    afterLast: '\n]\n',
    none: '[]\n',
  });

/**
 * One record a line (`.ndjson`, `.jsonl`), each with the bytes the server sent, less insignificant
 * white space. A raw line feed cannot stand inside a JSON string, so a line is always a whole record.
 */
export const ndjson: Format = (pages, destination, selection) =>
  writeRecords(pages, destination, selection, {
    beforeFirst: '',
    between: '\n',
    afterLast: '\n',
    none: '',
  });
