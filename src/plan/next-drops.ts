/** Whether what a page names as the next page leaves out what the page was asked with. */
import type { NextStep } from '../core/page-info.ts';
import { isSecretName } from '../core/redact.ts';
import { squash } from './names.ts';
import { readQuery } from './query-parameter.ts';
import { readStartParams } from './start-params.ts';

/** How a page is written, which changes nothing of what it holds. */
const WRITING = new Set([
  'format',
  'output',
  'alt',
  'pretty',
  'prettyprint',
  'indent',
  'callback',
  'jsonp',
]);

/**
 * The first parameter of the page's own URL that a next link lacks, where the link counts pages or
 * records: if it was a filter, the pages behind are those of another list. A link with a cursor may
 * hold the filter in that. Null where nothing of the kind shows.
 */
export function nextDrops(step: NextStep | null, url: string): string | null {
  if (step?.kind !== 'url' || pathOf(step.url) !== pathOf(url)) return null;
  const next = readStartParams({ url: step.url, body: null });
  if ((next.page ?? next.offset) === null || next.cursor !== null) return null;
  const kept = new Set(readQuery(step.url).map(([name]) => name));
  const paging = Object.values(readStartParams({ url, body: null })).map((param) => param?.name);
  for (const [name, value] of readQuery(url)) {
    if (value === '' || kept.has(name) || paging.includes(name)) continue;
    if (!WRITING.has(squash(name)) && !isSecretName(name)) return name;
  }
  return null;
}

/** Another path may hold a filter, too. */
function pathOf(url: string): string {
  return new URL(url).pathname;
}
