import { loadInTurns } from '../core/load-in-turns.ts';
import { createFirstPages } from './first-pages.ts';
import { listSource, type PageSource, type SourceParts } from './page-source.ts';

const loadPaginated = () => import('./paginated-source.ts');

/**
 * The source of the job's pages. What the archive thread has to know before the first page, it knows
 * after this. Detection and styles are as many files as all the rest: a list does not load them, and
 * where they are needed they load while the first page is on its way.
 */
export async function createPageSource(parts: SourceParts): Promise<PageSource> {
  const { paginate, open } = parts.job;
  if (paginate === null && !open.isPaginated) return listSource(parts);
  if (paginate === null) return (await loadPaginated()).listWithRecordsFound(parts);
  const ask = createFirstPages(parts, paginate);
  await loadInTurns([
    () => import('../plan/request-parts.ts'),
    () => import('../plan/detect/detect.ts'),
    () => import('../plan/detect/discover.ts'),
    () => import('../plan/create-growing-plan.ts'),
  ]);
  return (await loadPaginated()).paginatedSource(parts, paginate, ask);
}
