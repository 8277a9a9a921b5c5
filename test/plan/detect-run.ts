import type { PageRequest } from '../../src/core/page-request.ts';
import type { Pagination } from '../../src/core/pagination.ts';
import { createGrowingPlan } from '../../src/plan/create-growing-plan.ts';
import { type Discovery, discoverPagination } from '../../src/plan/detect/discover.ts';
import { type PageView, recordIdentities } from '../../src/plan/detect/page-view.ts';
import { readView } from './detect-reader.ts';

export interface DetectedRun {
  readonly found: Discovery;
  /** Texts of all records, in page order. */
  readonly records: readonly string[];
  readonly end: string;
  readonly requests: number;
}

const MAX_PAGES = 500;

/** Discovers how a list pages and then reads it all, as a run would. */
export async function runDetected(
  start: PageRequest,
  fetchPage: (request: PageRequest) => Promise<PageView>,
  pinned: Partial<Pagination> = {},
): Promise<DetectedRun> {
  let requests = 0;
  const counted = (request: PageRequest): Promise<PageView> => {
    requests += 1;
    if (requests > MAX_PAGES) throw new Error('too many pages');
    return fetchPage(request);
  };
  const found = await discoverPagination(start, { pinned }, counted);
  const { pagination } = found;
  const known = new Map(found.responses.map((view) => [keyOf(view.request), view]));
  const plan = createGrowingPlan({ pagination, start, recheck: 'none' });
  const pages: { readonly position: number; readonly records: readonly string[] }[] = [];
  for await (const batch of plan.batches()) {
    for (const request of batch) {
      const view = known.get(keyOf(request)) ?? (await counted(request));
      if (view.status >= 300 || view.json === undefined) {
        const isPast = request.speculative === true && pagination.pastEnd.includes(view.status);
        plan.onPage(request, { state: isPast ? 'beyond-end' : 'failed', status: view.status });
        continue;
      }
      plan.onPage(request, { state: 'stored', pageInfo: readView(view, pagination).pageInfo });
      const records =
        pagination.records === null ? [] : recordIdentities(view, pagination.records, null);
      pages.push({ position: request.place.position, records: records ?? [] });
    }
  }
  pages.sort((a, b) => a.position - b.position);
  const { reason } = plan.end();
  return { found, records: pages.flatMap((page) => page.records), end: reason, requests };
}

function keyOf({ method, url, body, headers }: PageRequest): string {
  const text = body === null ? '' : Buffer.from(body).toString();
  return `${method} ${url} ${text} ${JSON.stringify(headers ?? {})}`;
}
