import { createFirstPages } from './first-pages.ts';
import { listSource, type PageSource, type SourceParts } from './page-source.ts';
import { listWithRecordsFound, paginatedSource } from './paginated-source.ts';

/**
 * The source of the job's pages. What the archive thread has to know before the first page, it knows
 * after this.
 */
export async function createPageSource(parts: SourceParts): Promise<PageSource> {
  const { paginate, open } = parts.job;
  if (paginate === null && !open.isPaginated) return listSource(parts);
  if (paginate === null) return listWithRecordsFound(parts);
  return paginatedSource(parts, paginate, createFirstPages(parts, paginate));
}
