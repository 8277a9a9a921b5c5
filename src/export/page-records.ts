/** The records that an export takes from a page, and how many of them it leaves. */
import { EverypageError } from '../core/errors.ts';
import {
  createJsonScanner,
  describeMissing,
  type FoundRecords,
  type JsonScan,
  readSelection,
  type Selection,
} from '../decode/decode.ts';
import type { ExportPage } from './format.ts';

/**
 * Finds the records of pages under one selection, those among them that are left out; the next page
 * overwrites what was found.
 *
 * Throws `EverypageError`: `SELECTION` where a page has nothing at the selection, `ARCHIVE_DAMAGED`
 * where a page is no JSON.
 */
export function createRecordFinder(
  selectionText: string | null,
): (page: ExportPage) => FoundRecords {
  const selection = readSelection(selectionText);
  const scanner = createJsonScanner(selection);
  return (page) =>
    page.found ?? recordsOf(() => scanner.scan(page.rest ?? page.body), page, selection);
}

/** Counts the records that an export writes of each page. */
export function createRecordCounter(selectionText: string | null): (page: ExportPage) => number {
  const find = createRecordFinder(selectionText);
  return (page) => {
    const { count } = find(page);
    const { skip = 0, repeats } = page;
    let left = Math.max(0, count - skip);
    for (const index of repeats ?? []) if (index >= skip && index < count) left -= 1;
    return left;
  };
}

/** Records that an export writes of a page, and what their spans count in. */
export interface TakenRecords {
  readonly source: Uint8Array;
  /** Start and end of each. */
  readonly spans: Uint32Array;
}

/** Takes the records that an export writes of each page; the next page may overwrite their spans. */
export function createRecordTaker(
  selectionText: string | null,
): (page: ExportPage) => TakenRecords {
  const find = createRecordFinder(selectionText);
  return (page) => {
    const found = find(page);
    const { skip = 0, repeats, rest, body } = page;
    const spans = found.spans.subarray(2 * Math.min(skip, found.count), 2 * found.count);
    const source = found.source ?? rest ?? body;
    if (repeats === undefined) return { source, spans };
    return { source, spans: spans.filter((_, at) => !repeats.has(skip + (at >> 1))) };
  };
}

function recordsOf(scanPage: () => JsonScan, page: ExportPage, selection: Selection): FoundRecords {
  const scan = orNamed(page.url, scanPage);
  if (!scan.valid) {
    throw new EverypageError(
      'ARCHIVE_DAMAGED',
      `The stored page ${page.url} is not JSON (byte ${scan.offset}: ${scan.reason}). ` +
        'It was when it was fetched, so the archive is damaged: fetch again with --fresh.',
    );
  }
  if (scan.found === 'missing') {
    throw new EverypageError(
      'SELECTION',
      `${describeMissing(page.body, selection)}: ${page.url}. ` +
        'Give --select the keys that lead to the records; the pages are kept and need no new fetch.',
    );
  }
  return scan;
}

/** An expression that does not fit knows not to what it was applied: `what`. */
export function orNamed<Result>(what: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof EverypageError)) throw error;
    throw new EverypageError(
      error.code,
      `${error.message}: ${what}. The pages are kept and need no new fetch.`,
      { cause: error },
    );
  }
}
