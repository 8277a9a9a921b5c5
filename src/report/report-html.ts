/** A report as one file: the page that the build made of `page/`, with the data in it. */
import { existsSync, readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { EverypageError } from '../core/errors.ts';

/** Stands in the page where the data goes; base64 has no such characters. */
const DATA_MARK = '%%DATA%%';

/** The page is in `dist/`, beside the file that this is part of once that is built. */
function pagePath(): URL {
  const folder = import.meta.url.endsWith('.ts') ? '../../dist/' : './';
  return new URL(`${folder}report-page.html.br`, import.meta.url);
}

/**
 * The HTML of a report. It loads nothing, and its Content-Security-Policy allows only the script and the
 * style that the build put into it. The data is base64 in a block that is no script, so no text of a
 * server's is ever read as HTML.
 *
 * @param data what `packReport` gives
 */
export function reportHtml(data: Uint8Array): string {
  const [before, after] = pageParts();
  return `${before}${Buffer.from(data).toString('base64')}${after}`;
}

/** The same page without data: it asks the server that it came from for what a run does, and for nothing else. */
export function liveHtml(): string {
  return pageParts().join('').replace("base-uri 'none'", "connect-src 'self'; base-uri 'none'");
}

function pageParts(): readonly string[] {
  const path = pagePath();
  if (!existsSync(path)) {
    throw new EverypageError('INTERNAL', 'the page of reports is not built; run npm run build');
  }
  return brotliDecompressSync(readFileSync(path)).toString().split(DATA_MARK);
}
