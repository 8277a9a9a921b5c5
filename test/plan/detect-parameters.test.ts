/** Which parameter takes the next position or token, as the page and its request show it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pinFlags } from '../../src/plan/detect/detect.ts';
import { type Api, LENGTH, number, readWhole } from './detect-api.ts';
import { items } from './detect-pages.ts';

describe('a parameter is named after where the page echoes its number', () => {
  const nested = (write: (name: string) => string): Api => {
    return (query) => {
      if (query.has('page')) return { json: { error: 'no such parameter' }, status: 400 };
      const page = number(query.get(write('page')), 1);
      // Without its size beside it the server falls back to one record a page.
      const size = query.has(write('pageSize'))
        ? number(query.get(write('pageSize')), 25)
        : query.has(write('page'))
          ? 1
          : 25;
      const data = items((page - 1) * size, Math.min(LENGTH, page * size));
      const pagination = { page, pageSize: size, pageCount: Math.ceil(LENGTH / size) };
      return { json: { data, meta: { pagination: { ...pagination, total: LENGTH } } } };
    };
  };
  for (const [what, write] of [
    ['brackets', (name: string) => `pagination[${name}]`],
    ['a dot', (name: string) => `pagination.${name}`],
    ['an underscore', (name: string) => `pagination_${name}`],
  ] as const) {
    test(`in an object called pagination, by ${what}, together with the size beside it`, async () => {
      const { pagination } = (await readWhole(nested(write))).found;
      assert.deepEqual(
        [pagination.param, pagination.sizeParam, pagination.size],
        [write('page'), write('pageSize'), 25],
      );
      assert.ok(pinFlags(pagination).join(' ').includes(`--page-size 25`));
    });
  }

  for (const [offset, size] of [
    ['resultOffset', 'resultRecordCount'],
    ['retstart', 'retmax'],
    ['skipCount', 'maxResultCount'],
    ['startRow', 'rowCount'],
  ] as const) {
    test(`${offset}, which it echoes as text or as a number`, async () => {
      const api: Api = (query) => {
        const at = number(query.get(offset), 0);
        const things = items(at, Math.min(LENGTH, at + 20));
        return { json: { [offset]: String(at), [size]: 20, total: LENGTH, things } };
      };
      const { found } = await readWhole(api);
      assert.deepEqual([found.pagination.style, found.pagination.param], ['offset', offset]);
      assert.equal(found.responses.length, 2);
    });
  }

  test('what stands beside the page size, in the family of its name', async () => {
    const api: Api = (query) => {
      const at = number(query.get('pagination[start]'), 0);
      const data = items(at, Math.min(LENGTH, at + 20));
      return { json: { data, meta: { pagination: { start: at, limit: 20, total: LENGTH } } } };
    };
    const { found } = await readWhole(api, '/things?pagination[limit]=20');
    assert.equal(found.pagination.param, 'pagination[start]');
  });
});

describe('the parameter of a token is named after the token', () => {
  const byToken = (param: string, wrap: (next: string | null, at: number) => object): Api => {
    return (query) => {
      const at =
        Number(
          Buffer.from(query.get(param) ?? '', 'base64')
            .toString()
            .slice(2),
        ) || 0;
      const next = at + 20 < LENGTH ? Buffer.from(`k+${at + 20}`).toString('base64') : null;
      return { json: { things: items(at, Math.min(LENGTH, at + 20)), ...wrap(next, at) } };
    };
  };

  test('in the family of the page size', async () => {
    const api = byToken('pagination.key', (next_key) => ({ pagination: { next_key, total: '0' } }));
    const { found } = await readWhole(api, '/things?pagination.limit=20');
    assert.equal(found.pagination.param, 'pagination.key');
    assert.equal(found.responses.length, 2);
  });

  test('in the object that holds it, without a page size', async () => {
    for (const param of ['pagination.key', 'pagination[key]']) {
      const api = byToken(param, (next_key) => ({ pagination: { next_key } }));
      assert.equal((await readWhole(api)).found.pagination.param, param);
    }
  });

  test('what the page echoes under the end of its name', async () => {
    // Some rows are hidden, so that the next start is not this one and the page size.
    const hidden = (at: number): number => at + Math.floor(at / 9);
    const api: Api = (query) => {
      const start = number(query.get('start'), 0);
      const from = items(0, LENGTH).findIndex((_, at) => hidden(at) >= start);
      const values = items(from === -1 ? LENGTH : from, Math.min(LENGTH, from + 20));
      const isLastPage = from + 20 >= LENGTH;
      const nextPageStart = isLastPage ? null : hidden(from + 20);
      return { json: { size: values.length, limit: 20, isLastPage, values, start, nextPageStart } };
    };
    const { found } = await readWhole(api);
    assert.deepEqual([found.pagination.style, found.pagination.param], ['cursor', 'start']);
    assert.equal(found.responses.length, 2);
  });
});
