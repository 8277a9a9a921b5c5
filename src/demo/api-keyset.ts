/** Fixture APIs that go on after a record's own key. */
import type { ApiList } from './api-list.ts';
import { amount, createdSeconds, createdText, textId, title } from './api-records.ts';
import { wholeNumber } from './api-request.ts';
import { type ApiShape, Refusal } from './api-shape.ts';
import { inSlice } from './api-slice.ts';

const stripe: ApiShape = {
  name: 'stripe',
  about:
    'starting_after the last id, has_more; newest first; created[gte] and created[lt] cut slices',
  start: (size) => `/v1/charges?limit=${size}`,
  pageSize: 10,
  recordsPath: 'data',
  keyPath: 'id',
  record: (item) => ({
    id: textId('ch_3', item),
    object: 'charge',
    amount: amount(item),
    created: createdSeconds(item, 'newest first'),
    metadata: {},
    refunds: { object: 'list', data: [], has_more: false },
  }),
  answer(request, list) {
    const limit = wholeNumber(request.query.get('limit'), 10);
    if (limit < 1 || limit > 100) throw invalid('parameter_invalid_integer', 'limit');
    const found = inSlice(request, list, 'newest first');
    const last = request.query.get('starting_after');
    const from = last === null ? 0 : found.after(last);
    if (from === null) throw invalid('resource_missing', 'starting_after');
    return {
      body: {
        object: 'list',
        url: '/v1/charges',
        has_more: from + limit < found.length,
        data: found.slice(from, from + limit),
      },
    };
  },
};

const invalid = (code: string, param: string): Refusal =>
  new Refusal(400, { error: { type: 'invalid_request_error', code, param } });

/** Snowflakes: a double holds none of them. Newest first, so they fall along the list. */
const discord: ApiShape = {
  name: 'discord',
  about:
    'before the last id; a bare array, newest first; ids are 64-bit numbers written as strings',
  start: (size) => `/api/v10/channels/199737254929760256/messages?limit=${size}`,
  pageSize: 50,
  recordsPath: '@',
  keyPath: 'id',
  record: (item) => ({
    id: `${1_100_000_000_000_000_001n - 2n * BigInt(Math.round(item.rank * 2 ** 22))}`,
    content: title(item),
    author: { id: '82198898841029460', username: 'ada' },
    timestamp: createdText(item, 'newest first'),
    reactions: [{ count: 1, emoji: { name: '🔥' } }],
  }),
  answer(request, list) {
    const limit = wholeNumber(request.query.get('limit'), 50);
    if (limit < 1 || limit > 100)
      throw new Refusal(400, { code: 50035, message: 'Invalid Form Body' });
    const before = request.query.get('before');
    if (before !== null && !/^\d+$/.test(before)) {
      throw new Refusal(400, { code: 50035, message: 'Invalid Form Body' });
    }
    const ids = before === null ? [] : list.ids();
    const found = before === null ? 0 : ids.findIndex((id) => BigInt(id) < BigInt(before));
    const from = found === -1 ? list.length : found;
    return {
      headers: {
        'x-ratelimit-limit': '5',
        'x-ratelimit-remaining': '4',
        'x-ratelimit-reset-after': '0.25',
        'x-ratelimit-bucket': '80c17d2f203122d936070c88c8d10f33',
      },
      body: list.slice(from, from + limit),
    };
  },
};

/** startkey is JSON and inclusive: a page that begins with the last key repeats its row. */
const couchdb: ApiShape = {
  name: 'couchdb',
  about:
    'limit with skip, or with startkey: JSON, and the last row comes again; offset and total_rows',
  start: (size) => `/catalog/_all_docs?limit=${size}`,
  pageSize: 25,
  recordsPath: 'rows',
  keyPath: 'id',
  record: (item) => {
    const id = `doc-${(item.rank + 2 ** 20).toFixed(6)}`;
    return { id, key: id, value: { rev: `1-${textId('', item)}` } };
  },
  answer(request, list) {
    const startkey = request.query.get('startkey') ?? request.query.get('start_key');
    const skip = wholeNumber(request.query.get('skip'), 0);
    const begin = (startkey === null ? 0 : indexOfKey(list, startkey)) + skip;
    const limit = wholeNumber(request.query.get('limit'), Number.MAX_SAFE_INTEGER);
    return {
      body: { total_rows: list.length, offset: begin, rows: list.slice(begin, begin + limit) },
    };
  },
};

function indexOfKey(list: ApiList, startkey: string): number {
  let key: unknown;
  try {
    key = JSON.parse(startkey);
  } catch {
    throw new Refusal(400, { error: 'bad_request', reason: 'invalid UTF-8 JSON' });
  }
  const index = list.ids().findIndex((id) => id >= String(key));
  return index === -1 ? list.length : index;
}

export const keysetShapes: readonly ApiShape[] = [stripe, discord, couchdb];
