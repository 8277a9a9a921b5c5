/** Which of several lists of a page is another one on the second page. */

import type { PageRequest } from '../../core/page-request.ts';
import { elementsIn } from '../../decode/decode.ts';
import { valueAt } from '../page-fields.ts';
import { PageGrid } from '../page-grid.ts';
import { styleOf } from '../styles/styles.ts';
import type { Discovery } from './discover.ts';
import { readFacts } from './facts.ts';
import { isSuccess, type PageView } from './page-view.ts';

/**
 * Whether the list that was taken is the one of its rivals that alone is another on a further page. Pages that
 * came already are looked at first; a last one has to be asked for only where none of them shows it.
 */
export async function isOnlyOneToChange(
  found: Discovery,
  ask: (request: PageRequest) => Promise<PageView>,
): Promise<boolean> {
  const [first, ...others] = found.responses;
  const { rivals, pagination } = found;
  const changed = (view: PageView): readonly string[] =>
    rivals.filter((path) => textAt(first!, path) !== textAt(view, path));
  const shown = others.filter(isSuccess).find((view) => changed(view).length > 0);
  const request = shown === undefined ? secondOf(found) : null;
  const view = request === null ? shown : await ask(request);
  const [path, another] = view === undefined || !isSuccess(view) ? [] : changed(view);
  return path === pagination.records && another === undefined;
}

function textAt({ json }: PageView, path: string): string {
  const value = valueAt(json, path);
  const list = Array.isArray(value) ? [value.length, ...elementsIn(value)] : value;
  return JSON.stringify(list) ?? '';
}

/** The second page's request, as far as the first page alone shows it. */
function secondOf({ pagination, responses, pageRecords }: Discovery): PageRequest | null {
  const { request: start } = responses[0]!;
  const style = styleOf(pagination);
  if (style?.kind === 'counted') {
    const grid = new PageGrid({ pagination, start, style });
    grid.onFirst({ records: pageRecords, total: null, totalPages: null });
    return grid.isPaged
      ? grid.request(1, 2, true)
      : grid.request(pageRecords, 2 * pageRecords, true);
  }
  const { headers, next } = readFacts(responses[0]!, pagination);
  const url = headers.next ?? next.url?.value ?? null;
  const place = { ...start.place, position: start.place.position + 1 };
  return url === null || start.method !== 'GET'
    ? null
    : { ...start, url, place, speculative: true };
}
