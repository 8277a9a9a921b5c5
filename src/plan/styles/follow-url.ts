import type { PageInfo } from '../../core/page-info.ts';
import type { PageRequest } from '../../core/page-request.ts';
import type { Pagination } from '../../core/pagination.ts';
import type { UnplacedRequest } from '../request-parts.ts';
import { raiseScheme } from '../request-url.ts';
import { unplaced } from './style.ts';

/**
 * The URL that a page names, taken as it is, with the start's method, body and headers: an API that
 * lists by POST wants its next link asked for by POST too.
 */
export function followUrl(
  _pagination: Pagination,
  start: PageRequest,
  _previous: PageRequest,
  pageInfo: PageInfo,
): UnplacedRequest | null {
  if (pageInfo.more === false || pageInfo.next?.kind !== 'url') return null;
  return { ...unplaced(start), url: raiseScheme(pageInfo.next.url, start.url) };
}
