/** Fixture APIs that hand out a token for the next page in the body. */
import { readMember } from './api-json.ts';
import { createdText, personName, slug, textId, title, uuid } from './api-records.ts';
import {
  indexOfToken,
  sizeAsked,
  sliceAfterToken,
  tokenAfter,
  urlWith,
  wholeNumber,
} from './api-request.ts';
import { type ApiShape, Refusal } from './api-shape.ts';

/** Errors come as 200 with ok:false, and any page may hold fewer than limit. */
const slack: ApiShape = {
  name: 'slack',
  about:
    'response_metadata.next_cursor until ""; short pages in mid-list; errors are 200 with ok:false',
  start: (size) => `/api/conversations.list?limit=${size}`,
  pageSize: 20,
  recordsPath: 'channels',
  keyPath: 'id',
  record: (item) => ({
    id: `C${String(item.ordinal).padStart(8, '0')}`,
    name: slug(item),
    is_channel: true,
    topic: { value: '', creator: '' },
  }),
  answer(request, list) {
    const token = request.query.get('cursor');
    const asked = sizeAsked(request, 'limit', 100, 999);
    const size = token === null ? asked : Math.max(1, asked - 3);
    const refusal = new Refusal(200, { ok: false, error: 'invalid_cursor' });
    const page = sliceAfterToken(list, token, size, refusal);
    return {
      body: {
        ok: true,
        channels: page.records,
        response_metadata: { next_cursor: page.next ?? '' },
      },
    };
  },
};

/** https://developers.notion.com/reference/intro#pagination */
const notion: ApiShape = {
  name: 'notion',
  about: 'POST with start_cursor, which may be left out but not be null; needs its version header',
  start: () => '/v1/databases/668d797c-76fa-4934-9b05-ad288df2d136/query',
  body: (size) => ({ page_size: size, sorts: [{ property: 'Name', direction: 'ascending' }] }),
  headers: { 'notion-version': '2022-06-28' },
  pageSize: 25,
  recordsPath: 'results',
  keyPath: 'id',
  record: (item) => ({
    object: 'page',
    id: uuid(item),
    created_time: createdText(item),
    properties: { Name: { id: 'title', type: 'title', title: [{ plain_text: title(item) }] } },
  }),
  answer(request, list) {
    if (request.headers['notion-version'] === undefined) {
      throw new Refusal(400, { object: 'error', status: 400, code: 'missing_version' });
    }
    const invalid = new Refusal(400, { object: 'error', status: 400, code: 'validation_error' });
    const cursor = readMember(request.body, 'start_cursor');
    if (cursor !== undefined && typeof cursor !== 'string') throw invalid;
    // A cursor is the id of the record that the next page begins with.
    const from = cursor === undefined ? 0 : list.ids().indexOf(cursor);
    if (from === -1) throw invalid;
    const size = Math.min(100, wholeNumber(readMember(request.body, 'page_size'), 100, 1));
    const end = Math.min(list.length, from + size);
    return {
      body: {
        object: 'list',
        results: list.slice(from, end),
        next_cursor: end < list.length ? list.idAt(end) : null,
        has_more: end < list.length,
        type: 'page_or_database',
        page_or_database: {},
      },
    };
  },
};

const hubspot: ApiShape = {
  name: 'hubspot',
  about: 'paging.next.after, with a link beside it; no paging in the last page; ids are strings',
  start: (size) => `/crm/v3/objects/contacts?limit=${size}`,
  pageSize: 10,
  recordsPath: 'results',
  keyPath: 'id',
  record: (item) => ({
    id: `${501 + item.ordinal}`,
    properties: { firstname: personName(item), hs_object_id: `${501 + item.ordinal}` },
    createdAt: createdText(item),
    archived: false,
  }),
  answer(request, list) {
    const after = request.query.get('after');
    const from = after === null ? 0 : list.after(after);
    if (from === null) throw new Refusal(400, { status: 'error', category: 'VALIDATION_ERROR' });
    const end = Math.min(list.length, from + sizeAsked(request, 'limit', 10));
    const next = end < list.length ? list.idAt(end - 1) : null;
    const paging =
      next === null
        ? undefined
        : { next: { after: next, link: urlWith(request, { after: next }) } };
    return {
      headers: { 'x-hubspot-ratelimit-max': '190', 'x-hubspot-ratelimit-remaining': '189' },
      body: { results: list.slice(from, end), paging },
    };
  },
};

