import { KnownCredentials } from '../core/known-credentials.ts';
import { SLOT_BYTES } from '../core/memory-budget.ts';
import type { PageInfo } from '../core/page-info.ts';
import { PAGE_KEY_BYTES } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import { freeSpans, readCondition, readSelection } from '../decode/decode.ts';
import { BatchReader } from './batch-reader.ts';
import type { ArrivedPage, OpenRequest } from './messages.ts';

/** It is stored with the page, and says nothing about the list. */
const NO_KEY = Buffer.alloc(PAGE_KEY_BYTES);

const NOTHING_STORED = {
  firstWithRecords: () => null,
  lastKeysAt: () => null,
  pageInfoAt: () => null,
  bodyAt: () => null,
};

/**
 * What the first page of a list says, read as the archive will that holds nothing yet: so the pages after it can
 * be asked for while it is stored. Null where it would be rejected, or is too large to be read twice.
 */
export function readFirst(
  { maxDecodedBytes, failWhen, credentials, secretParams }: OpenRequest,
  pagination: Pagination,
  page: ArrivedPage,
  chunks: readonly Uint8Array[],
): PageInfo | null {
  if (page.bodyBytes > SLOT_BYTES) return null;
  const reader = new BatchReader(
    readSelection(pagination.records),
    pagination,
    maxDecodedBytes,
    readCondition(failWhen),
    new KnownCredentials(credentials, secretParams),
    null,
    NOTHING_STORED,
  );
  const arena = Buffer.concat([NO_KEY, ...chunks]);
  const { pages } = reader.read({ pages: JSON.stringify([page]), arena, slot: null, pace: null });
  const [read] = pages;
  if (read?.decoded?.found !== undefined) freeSpans(read.decoded.found);
  return read?.pageInfo ?? null;
}
