/** The library's iterators: a run whose pages go to the caller. */

import type { SentPage } from '../archive-thread/messages.ts';
import { checkOptions, string } from '../core/check-options.ts';
import { EverypageError } from '../core/errors.ts';
import { type RunOptions, runOptions } from '../core/options.ts';
import type { Place } from '../core/page-request.ts';
import { strictOf } from '../core/resolve-options.ts';
import { isWhole, type Summary } from '../core/summary.ts';
import { type AskedTable, tableKinds, tableOptions } from '../core/table-options.ts';
import {
  compactRange,
  createJsonScanner,
  type JsonScanner,
  readRecordExpressions,
  readSelection,
} from '../decode/decode.ts';
import { orNamed } from '../export/page-records.ts';
import { run } from './run.ts';
import { abortedBy, UnfinishedError } from './unfinished-error.ts';
import type { Urls } from './urls.ts';

/** Options of the iterators: those of a run, less what writes to files. */
export type IterateOptions = Omit<RunOptions, 'output' | 'manifest' | 'format' | keyof AskedTable>;

/** Options of `records`: those of `pages`, and which records to give and what of each. */
export type RecordsOptions = IterateOptions & Pick<AskedTable, 'where' | 'fields'>;

const notTaken = new Set(['output', 'manifest', 'format', ...Object.keys(tableKinds)]);
const iterateOptions = Object.fromEntries(
  Object.entries(runOptions).filter(([name]) => !notTaken.has(name)),
);

/** A page that came back whole, decoded and valid. */
export interface Page {
  readonly place: Place;
  /** Credentials in it are replaced by `REDACTED`. */
  readonly url: string;
  readonly status: number;
  /** The kept response headers, names in lower case: what describes the page, its pagination and the limits. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Decoded bytes, exactly as the server wrote them. */
  readonly body: Uint8Array;
  text(): string;
  /** `JSON.parse` of the body; numbers beyond 2^53 lose digits there, in `body` they do not. */
  json<T = unknown>(): T;
}

/** One record, cut out of its page without changing a byte but insignificant white space, or made by `fields`. */
export interface PageRecord {
  readonly page: Page;
  readonly bytes: Uint8Array;
  text(): string;
  json<T = unknown>(): T;
}

/**
 * Fetches every page and yields them in their order, whatever order they came back in. Memory stays
 * flat: fetching waits while the caller is busy, beyond what the archive keeps on disk.
 *
 * @throws UnfinishedError at the end, when pages are missing and `allowIncomplete` is not set; the
 * reason of `signal` where that was aborted
 * @example
 * for await (const page of pages('https://api.example/items?page=[1-500]', { concurrency: 20 })) {
 *   console.log(page.url, page.json<{ items: unknown[] }>().items.length);
 * }
 */
export async function* pages(
  urls: Urls,
  options: IterateOptions = {},
): AsyncGenerator<Page, Summary> {
  checkOptions('pages', iterateOptions, options);
  // Pages are what is asked for, so that it need not be known where their records stand.
  const wholePages = options.select == null;
  return yield* pagesOfRun(urls, { ...options, wholePages }, toPage);
}

/** The pages of a run, each given its shape by what the run takes of it. */
async function* pagesOfRun<T>(
  urls: Urls,
  options: IterateOptions,
  shape: (page: SentPage, select: string | null) => T,
): AsyncGenerator<T, Summary> {
  const abort = new AbortController();
  const signal =
    options.signal === undefined ? abort.signal : AbortSignal.any([options.signal, abort.signal]);
  const channel = new Channel();
  const running = run(urls, {
    ...options,
    signal,
    pages: (pages, select) => channel.give({ pages, select }),
  });
  const ended = running.then(
    () => channel.end(),
    () => channel.end(),
  );
  try {
    for (let sent = await channel.take(); sent !== null; sent = await channel.take()) {
      for (const page of sent.pages) {
        if (options.signal?.aborted) break;
        yield shape(page, sent.select);
      }
      // Otherwise a run that has fetched everything would first send all of it.
      if (options.signal?.aborted) channel.refuse();
    }
    const summary = await running;
    if (summary.stop?.kind === 'aborted' && options.signal?.aborted) {
      throw abortedBy(options.signal, new UnfinishedError(summary));
    }
    const isMissing =
      summary.stop !== null || !isWhole(summary.verdict.name, strictOf(options.strict));
    if (isMissing && !(options.allowIncomplete && summary.stop === null)) {
      throw new UnfinishedError(summary);
    }
    return summary;
  } finally {
    abort.abort(readerLeft());
    channel.refuse();
    await ended;
  }
}

