/** A fixture API whose cursors belong to a search that the server lets go after a while. */
import type { ApiList } from './api-list.ts';
import { sliceAfterToken } from './api-request.ts';
import { type ApiShape, Refusal } from './api-shape.ts';
import { thing } from './api-thing.ts';

/** The first search of a list gives so many pages, each later one four times as many as the one before. */
const FIRST_PAGES = 3;

/** How many pages each search of a list has given. */
const searches = new WeakMap<ApiList, number[]>();

/** As scrolls and query locators do it, here by the number of pages instead of the time. */
export const expiringCursor: ApiShape = {
  ...thing,
  name: 'expiring-cursor',
  about: 'next_cursor; the first search expires after 3 pages, with 410, later ones live longer',
  start: () => '/v1/search',
  pageSize: 20,
  recordsPath: 'hits',
  answer(request, list) {
    const given = searches.get(list) ?? [];
    searches.set(list, given);
    const cursor = request.query.get('cursor');
    const [, number, token = null] = /^s(\d+)\.(.+)$/.exec(cursor ?? '') ?? [];
    if (cursor !== null && token === null) throw new Refusal(400, { error: 'invalid cursor' });
    const search = number === undefined ? given.length : Number(number);
    const pages = given[search] ?? 0;
    if (pages >= FIRST_PAGES * 4 ** search) throw new Refusal(410, { error: 'cursor expired' });
    const { records, next } = sliceAfterToken(list, token, request.pageSize);
    given[search] = pages + 1;
    return { body: { hits: records, next_cursor: next === null ? null : `s${search}.${next}` } };
  },
};
