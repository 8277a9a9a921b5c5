/** 204 (No Content) says that there is nothing, and of a list that it is empty (RFC 9110 §15.3.5). */
import type { PageRequest } from '../core/page-request.ts';
import { NO_RECORDS, noPagination } from '../core/pagination.ts';
import { headersSayRecords } from '../plan/detect/headers-said.ts';
import { plainHeaders } from './asked-pages.ts';
import type { FoundPagination } from './find-pagination.ts';
import type { FinalAttempt } from './task.ts';

export const emptyListFound: FoundPagination = {
  pagination: { ...noPagination, records: NO_RECORDS, pastEnd: [204] },
  evidence: ['the first page is 204 No Content'],
  end: null,
};

/** @param final of the first page */
export function isEmptyAnswer(final: FinalAttempt | undefined, request: PageRequest): boolean {
  if (final?.status !== 204) return false;
  return !headersSayRecords({ request, headers: plainHeaders(final) });
}
