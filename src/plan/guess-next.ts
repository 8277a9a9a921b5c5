/** The page behind one that names none, by how the links before it counted on. */
import type { PageInfo } from '../core/page-info.ts';
import { readScalar } from './literal.ts';
import { changedQuery, differInOneNumber, setQueryParameter, stepsBy } from './query-parameter.ts';
import type { UnplacedRequest } from './request-parts.ts';

interface Asked {
  readonly request: UnplacedRequest;
  readonly pageInfo: PageInfo;
}

/**
 * What comes next if the page goes on as the one before did: by the next number, by as many records as
 * it holds, or from its last record's key. Null where what led to it shows none of these.
 */
export function guessNext(before: Asked, { request, pageInfo }: Asked): UnplacedRequest | null {
  const { url, method } = request;
  if (method !== 'GET') return null;
  const set = (param: string, value: string) => ({
    ...request,
    url: setQueryParameter(url, param, value),
  });
  const [led, leads] = [before, { pageInfo }].map(({ pageInfo: { lastKey } }) =>
    lastKey === null ? null : (readScalar(lastKey)?.text ?? null),
  );
  const [only, ...others] = changedQuery(before.request.url, url);
  if (only === undefined || others.length > 0) return null;
  if (only[1] === led && leads != null) return set(only[0], leads);
  const difference = differInOneNumber(before.request.url, url);
  if (difference === null || !('param' in difference)) return null;
  const { param, b } = difference;
  const by = stepsBy(difference, before.pageInfo.records);
  if (by.records) return set(param, String(b + pageInfo.records));
  return by.pages ? set(param, String(b + 1)) : null;
}
