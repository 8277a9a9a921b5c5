import { crc32 } from 'node:zlib';
import type { AttemptRecord, PageRow } from '../archive/archive-types.ts';
import { type PageInfo, shortKey } from '../core/page-info.ts';
import { isRecheck, PAGE_KEY_BYTES, type Place } from '../core/page-request.ts';
import { isParallel, type Pagination } from '../core/pagination.ts';
import { redactUrl } from '../core/redact.ts';
import {
  type BodyCheck,
  type BodyVerdict,
  createBodyCheck,
  faulty,
  withDigest,
} from '../decode/check-body.ts';
import {
  createKeyReader,
  createPicker,
  type FoundRecords,
  isExpression,
  nullsIn,
  type PageCondition,
  parseSelection,
  recordsDigest,
  type Selection,
} from '../decode/decode.ts';
import { readPageInfo } from '../plan/read-page-info.ts';
import type { EchoWatch } from './echoed-credentials.ts';
import type { ArrivedPage, Batch, Rejection } from './messages.ts';
import { SisterPages } from './sister-pages.ts';
import type { DecodedPage } from './stored-pages.ts';

interface PageToRead {
  /** Redacted; relative targets are resolved against it. */
  readonly url: string;
  /** Those of `pagingHeaders`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly found: FoundRecords;
}

interface InfoAndKeys {
  readonly pageInfo: PageInfo;
  /** Each record's key as literal text, the record where pages overlap and none is known, or null. */
  readonly keys: readonly string[] | null;
}

export interface ReadBatch {
  readonly rejections: readonly Rejection[];
  /** What is to be stored. */
  readonly pages: readonly ReadPage[];
  readonly attempts: readonly AttemptRecord[];
}

interface ReadPage {
  /** Where it stood in the batch. */
  readonly index: number;
  /** Credentials in its page info are redacted. */
  readonly record: PageRow;
  /** With them. */
  readonly pageInfo: PageInfo | null;
  /** Null where it has no body that is stored. */
  readonly decoded: DecodedPage | null;
}

/** What pages are compared with. */
export interface KeptPages {
  /** The first page that has records, decoded, or null. */
  readonly firstWithRecords: () => Uint8Array | null;
  /** The keys of a page's records as they are kept; none where it is not stored. */
  readonly keysAt: (place: Place) => readonly string[];
  readonly pageInfoAt: (place: Place) => PageInfo | null;
}

type Good = Extract<BodyVerdict, { ok: true }>;

type Checked = Exclude<BodyVerdict, Good> | (Good & { readonly info: InfoAndKeys | null });

const NO_RECORDS: FoundRecords = { count: 0, spans: new Uint32Array(0), compact: true };

/** Takes batches apart: checks each body, and reads its page info where the run is paginated. */
export class BatchReader {
  readonly #check: BodyCheck;
  readonly #checkWhole: BodyCheck;
  readonly #readInfo: ReturnType<typeof createPageInfoReader> | null;
  /** Null where it is not known where records stand. */
  readonly #sisters: SisterPages | null;
  readonly #kept: KeptPages;
  readonly #isPaginated: boolean;
  readonly #isChain: boolean;
  readonly #secretParams: readonly string[];
  readonly #echoes: EchoWatch | null;

  /**
   * @param selection the list's records where it is paginated, else what the export takes
   * @param pagination null for a list of known pages
   * @param echoes null where no credentials were given
   * @param kept what is stored already
   */
  constructor(
    selection: Selection,
    pagination: Pagination | null,
    maxDecodedBytes: number,
    failWhen: PageCondition | null,
    secretParams: readonly string[],
    echoes: EchoWatch | null,
    kept: KeptPages,
  ) {
    this.#check = createBodyCheck(selection, maxDecodedBytes, failWhen);
    this.#checkWhole = createBodyCheck(parseSelection(null), maxDecodedBytes);
    this.#readInfo = pagination === null ? null : createPageInfoReader(pagination);
    this.#kept = kept;
    this.#isPaginated = pagination !== null;
    this.#isChain = pagination !== null && pagination.key !== null && !isParallel(pagination);
    const records = pagination === null ? selection.text : pagination.records;
    this.#sisters = canCompare(records) ? new SisterPages(records, kept.firstWithRecords) : null;
    this.#secretParams = secretParams;
    this.#echoes = echoes;
  }

