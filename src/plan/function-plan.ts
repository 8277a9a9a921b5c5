import type { NextRequest, NextRequests } from '../core/options.ts';
import type { PageEnd, PlanEnd } from '../core/page-info.ts';
import type { PageRequest, Place } from '../core/page-request.ts';
import type { GrowingPlan } from './plan.ts';
import { checkUrl } from './written-url.ts';

const BATCH_LENGTH = 256;

export interface FunctionParts<P> {
  readonly start: PageRequest;
  readonly next: (page: P) => NextRequests | Promise<NextRequests>;
  /** What `next` is given, read from where the page is stored. */
  readonly readPage: (place: Place) => Promise<P>;
  readonly secretParams?: readonly string[];
}

/**
 * The plan of a user's function, which returns for each page the pages that follow it. Pages are
 * numbered breadth first, so their order does not depend on how fast each is answered. The function
 * is called for one page at a time, in that order, while further requests are in flight.
 *
 * What the function throws, `batches()` throws. An invalid URL is `URL_INVALID`.
 */
export function createFunctionPlan<P>(parts: FunctionParts<P>): GrowingPlan {
  const { start, next, readPage, secretParams } = parts;
  const { branch } = start.place;
  /** Pages that are awaited, and those that came before an earlier one. */
  const pages = new Map<number, { request: PageRequest; ended: PageEnd | null }>();
  let changed = Promise.withResolvers<void>();
  let count = 0;
  let failed = 0;
  let isDone = false;

  function ask(request: Omit<PageRequest, 'place'>): PageRequest {
    const placed = { ...request, place: { branch, position: count } };
    pages.set(count, { request: placed, ended: null });
    count += 1;
    return placed;
  }

  async function followersOf(request: PageRequest, ended: PageEnd): Promise<PageRequest[]> {
    if (ended.state !== 'stored') return [];
    const found = await next(await readPage(request.place));
    if (found === null || found === undefined) return [];
    const list = isList(found) ? found : [found];
    return list.map((page) => ask(requestOf(page, request, secretParams)));
  }

  return {
    async *batches() {
      yield [ask(start)];
      for (let position = 0; position < count; position++) {
        const page = pages.get(position)!;
        while (page.ended === null) await changed.promise;
        const found = await followersOf(page.request, page.ended);
        pages.delete(position);
        for (let from = 0; from < found.length; from += BATCH_LENGTH) {
          yield found.slice(from, from + BATCH_LENGTH);
        }
      }
      isDone = true;
    },
    onPage(request, ended) {
      const page = pages.get(request.place.position);
      if (page === undefined || page.ended !== null) return;
      page.ended = ended;
      if (ended.state !== 'stored') failed += 1;
      changed.resolve();
      changed = Promise.withResolvers();
    },
    known: () => (isDone ? count : null),
    count: async () => null,
    end: () => endOf(branch, count, failed),
  };
}

function endOf(branch: number, count: number, failed: number): PlanEnd {
  const ends = [{ branch, position: count }];
  if (failed === 0) return { reason: 'short', detail: null, ends };
  const pages = failed === 1 ? 'a page' : `${failed} pages`;
  return { reason: 'broken', detail: `${pages} failed, so what follows is unknown`, ends };
}

function isList(pages: NextRequest | readonly NextRequest[]): pages is readonly NextRequest[] {
  return Array.isArray(pages);
}

function requestOf(
  page: NextRequest,
  before: PageRequest,
  secretParams: readonly string[] | undefined,
): Omit<PageRequest, 'place'> {
  const said = typeof page === 'string' || page instanceof URL ? { url: page } : page;
  const text = String(said.url);
  const url = checkUrl(URL.parse(text, before.url)?.href ?? text, before.source, secretParams);
  const method = said.method ?? (said.body ? 'POST' : before.method);
  const given = said.body === undefined && method === before.method ? before.body : said.body;
  const body = typeof given === 'string' ? Buffer.from(given) : (given ?? null);
  const headers = Object.entries(said.headers ?? {});
  return {
    method,
    url,
    body,
    source: before.source,
    ...(headers.length === 0
      ? {}
      : {
          headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
        }),
  };
}
