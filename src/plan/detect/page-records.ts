/** Records and keys of a page as the server wrote them: neighbouring 64-bit ids stay apart. */
import {
  createJsonScanner,
  createKeyReader,
  createPicker,
  type JsonScan,
  parseSelection,
} from '../../decode/decode.ts';
import type { PageView } from './page-view.ts';

/** The literal at a path of a page, null where there is none. */
export function literalOf(view: PageView, path: string): string | null {
  if (view.json === undefined) return null;
  return createPicker([path])(view.body)[0] ?? null;
}

/** Each record's text, or null where the page has no such path. */
export function recordTexts(view: PageView, path: string): readonly string[] | null {
  const scan = scanRecords(view, path);
  if (scan === null) return null;
  const text = Buffer.from(view.body.buffer, view.body.byteOffset, view.body.byteLength);
  return Array.from({ length: scan.count }, (_, index) =>
    text.toString('utf8', scan.spans[2 * index], scan.spans[2 * index + 1]),
  );
}

/**
 * Each record's key as its literal says, or the whole record's text where no key is known or one is
 * missing; null where the page has no such path.
 */
export function recordIdentities(
  view: PageView,
  path: string,
  key: string | null,
): readonly string[] | null {
  const scan = scanRecords(view, path);
  if (scan === null) return null;
  if (key !== null) {
    const keys = createKeyReader(key)(view.body, scan);
    if (!keys.includes('')) return keys;
  }
  return recordTexts(view, path);
}

function scanRecords(view: PageView, path: string): (JsonScan & { readonly valid: true }) | null {
  if (view.json === undefined) return null;
  const scan = createJsonScanner(parseSelection(path)).scan(view.body);
  return scan.valid && scan.found === 'records' ? scan : null;
}
