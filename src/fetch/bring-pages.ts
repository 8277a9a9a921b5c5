import type { PaginationFacts } from '../core/summary.ts';
import { findPages } from './find-pages.ts';
import type { RunParts } from './pending-pages.ts';
import { fetchPages } from './run-archive.ts';

/**
 * Brings the pages of the plan into the archive, until the plan has ended or the run is stopped. Gives what was
 * found of how the list pages; null for a list of URLs.
 *
 * @internal
 */
export type BringPages = (parts: RunParts) => Promise<PaginationFacts | null>;

/** This process fetches them. */
export async function fetchHere(parts: RunParts): Promise<PaginationFacts | null> {
  const found = await findPages(parts);
  if (found !== null && !parts.opened.exportOnly) {
    await fetchPages(parts.engine, found, parts.thread);
  }
  return found?.facts ?? null;
}
