import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startApiServer } from '../fixtures/apis/api-server.ts';
import { type JsonReply, startJsonServer } from '../run/pagination-setup.ts';
import { assertAlike, readTwice, watchQueue } from './paged-setup.ts';
import { WITHOUT_REDIS } from './redis-process.ts';

const skip = WITHOUT_REDIS ?? false;

/** Of each style one: `test/fixtures/apis` says what they are. */
const styles = ['plain', 'ckan', 'range', 'slack', 'stripe', 'github-graphql', 'loop'];

suite('a list that pages by itself, read by one machine and by three workers', {
  concurrency: 3,
}, () => {
  for (const api of styles) {
    test(`${api}: the same bytes, and the same verdict in every word`, { skip }, async (t) => {
      const server = await startApiServer({ api, records: 60, pageSize: 10 });
      t.after(() => server.close());
      const { url, headers, body } = server;
      const options = { headers, ...(body === null ? {} : { body }) };
      let before = 0;
      const between = (): void => {
        before = server.counts().requests;
      };
      const readings = await readTwice(t, { url, options, between });
      assertAlike(readings);
      assert.equal(server.counts().requests, 2 * before);
    });
  }

  test('pages of a list without a stated end come from several workers', { skip }, async (t) => {
    const server = await startApiServer({ api: 'plain', records: 400, pageSize: 4, latencyMs: 5 });
    t.after(() => server.close());
    const readings = await readTwice(t, { url: server.url, options: {} });
    assertAlike(readings);
    assert.ok(readings.who.size > 2, `${readings.who.size} wrote parts`);
  });

  const RECORDS = 240;
  const rows = Array.from({ length: RECORDS }, (_, id) => ({ id, v: `row ${id}` }));
  const inSlice = ({ searchParams }: URL): typeof rows => {
    const from = Number(searchParams.get('id[gte]') ?? 0);
    const to = Number(searchParams.get('id[lt]') ?? RECORDS);
    return rows.filter(({ id }) => id >= from && id < to);
  };

  test('chains of a split are read by several workers', { skip }, async (t) => {
    const { origin, seen } = await startJsonServer(t, (url): JsonReply => {
      const after = Number(url.searchParams.get('cursor')?.slice(1) ?? -1);
      const part = inSlice(url).filter(({ id }) => id > after);
      const next = part.length > 5 ? `c${part[4]!.id}` : null;
      return { body: { data: part.slice(0, 5), next_cursor: next } };
    });
    let before = 0;
    const readings = await readTwice(t, {
      url: `${origin}/items`,
      options: { paginate: { split: `id[gte]=0..${RECORDS - 1}/20` } },
      between: () => {
        before = seen.length;
      },
    });
    assertAlike(readings);
    assert.equal(seen.length, 2 * before);
    assert.ok(readings.who.size > 1, `${readings.who.size} wrote parts`);
  });

  test('a slice that holds more than the server gives is divided, and not read before', {
    skip,
  }, async (t) => {
    const { origin, seen } = await startJsonServer(t, (url): JsonReply => {
      const page = Number(url.searchParams.get('page') ?? 1);
      if (page > 4) return { status: 422, body: { message: 'only 40 records' } };
      const part = inSlice(url);
      return { body: { total: part.length, data: part.slice(10 * page - 10, 10 * page) } };
    });
    let before = 0;
    const readings = await readTwice(t, {
      url: `${origin}/items?page=1`,
      options: { paginate: { split: `id[gte]=0..${RECORDS - 1}/100`, ceiling: 40 } },
      between: () => {
        before = seen.length;
      },
    });
    assertAlike(readings);
    assert.equal(readings.together.verdict.name, 'complete');
    assert.equal(seen.length, 2 * before);
  });

  test('rows that shift between pages of two workers are seen', { skip }, async (t) => {
    const answered = new Set<number>();
    const { origin } = await startJsonServer(t, (url): JsonReply => {
      const page = Number(url.searchParams.get('page') ?? 1);
      answered.add(page);
      // A row goes from the front of the list once page 12 was asked for.
      const list = answered.has(12) ? rows.slice(1) : rows;
      return { body: { data: list.slice(10 * page - 10, 10 * page), total: RECORDS } };
    });
    const readings = await readTwice(t, {
      url: `${origin}/items?page=1`,
      options: {},
      between: () => answered.clear(),
    });
    const { alone, together } = readings;
    assert.equal(alone.verdict.name, 'drifted', alone.verdict.reasons.join());
    assert.equal(together.verdict.name, 'drifted', together.verdict.reasons.join());
  });

  test('two readings that agree prove a list', { skip }, async (t) => {
    const server = await startApiServer({ api: 'slack', records: 40, pageSize: 10 });
    t.after(() => server.close());
    const { url, headers } = server;
    const readings = await readTwice(t, { url, options: { headers, prove: true } });
    assertAlike(readings);
    assert.equal(readings.together.verdict.name, 'proven');
  });

  test('the records of a range are found by the coordinator', { skip }, async (t) => {
    const { origin } = await startJsonServer(t, (url): JsonReply => {
      const page = Number(url.searchParams.get('page'));
      return { body: { at: page, list: rows.slice(10 * page - 10, 10 * page) } };
    });
    const url = `${origin}/items?page=[1-24]`;
    const readings = await readTwice(t, { url, options: { records: true } });
    assertAlike(readings);
    assert.equal(readings.together.output?.records, RECORDS);
  });

  test('no credential of the user or of the server is told the queue', { skip }, async (t) => {
    const told = await watchQueue(t);
    const { origin } = await startJsonServer(t, (url, { headers }): JsonReply => {
      if (headers['authorization'] !== 'Bearer geheim-1') return { status: 401 };
      const at = Number(url.searchParams.get('at') ?? 0);
      const next = `${origin}/items?at=${at + 40}&access_token=geheim-${at + 40}`;
      return { body: { data: rows.slice(at, at + 40), next: at + 40 < RECORDS ? next : null } };
    });
    const headers = { authorization: 'Bearer geheim-1' };
    const readings = await readTwice(t, { url: `${origin}/items`, options: { headers } });
    assertAlike(readings);
    assert.equal(readings.together.output?.records, RECORDS);
    assert.match(told(), /everypage/);
    assert.ok(!told().includes('geheim'));
  });

  test('a chain whose reader would not stop at --max-pages is not begun', { skip }, async (t) => {
    const { origin } = await startJsonServer(t, (url) => {
      const next = Number(url.searchParams.get('cursor') ?? 0) + 5;
      return { body: { data: rows.slice(next - 5, next), next_cursor: next < 60 ? next : null } };
    });
    const reading = readTwice(t, { url: `${origin}/items`, options: { maxPages: 4 } });
    await assert.rejects(reading, /--max-pages does not stop a worker/);
  });

  test('where the first page does not come, that is said as by one machine', {
    skip,
  }, async (t) => {
    const { origin } = await startJsonServer(t, () => ({ status: 404 }));
    const readings = await readTwice(t, { url: `${origin}/items`, options: {} });
    assertAlike(readings);
    assert.equal(readings.together.verdict.name, 'incomplete');
  });
});
