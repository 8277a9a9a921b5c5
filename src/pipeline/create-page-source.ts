import { listSource, type PageSource, type SourceParts } from './page-source.ts';
import type { Job } from './prepare.ts';

const loadPaginated = () => import('./paginated-source.ts');

/**
 * Detection and styles are as many files as all the rest, so a list does not load them, and where they
 * are needed they load while the connection is made and the archive opened.
 */
export function loadPageSource(job: Job): void {
  // One turn later: what waits to be sent goes first. Whoever needs it hears of an error.
  if (!isListed(job)) setImmediate(() => loadPaginated().catch(() => undefined));
}

function isListed({ paginate, open }: Job): boolean {
  return paginate === null && !open.isPaginated;
}

/** The source of the job's pages. What the archive thread has to know before the first page, it knows after this. */
export async function createPageSource(parts: SourceParts): Promise<PageSource> {
  const { paginate } = parts.job;
  if (isListed(parts.job)) return listSource(parts);
  const { listWithRecordsFound, paginatedSource } = await loadPaginated();
  return paginate === null ? listWithRecordsFound(parts) : paginatedSource(parts, paginate);
}