  read({ pages: text, arena }: Batch): ReadBatch {
    const rejections: Rejection[] = [];
    const pages: ReadPage[] = [];
    const attempts: AttemptRecord[] = [];
    const arrived: readonly ArrivedPage[] = JSON.parse(text);
    let at = 0;
    for (const [index, page] of arrived.entries()) {
      const key = new Uint8Array(arena, at, PAGE_KEY_BYTES);
      const body = new Uint8Array(arena, at + PAGE_KEY_BYTES, page.bodyBytes);
      at += PAGE_KEY_BYTES + page.bodyBytes;
      const read = page.state === 'stored' ? this.#checked(body, page) : null;
      if (read?.ok === false) {
        const { ok: _, ...rejection } = read;
        rejections.push({ index, ...rejection });
        continue;
      }
      const { bodyBytes: _, log, paging: __, expected: ___, ...row } = page;
      const failed = { ...row, key, body: null, hash: null, records: null };
      let record: PageRow = { ...failed, pageInfo: null, keys: null };
      let decoded: DecodedPage | null = null;
      if (read !== null) {
        const { hash, records, info } = read;
        this.#echoes?.look(read.decoded, page);
        const pageInfo = info === null ? null : redactPageInfo(info.pageInfo, this.#secretParams);
        record = { ...record, body, hash, records, pageInfo, keys: info?.keys ?? null };
        decoded = decodedPage(page, read);
      }
      pages.push({ index, record, pageInfo: read?.info?.pageInfo ?? null, decoded });
      attempts.push(...log, lastAttempt(page));
    }
    return { rejections, pages, attempts };
  }

  /** What was read is stored. */
  stored(): void {
    this.#sisters?.stored();
  }

  #checked(wire: Uint8Array, page: ArrivedPage): Checked {
    const verdict = this.#check(wire, page.encoding);
    const sisters = this.#sisters;
    if (!verdict.ok) {
      if (sisters === null || verdict.kind !== 'selection') return verdict;
      const whole = this.#checkWhole(wire, page.encoding);
      return whole.ok
        ? this.#compared(sisters, page, { ...whole, found: NO_RECORDS }, null)
        : whole;
    }
    const { decoded, found } = verdict;
    // The pages of a list of URLs come in any order.
    if (page.place.position === 0 || !this.#isPaginated) sisters?.began(decoded, found);
    if (sisters === null) return { ...verdict, info: this.#infoOf(page, verdict) };
    // A list of URLs has no verdict on what its pages say.
    const [fault] = this.#isPaginated ? [] : sisters.faultsBeside(decoded, found);
    if (fault !== undefined) {
      return withDigest(faulty('unlike', `it tells of a fault in ${fault}`, decoded), wire);
    }
    if (sisters.isUsual(decoded, found)) {
      return { ...verdict, info: this.#infoOf(page, verdict) };
    }
    const compared = this.#compared(sisters, page, verdict, found);
    return compared.ok ? compared : withDigest(compared, wire);
  }

  /** @param found null where the path to the records leads nowhere */
  #compared(
    sisters: SisterPages,
    page: ArrivedPage,
    good: Good,
    found: FoundRecords | null,
  ): Checked {
    const likeness = sisters.judge(good.decoded, found);
    if (likeness.kind === 'unlike') {
      const kind = found === null ? 'selection' : 'unlike';
      return faulty(kind, likeness.reason, good.decoded);
    }
    if (likeness.kind === 'empty' && likeness.listIs !== undefined && !this.#isPaginated) {
      return faulty('unlike', 'no list stands where the other pages have theirs', good.decoded);
    }
    const own = likeness.kind === 'empty' ? { ...good, records: 0, found: NO_RECORDS } : good;
    const read = this.#infoOf(page, own);
    const listIs = likeness.kind === 'empty' ? likeness.listIs : undefined;
    const info =
      read === null || listIs === undefined
        ? read
        : { ...read, pageInfo: { ...read.pageInfo, listIs } };
    if (page.expected === true && own.found.count === 0 && !leadsOn(info?.pageInfo)) {
      return faulty('no-records', 'the page holds no records, though the server spoke of more');
    }
    return { ...own, info };
  }

  #infoOf({ url, paging, place }: ArrivedPage, { decoded, found }: Good): InfoAndKeys | null {
    if (this.#readInfo === null) return null;
    const read = this.#readInfo({ url, headers: paging ?? {}, body: decoded, found });
    const info = { ...read, pageInfo: { ...read.pageInfo, ...this.#oddIn(decoded, found) } };
    const { keys } = info;
    if (!this.#isChain || keys === null || place.position === 0 || isRecheck(place)) return info;
    // The pages of a chain come one after the other, so the one before is stored.
    const led = { ...place, position: place.position - 1 };
    const repeats = repeatedFront(this.#kept.keysAt(led), keys.map(shortKey));
    if (repeats === 0) return info;
    // A record may be continued: then the two hold other properties of it.
    const { lastMarks = [] } = this.#kept.pageInfoAt(led) ?? {};
    const own = marksOf(decoded, found, 0, repeats);
    const isSame = lastMarks
      .slice(-repeats)
      .every((mark, at, { length }) => mark === own.at(at - length));
    return isSame ? { ...info, pageInfo: { ...info.pageInfo, repeats } } : info;
  }

  #oddIn(page: Uint8Array, found: FoundRecords): Pick<PageInfo, 'partialBy' | 'strangers'> {
    const sisters = this.#sisters;
    if (sisters === null || found.count === 0) return {};
    const [partialBy] = sisters.faultsBeside(page, found);
    const strangers = sisters.strangersIn(page, found);
    return {
      ...(partialBy === undefined ? {} : { partialBy }),
      ...(strangers === 0 ? {} : { strangers }),
    };
  }
}

/** So many keys at the front are those that the page before ended with; less than it has. */
function repeatedFront(before: readonly string[], own: readonly string[]): number {
  const [first] = own;
  if (first === undefined || first === '') return 0;
  for (let at = before.indexOf(first, 1); at !== -1; at = before.indexOf(first, at + 1)) {
    const tail = before.slice(at);
    const isFront = tail.every((key, index) => key !== '' && key === own[index]);
    if (isFront) return tail.length;
  }
  return 0;
}

/** Of what other expressions find, nobody knows where it stands in a page. */
function canCompare(records: string | null): records is string {
  return records !== null && records !== '' && !isExpression(records.replace(/\.\*$/, ''));
}

/** An empty page that names a next one says itself that it is not the end. */
function leadsOn(info: PageInfo | undefined): boolean {
  return info !== undefined && (info.next !== null || info.more === true);
}

/** The one that ended the page. */
function lastAttempt(page: ArrivedPage): AttemptRecord {
  const { place, log, startedAt, durationMs, status, reason } = page;
  const number = log.length + 1;
  return {
    place,
    number,
    startedAt,
    durationMs,
    status,
    outcome: reason ?? 'ok',
    toldToWaitMs: null,
  };
}

function decodedPage(page: ArrivedPage, { decoded: body, found, records }: Good): DecodedPage {
  const { place, url, headers } = page;
  return { place, url, status: page.status ?? 0, headers, body, found, records: records ?? 1 };
}

/** A next link may hold credentials that the server put there; they are not stored. */
function redactPageInfo(pageInfo: PageInfo, secretParams: readonly string[]): PageInfo {
  if (pageInfo.next?.kind !== 'url') return pageInfo;
  const url = redactUrl(pageInfo.next.url, secretParams);
  return { ...pageInfo, next: { ...pageInfo.next, url } };
}

/** Reads page infos under one pagination. */
export function createPageInfoReader(pagination: Pagination): (page: PageToRead) => InfoAndKeys {
  // Without a key, what pages repeat is compared as it stands; records that are alike may be two.
  const isOverlap = pagination.overlap > 0 || pagination.slices !== undefined;
  const path = pagination.key ?? (isOverlap ? '@' : null);
  const keysOf = path === null ? null : createKeyReader(path);
  const literals = new LiteralReader();
  const isChain = !isParallel(pagination);
  return ({ url, headers, body, found }) => {
    const keys = keysOf === null ? null : keysOf(body, found);
    const pageInfo = readPageInfo(pagination, {
      url,
      headers,
      literal: literals.of(body, found),
      recordCount: pagination.records === null ? 0 : found.count,
      firstKey: pagination.key === null ? null : (keys?.[0] ?? null),
      lastKey: pagination.key === null ? null : (keys?.at(-1) ?? null),
      digest: recordsDigest(body, found),
    });
    const isAsked = pagination.key !== null || pagination.overlap > 0;
    const border = isAsked ? borderOf(pagination, keys) : edgesOf(body, found);
    const lastMarks = isChain && isAsked ? { lastMarks: lastMarksOf(body, found) } : {};
    const nulls = pagination.records === null ? [] : nullsIn(body, found);
    const gaps = nulls.length === 0 ? {} : { nulls };
    return { pageInfo: { ...pageInfo, ...border, ...lastMarks, ...gaps }, keys };
  };
}

/**
 * Of records without a key, the first and the last one by their bytes: some servers begin a page with the
 * record that the one before ended with, and others give the end of the last page again.
 */
function edgesOf(
  body: Uint8Array,
  found: FoundRecords,
): Pick<PageInfo, 'firstRecord' | 'lastRecord' | 'firstMark' | 'lastMarks'> {
  if (found.count === 0) return {};
  const at = (index: number): string => {
    const spans = found.spans.slice(2 * index, 2 * index + 2);
    return recordsDigest(body, { ...found, count: 1, spans })!;
  };
  const [firstMark] = marksOf(body, found, 0, 1);
  const lastMarks = lastMarksOf(body, found);
  return { firstRecord: at(0), lastRecord: at(found.count - 1), firstMark: firstMark!, lastMarks };
}

/** A page may begin some records before the end of the page before. */
const MOST_MARKS = 10;

function lastMarksOf(body: Uint8Array, found: FoundRecords): readonly number[] {
  return marksOf(body, found, Math.max(0, found.count - MOST_MARKS), found.count);
}

/** Checksums of the records from `from` to `to`. */
function marksOf(body: Uint8Array, found: FoundRecords, from: number, to: number): number[] {
  const { source: bytes = body, spans } = found;
  return Array.from({ length: to - from }, (_, index) => {
    const at = 2 * (from + index);
    return crc32(bytes.subarray(spans[at], spans[at + 1]));
  });
}

/** What a page begins and ends with, where the next page must begin with its last record. */
function borderOf(
  { overlap }: Pagination,
  keys: readonly string[] | null,
): Pick<PageInfo, 'firstRecord' | 'lastRecord'> {
  const [first, last] = [keys?.[0], keys?.at(-1)];
  if (overlap !== 1 || !first || !last) return {};
  return { firstRecord: shortKey(first), lastRecord: shortKey(last) };
}

/** Which paths a style reads shows on the first page; from then on one pass over a page finds all. */
class LiteralReader {
  readonly #paths: string[] = [];
  #pick = createPicker([]);

  of(body: Uint8Array, found: FoundRecords): (path: string) => string | null {
    let picked: readonly (string | null)[] | null = null;
    return (path) => {
      let index = this.#paths.indexOf(path);
      if (index === -1) {
        index = this.#paths.push(path) - 1;
        this.#pick = createPicker(this.#paths);
        picked = null;
      }
      const all = picked ?? this.#pick(body, found);
      picked = all;
      return all[index] ?? null;
    };
  }
}