/** Its pages get shorter from the third on, and the token is missing from the last. */
const jira: ApiShape = {
  name: 'jira',
  about: 'nextPageToken, absent in the last page, and isLast; the server lowers maxResults',
  start: (size) => `/rest/api/3/search/jql?jql=project%3DROCKET&fields=summary&maxResults=${size}`,
  pageSize: 25,
  recordsPath: 'issues',
  keyPath: 'id',
  record: (item) => ({
    expand: '',
    id: `${10_000 + item.ordinal}`,
    key: `ROCKET-${item.ordinal + 1}`,
    fields: { summary: title(item) },
  }),
  answer(request, list) {
    const asked = sizeAsked(request, 'maxResults', 50, 5000);
    const token = request.query.get('nextPageToken');
    const from = token === null ? 0 : indexOfToken(list, token);
    if (from === null) throw new Refusal(400, { errorMessages: ['The token is invalid.'] });
    const size = from < 2 * asked ? asked : Math.max(1, asked >> 1);
    const end = Math.min(list.length, from + size);
    const isLast = end >= list.length;
    return {
      body: {
        issues: list.slice(from, end),
        nextPageToken: isLast ? undefined : tokenAfter(list.idAt(end - 1)),
        isLast,
      },
    };
  },
};

/** The token is called as a number would be. */
const airtable: ApiShape = {
  name: 'airtable',
  about: 'offset is a token, not a number; absent in the last page; 422 where it is none',
  start: (size) => `/v0/appUf8HNRqqbnqq3s/Tasks?pageSize=${size}`,
  pageSize: 25,
  recordsPath: 'records',
  keyPath: 'id',
  record: (item) => ({
    id: textId('rec', item),
    createdTime: createdText(item),
    fields: { Name: title(item), Done: item.ordinal % 2 === 0 },
  }),
  answer(request, list) {
    const offset = request.query.get('offset');
    const refusal = new Refusal(422, { error: 'LIST_RECORDS_ITERATOR_NOT_AVAILABLE' });
    const last = offset === null ? null : /^itr7\/(rec.+)$/.exec(offset)?.[1];
    const from = last === null ? 0 : list.after(last ?? '');
    if (from === null) throw refusal;
    const end = Math.min(list.length, from + sizeAsked(request, 'pageSize', 100));
    const next = end < list.length ? `itr7/${list.idAt(end - 1)}` : undefined;
    return { body: { records: list.slice(from, end), offset: next } };
  },
};

/** The second page is empty and has a token; the last page has a nextSyncToken, which is no next page. */
const google: ApiShape = {
  name: 'google',
  about:
    'nextPageToken; an empty page with a token goes on; nextSyncToken in the last page is not one',
  start: (size) => `/calendar/v3/calendars/primary/events?maxResults=${size}`,
  pageSize: 25,
  recordsPath: 'items',
  keyPath: 'id',
  record: (item) => ({
    kind: 'calendar#event',
    id: textId('e', item),
    summary: title(item),
    created: createdText(item),
  }),
  answer(request, list) {
    const asked = request.query.get('pageToken');
    const isHole = asked?.startsWith('_') === true;
    const token = isHole ? asked.slice(1) : asked;
    const page = sliceAfterToken(
      list,
      token,
      isHole ? 0 : sizeAsked(request, 'maxResults', 250, 2500),
    );
    const after = page.from === 0 && page.next !== null ? `_${page.next}` : page.next;
    const next = isHole ? token : after;
    return {
      body: {
        kind: 'calendar#events',
        etag: '"p33g"',
        summary: 'Work',
        updated: '2024-12-31T00:00:00Z',
        defaultReminders: [{ method: 'popup', minutes: 10 }],
        ...(next === null ? { nextSyncToken: 'CPDAlvWDx70C' } : { nextPageToken: next }),
        items: isHole ? [] : page.records,
      },
    };
  },
};

/** As AWS's JSON protocols do it. */
const aws: ApiShape = {
  name: 'aws',
  about: 'POST with NextToken in the body, both ways; an absent token is the end',
  start: () => '/',
  body: (size) => ({ MaxResults: size, Filters: [] }),
  headers: { 'x-amz-target': 'Fixture_20240101.ListInstances' },
  pageSize: 25,
  recordsPath: 'Instances',
  keyPath: 'InstanceId',
  record: (item) => ({ InstanceId: textId('i-', item), State: { Name: 'running' } }),
  answer(request, list) {
    const token = readMember(request.body, 'NextToken') ?? null;
    const refusal = new Refusal(400, { __type: 'InvalidNextTokenException' });
    if (token !== null && typeof token !== 'string') throw refusal;
    const size = Math.min(100, wholeNumber(readMember(request.body, 'MaxResults'), 50, 1));
    const page = sliceAfterToken(list, token, size, refusal);
    return { body: { Instances: page.records, NextToken: page.next ?? undefined } };
  },
};

export const cursorShapes: readonly ApiShape[] = [
  slack,
  notion,
  hubspot,
  jira,
  airtable,
  google,
  aws,
];