/**
 * Fetches every page and yields its records: those at `select`, by default those that were found in
 * a list that pages by itself, and elsewhere each page as one record; of these those that meet `where`,
 * and of each what `fields` makes of it.
 *
 * @throws UnfinishedError at the end, when pages are missing and `allowIncomplete` is not set; the
 * reason of `signal` where that was aborted
 * @throws EverypageError SELECTION where `where` or `fields` cannot be read, or applied to a record
 * @example
 * for await (const record of records('https://api.example/items', { where: "state == 'open'" })) {
 *   console.log(record.json<{ id: string }>().id);
 * }
 */
export async function* records(
  urls: Urls,
  options: RecordsOptions = {},
): AsyncGenerator<PageRecord, void> {
  const { where, fields, ...ofRun } = options;
  checkOptions('records', { ...iterateOptions, where: string, fields: string }, options);
  const shape = readRecordExpressions(tableOptions(options)) ?? ((record: Uint8Array) => record);
  let scanner: JsonScanner | null = null;
  const sentPages = pagesOfRun(urls, ofRun, (sent, select) => ({ sent, select }));
  for await (const { sent, select } of sentPages) {
    scanner ??= createJsonScanner(readSelection(select));
    const page = toPage(sent);
    const scan = scanner.scan(sent.rest ?? page.body);
    if (!scan.valid) {
      throw new EverypageError('ARCHIVE_DAMAGED', `${page.url} can no longer be read as JSON`);
    }
    // An empty list may be null, absent or an empty object.
    const count = sent.isEmpty || scan.found === 'missing' ? 0 : scan.count;
    // The spans are overwritten by the next scan, and the caller may scan between two records.
    const spans = scan.spans.slice(0, count * 2);
    const source = scan.source ?? sent.rest ?? page.body;
    for (let index = sent.skip * 2; index < spans.length; index += 2) {
      if (sent.repeats?.has(index / 2)) continue;
      const record = compactRange(source, spans[index]!, spans[index + 1]!);
      const kept = orNamed(`record ${index / 2 + 1} of ${page.url}`, () => shape(record));
      if (kept !== null) yield toRecord(page, kept);
    }
  }
}

/**
 * Fetches every page and returns them all, in their order. They are held in memory: for lists that
 * fit there; `pages` is for those that do not.
 *
 * @throws UnfinishedError when pages are missing and `allowIncomplete` is not set
 * @example
 * const all = await allPages(['https://api.example/a', 'https://api.example/b']);
 * const [a, b] = all.map((page) => page.json());
 */
export async function allPages(urls: Urls, options: IterateOptions = {}): Promise<Page[]> {
  checkOptions('allPages', iterateOptions, options);
  const all: Page[] = [];
  for await (const page of pages(urls, options)) all.push(page);
  return all;
}

function toPage({ place, url, status, headers, body }: SentPage): Page {
  return {
    place,
    url,
    status,
    headers: headers === null ? {} : JSON.parse(headers),
    body,
    text: () => decode(body),
    json: () => JSON.parse(decode(body)),
  };
}

function toRecord(page: Page, bytes: Uint8Array): PageRecord {
  return { page, bytes, text: () => decode(bytes), json: () => JSON.parse(decode(bytes)) };
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

function readerLeft(): EverypageError {
  return new EverypageError('CLOSED_PIPE', 'the iterator was left');
}

/** Passes groups of pages from the run to the iterator, one at a time. */
interface Sent {
  readonly pages: readonly SentPage[];
  readonly select: string | null;
}

class Channel {
  #given = Promise.withResolvers<Sent | null>();
  #taken: PromiseWithResolvers<void> | null = null;
  #refused = false;

  give(sent: Sent): Promise<void> {
    if (this.#refused) return Promise.reject(readerLeft());
    this.#taken = Promise.withResolvers();
    this.#given.resolve(sent);
    return this.#taken.promise;
  }

  async take(): Promise<Sent | null> {
    this.#taken?.resolve();
    const sent = await this.#given.promise;
    if (sent !== null) this.#given = Promise.withResolvers();
    return sent;
  }

  end(): void {
    this.#given.resolve(null);
  }

  refuse(): void {
    this.#refused = true;
    this.#taken?.reject(readerLeft());
  }
}
