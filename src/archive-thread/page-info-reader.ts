import { type PageInfo, shortKey } from '../core/page-info.ts';
import { isParallel, type Pagination } from '../core/pagination.ts';
import {
  createKeyLister,
  createPicker,
  type FoundRecords,
  nullsIn,
  type RecordKeys,
  recordsDigest,
} from '../decode/decode.ts';
import { nextByField } from '../plan/next-by-field.ts';
import { readPageInfo } from '../plan/read-page-info.ts';
import { lastMarksOf, marksOf } from './repeated-records.ts';

interface PageToRead {
  /** Redacted; relative targets are resolved against it. */
  readonly url: string;
  /** The response headers that `pagingHeaders` names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly found: FoundRecords;
}

export interface InfoAndKeys {
  readonly pageInfo: PageInfo;
  /** Keys of the records; null without. Where pages overlap and no key is known, the whole record is its key. */
  readonly keys: RecordKeys | null;
}

/** Reads page infos under one pagination. */
export function createPageInfoReader(pagination: Pagination): (page: PageToRead) => InfoAndKeys {
  // Without a key, what pages repeat is compared as it stands; records that are alike may be two.
  const isOverlap = pagination.overlap > 0 || pagination.slices !== undefined;
  const path = pagination.key ?? (isOverlap ? '@' : null);
  const keysOf = path === null ? null : createKeyLister(path);
  const literals = new LiteralReader();
  const isChain = !isParallel(pagination);
  return ({ url, headers, body, found }) => {
    const keys = keysOf === null ? null : keysOf(body, found);
    const pageInfo = readPageInfo(pagination, {
      url,
      headers,
      literal: literals.of(body, found),
      recordCount: pagination.records === null ? 0 : found.count,
      firstKey: pagination.key === null ? null : (keys?.first ?? null),
      lastKey: pagination.key === null ? null : (keys?.last ?? null),
      digest: recordsDigest(body, found),
    });
    const isAsked = pagination.key !== null || pagination.overlap > 0;
    const border = isAsked ? borderOf(pagination, keys) : edgesOf(body, found);
    const lastMarks = isChain && isAsked ? { lastMarks: lastMarksOf(body, found) } : {};
    const nulls = pagination.records === null ? [] : nullsIn(body, found);
    const gaps = nulls.length === 0 ? {} : { nulls };
    const field = isChain ? fieldOf(pageInfo, url, body, found) : {};
    return { pageInfo: { ...pageInfo, ...border, ...lastMarks, ...gaps, ...field }, keys };
  };
}

/** Longer records are not looked into. */
const MOST_RECORD_BYTES = 65_536;

function fieldOf(
  { next, nextHoldsKey, lastKey }: PageInfo,
  url: string,
  body: Uint8Array,
  found: FoundRecords,
): Pick<PageInfo, 'nextByField'> {
  if (next === null || nextHoldsKey === true || found.count === 0) return {};
  const at = (index: number): unknown => {
    const [from = 0, to = 0] = found.spans.subarray(2 * index, 2 * index + 2);
    const bytes = (found.source ?? body).subarray(from, to);
    if (index < 0 || bytes.length > MOST_RECORD_BYTES) return null;
    return JSON.parse(Buffer.from(bytes).toString());
  };
  const records = { last: at(found.count - 1), before: () => at(found.count - 2) };
  const path = nextByField(next, { url, lastKey, ...records });
  return path === null ? {} : { nextByField: path };
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

/** What a page begins and ends with, where the next page must begin with its last record. */
function borderOf(
  { overlap }: Pagination,
  keys: RecordKeys | null,
): Pick<PageInfo, 'firstRecord' | 'lastRecord'> {
  if (overlap !== 1 || !keys?.first || !keys.last) return {};
  const { first, last } = keys;
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
