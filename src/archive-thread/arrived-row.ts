/** Rows of the archive for a page that arrived. */
import type { AttemptRecord, PageRow } from '../archive/archive-types.ts';
import type { ArrivedPage } from './messages.ts';

/** What the checks of a page add to what arrived of it. */
export type FoundOfPage = Pick<PageRow, 'body' | 'hash' | 'records' | 'pageInfo' | 'keys'>;

export const NO_KEYS: PageRow['keys'] = [];
export const NOTHING_FOUND: FoundOfPage = {
  body: null,
  hash: null,
  records: null,
  pageInfo: null,
  keys: NO_KEYS,
};

/** Written out: an object that is made by spreading others costs several times as much. */
export function rowOf(page: ArrivedPage, key: Uint8Array, found: FoundOfPage): PageRow {
  const { body, hash, records, pageInfo, keys } = found;
  return {
    place: page.place,
    key,
    url: page.url,
    state: page.state,
    status: page.status,
    headers: page.headers,
    encoding: page.encoding,
    body,
    hash,
    records,
    pageInfo,
    keys,
    code: page.code,
    reason: page.reason,
    attempts: page.attempts,
    startedAt: page.startedAt,
    durationMs: page.durationMs,
  };
}

/** The attempt that ended the page. */
export function lastAttempt(page: ArrivedPage): AttemptRecord {
  const { place, log, startedAt, durationMs, status, reason, bodyBytes, receivedBytes } = page;
  const number = log.length + 1;
  return {
    place,
    number,
    startedAt,
    durationMs,
    status,
    outcome: reason ?? 'ok',
    toldToWaitMs: null,
    bodyBytes: receivedBytes ?? bodyBytes,
  };
}
