/**
 * Which of several lists of a page is the list, where the page does not show it: the one that has as
 * many records as are asked for.
 */
import type { PageRequest } from '../../core/page-request.ts';
import { setQueryParameter } from '../query-parameter.ts';
import { rivalLists } from './find-records.ts';
import { statedCounts } from './numbers-said.ts';
import { isSuccess, listFields, type PageView, valueAt } from './page-view.ts';
import { readStartParams } from './start-params.ts';
import { SIZE_NAMES } from './whole-list.ts';

/** Few enough to differ from what came, and more than a list has by chance. */
const ASKED = 3;

/** Null where there is one list, or where nothing shows which of them it is. */
export async function listOfSize(
  first: PageView,
  ask: (request: Omit<PageRequest, 'place'>) => Promise<PageView | null>,
): Promise<string | null> {
  const { place: _, ...start } = first.request;
  if (start.method !== 'GET' || !isSuccess(first)) return null;
  const params = readStartParams(start);
  const rivals = rivalLists(first.json, statedCounts(listFields(first.json), params));
  if (rivals.length === 0 || (params.size !== null && params.size.carrier !== 'query')) return null;
  for (const name of params.size === null ? SIZE_NAMES : [params.size.name]) {
    const url = setQueryParameter(start.url, name, String(ASKED));
    const answer = await ask({ ...start, url });
    if (answer === null || !isSuccess(answer)) continue;
    const [path, another] = rivals
      .filter(({ items }) => items.length !== ASKED)
      .map((rival) => rival.path)
      .filter((rival) => lengthAt(answer, rival) === ASKED);
    if (path !== undefined && another === undefined) return path;
  }
  return null;
}

function lengthAt({ json }: PageView, path: string): number | null {
  const items = valueAt(json, path);
  return Array.isArray(items) ? items.length : null;
}
