import { listSource, type PageSource, type SourceParts } from './page-source.ts';

/** The source of the job's pages. What the archive thread has to know before the first page, it knows after this. */
export async function createPageSource(parts: SourceParts): Promise<PageSource> {
  const { paginate, open } = parts.job;
  if (paginate === null && !open.isPaginated) return listSource(parts);
  // Detection and styles are as many files as all the rest: a list does not load them.
  const { listWithRecordsFound, paginatedSource } = await import('./paginated-source.ts');
  return paginate === null ? listWithRecordsFound(parts) : paginatedSource(parts, paginate);
}
