/**
 * Which of several lists of a page is the list, where the page does not show it: the one that the URL's path
 * names, or that has as many records as are asked for, or a usual name. Else `which-changes.ts` looks further.
 */

import { means, squash } from '../names.ts';
import { keysOf, listFields, type RecordsFound } from '../page-fields.ts';
import { readStartParams } from '../start-params.ts';
import { rivalLists } from './find-records.ts';
import { statedCounts } from './numbers-said.ts';
import { countRecords, isSuccess, type PageView } from './page-view.ts';
import { type Ask, requestForSize, sizeNames } from './whole-list.ts';

/** Few enough to differ from what came, and more than a list has by chance. */
const ASKED = 3;

interface WhichList {
  /** Null where there is one list, or where nothing shows which of them it is. */
  readonly path: string | null;
  /** Then those that it may be. */
  readonly rivals: readonly string[];
}

export async function whichList(first: PageView, ask: Ask): Promise<WhichList> {
  const { url, body } = first.request;
  const params = readStartParams({ url, body });
  const rivals = isSuccess(first)
    ? rivalLists(first.json, statedCounts(listFields(first.json), params))
    : [];
  if (rivals.length === 0) return { path: null, rivals: [] };
  const path = namedByUrl(rivals, url) ?? (await listOfSize(first, rivals, ask)) ?? usual(rivals);
  return { path, rivals: path === null ? rivals.map((rival) => rival.path) : [] };
}

/** `/v1/orders` gives `orders`. */
function namedByUrl(rivals: readonly RecordsFound[], url: string): string | null {
  const segments = new Set(new URL(url).pathname.split('/').map(squash));
  return only(rivals, (name) => segments.has(squash(name)));
}

function usual(rivals: readonly RecordsFound[]): string | null {
  return only(rivals, means.records);
}

function only(rivals: readonly RecordsFound[], isMeant: (name: string) => boolean): string | null {
  const [own, another] = rivals.filter(({ path }) => isMeant(keysOf(path)?.at(-1) ?? ''));
  return own === undefined || another !== undefined ? null : own.path;
}

async function listOfSize(
  first: PageView,
  rivals: readonly RecordsFound[],
  ask: Ask,
): Promise<string | null> {
  if (first.request.method !== 'GET') return null;
  for (const name of sizeNames(readStartParams(first.request))) {
    const answer = await ask(requestForSize({ view: first }, name, ASKED));
    if (answer === null || !isSuccess(answer)) continue;
    const [path, another] = rivals
      .filter(({ items }) => items.length !== ASKED)
      .map((rival) => rival.path)
      .filter((rival) => countRecords(answer, rival) === ASKED);
    if (path !== undefined && another === undefined) return path;
  }
  return null;
}
