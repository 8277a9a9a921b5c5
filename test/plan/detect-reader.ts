import type { PageInfo } from '../../src/core/page-info.ts';
import type { PageRequest } from '../../src/core/page-request.ts';
import type { Pagination } from '../../src/core/pagination.ts';
import {
  createJsonScanner,
  createKeyReader,
  createPicker,
  parseSelection,
  recordsDigest,
} from '../../src/decode/decode.ts';
import type { PageView } from '../../src/plan/detect/page-view.ts';
import { readPageInfo } from '../../src/plan/read-page-info.ts';

/** Fetches a page as detection sees it. */
export async function fetchView(
  request: PageRequest,
  headers: Readonly<Record<string, string>> = {},
): Promise<PageView> {
  const type = request.method === 'POST' ? { 'content-type': 'application/json' } : {};
  const response = await fetch(request.url, {
    method: request.method,
    headers: { ...type, ...headers, ...request.headers },
    body: request.body === null ? null : Buffer.from(request.body),
  });
  const body = new Uint8Array(await response.arrayBuffer());
  return {
    request,
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body,
    json: parse(body),
  };
}

export function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}

/** A page's page info, and the identities of its records. */
export function readView(
  view: PageView,
  pagination: Pagination,
): { pageInfo: PageInfo; keys: string[] } {
  const scan = createJsonScanner(parseSelection(pagination.records)).scan(view.body);
  if (!scan.valid) throw new Error('the page is no JSON');
  const keys = pagination.key === null ? [] : createKeyReader(pagination.key)(view.body, scan);
  const pageInfo = readPageInfo(pagination, {
    url: view.request.url,
    headers: view.headers,
    literal: (path) => createPicker([path])(view.body)[0] ?? null,
    recordCount: pagination.records === null ? 0 : scan.count,
    firstKey: keys[0] ?? null,
    lastKey: keys.at(-1) ?? null,
    digest: recordsDigest(view.body, scan),
  });
  return { pageInfo, keys };
}
