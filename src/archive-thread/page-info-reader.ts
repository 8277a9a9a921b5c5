import type { PageInfo } from '../core/page-info.ts';
import type { Pagination } from '../core/pagination.ts';
import {
  createKeyReader,
  createPicker,
  type FoundRecords,
  recordsDigest,
} from '../decode/decode.ts';
import { readPageInfo } from '../plan/read-page-info.ts';

export interface PageToRead {
  /** Redacted; relative targets are resolved against it. */
  readonly url: string;
  /** Those of `pagingHeaders`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly found: FoundRecords;
}

export interface InfoAndKeys {
  readonly pageInfo: PageInfo;
  /** Each record's key as literal text, the record where pages overlap and none is known, or null. */
  readonly keys: readonly string[] | null;
}

export type PageInfoReader = (page: PageToRead) => InfoAndKeys;

/** Reads what pages teach under one pagination. */
export function createPageInfoReader(pagination: Pagination): PageInfoReader {
  // Without a key, what pages repeat is compared as it stands; records that are alike may be two.
  const path = pagination.key ?? (pagination.overlap > 0 ? '@' : null);
  const keysOf = path === null ? null : createKeyReader(path);
  const literals = new LiteralReader();
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
    return { pageInfo, keys };
  };
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
