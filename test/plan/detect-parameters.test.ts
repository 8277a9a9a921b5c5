/** Which parameter takes the next position or token, as the page and its request show it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pinFlags } from '../../src/plan/pin-flags.ts';
import { type Api, HOST, LENGTH, number, pageFrom, readWhole, serve } from './detect-api.ts';
import { items, startAt } from './detect-pages.ts';
import { runDetected } from './detect-run.ts';

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
      assert.ok(pinFlags(pagination, {}).join(' ').includes(`--page-size 25`));
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

  test('where only the user says which of the lists holds the records', async () => {
    const api: Api = (query) => {
      const at = number(query.get('retstart'), 0);
      const ids = items(at, Math.min(LENGTH, at + 20)).map((_, index) => `${at + index}`);
      const said = { count: String(LENGTH), retmax: String(ids.length), retstart: String(at) };
      return { json: { result: { ...said, ids, translations: [{ from: 'x', to: 'y' }] } } };
    };
    const start = startAt(`${HOST}/search?retmax=20`);
    const { found, records } = await runDetected(start, serve(api), { records: 'result.ids' });
    assert.deepEqual([found.pagination.param, records.length], ['retstart', LENGTH]);
  });

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

  /** A token that holds `=`, as base64 does, in a page that writes it encoded. */
  const encoded = (param: string): Api => {
    return (query) => {
      const text = query.get(param) ?? '';
      const token = Buffer.from(text, 'base64').toString();
      if (text !== '' && !/^>i:\d+$/.test(token)) return { json: {}, status: 400 };
      const at = Number(token.slice(3));
      const next = Buffer.from(`>i:${at + 20}`).toString('base64');
      const next_page = at + 20 < LENGTH ? encodeURIComponent(next) : null;
      return { json: { items: items(at, Math.min(LENGTH, at + 20)), next_page } };
    };
  };

  test('and takes one that is encoded in the page already without encoding it again', async () => {
    const { pagination } = (await readWhole(encoded('cursor'), '/things?size=20')).found;
    assert.equal(pagination.nextIsEncoded, true);
    assert.ok(pinFlags(pagination, {}).includes('--next-encoded'));
    const named = (await readWhole(encoded('cursor'), '/things?cursor=')).found;
    assert.equal(named.pagination.nextIsEncoded, true);
  });

  test('and encodes one that only looks encoded where the server wants it back as it stands', async () => {
    const api: Api = (query) => {
      const at = Number(/^n%3D(\d+)$/.exec(query.get('page_token') ?? '')?.[1] ?? 0);
      const next_page_token = at + 20 < LENGTH ? `n%3D${at + 20}` : null;
      return { json: { items: items(at, Math.min(LENGTH, at + 20)), next_page_token } };
    };
    assert.equal((await readWhole(api)).found.pagination.nextIsEncoded, false);
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

describe('a flag that a limit was exceeded says that there is more', () => {
  const MORE = 'exceededTransferLimit';
  const api = (take: (at: number) => number, wrap: (more: boolean) => object): Api => {
    return (query) => {
      const at = number(query.get('resultOffset'), 0);
      const to = Math.min(LENGTH, at + take(at));
      return { json: { features: items(at, to), ...wrap(to < LENGTH) } };
    };
  };
  const flat = (more: boolean) => (more ? { [MORE]: true } : {});

  test('beside the records, and the offset has the name that goes with it', async () => {
    const { found } = await readWhole(api(() => 20, flat));
    assert.deepEqual([found.pagination.param, found.pagination.morePath], ['resultOffset', MORE]);
  });

  test('within properties, as in GeoJSON', async () => {
    const wrap = (more: boolean) => (more ? { properties: { [MORE]: true } } : {});
    const { found } = await readWhole(api(() => 20, wrap));
    assert.equal(found.pagination.morePath, `properties.${MORE}`);
  });
});

describe('an offset that stands beside a first page’s number', () => {
  for (const [what, length] of [
    ['is the page size', LENGTH],
    ['is the page size of a list that is shorter', 12],
  ] as const) {
    test(what, async () => {
      const api: Api = (query) => {
        const size = number(query.get('offset'), 1000);
        const page = number(query.get('page'), 1);
        return { json: { result: items((page - 1) * size, Math.min(length, page * size)) } };
      };
      const start = startAt(`${HOST}/api?page=1&offset=20`);
      const { found, records } = await runDetected(start, serve(api));
      assert.equal(records.length, length);
      const { style, param, sizeParam } = found.pagination;
      assert.deepEqual([style, param, sizeParam], ['page', 'page', 'offset']);
    });
  }
});

describe('a page number that the user names alone', () => {
  for (const base of [0, 1]) {
    for (const length of [LENGTH, 40, 20, 7]) {
      test(`counts from ${base} in a list of ${length}`, async () => {
        const api: Api = (query) => {
          const at = (number(query.get('page'), base) - base) * 20;
          if (at < 0 || (at > 0 && at >= length)) return { json: { error: 'no' }, status: 400 };
          return { json: { content: items(at, Math.min(length, at + 20)) } };
        };
        const pinned = { style: 'page', param: 'page' } as const;
        const start = startAt(`${HOST}/x?size=20`);
        const { records, found } = await runDetected(start, serve(api), pinned);
        assert.equal(records.length, length, found.evidence.join('; '));
        // A page 1 that is none proves no page 0, and makes no difference.
        if (length > 20) assert.equal(found.pagination.first, base);
      });
    }
  }
});

describe('a parameter within JSON', () => {
  for (const [what, path] of [
    ['that holds the page size', '/things?filter={"where":{"count":7},"limit":20}'],
    ['that holds the offset', '/things?filter=%7B%22limit%22%3A20%2C%22skip%22%3A0%7D'],
  ] as const) {
    test(`in a query parameter ${what}`, async () => {
      const api: Api = (query) => {
        const { limit, skip = 0, where } = JSON.parse(query.get('filter') ?? '{}');
        if (path.includes('where') && where?.count !== 7) return { json: [] };
        return { json: items(skip, Math.min(LENGTH, skip + limit)) };
      };
      const { pagination } = (await readWhole(api, path)).found;
      assert.deepEqual([pagination.style, pagination.param], ['offset', 'filter.skip']);
      assert.equal(pagination.sizeParam, 'filter.limit');
    });
  }

  test('in an array of a body', async () => {
    const api: Api = (_query, { body }) => {
      const { param, big } = JSON.parse(Buffer.from(body ?? []).toString());
      if (big === undefined) return { json: {}, status: 400 };
      const [{ page, size }] = param;
      const rows = items((page - 1) * size, Math.min(LENGTH, page * size));
      return { json: { result: { rows, total: LENGTH } } };
    };
    const body = '{"big":12345678901234567890,"param":[{"page":1,"size":20}]}';
    const { pagination } = (await readWhole(api, { body })).found;
    assert.deepEqual([pagination.carrier, pagination.param], ['body', 'param.0.page']);
  });
});

describe('a number in the start URL that the next link leaves as it is', () => {
  for (const [what, obeyed] of [
    ['is followed where the server obeys it', 'offset'],
    ['is left where the link is right', 'page'],
  ] as const) {
    for (const where of ['header', 'body'] as const) {
      test(`${what}; the link in the ${where}`, async () => {
        const api: Api = (query) => {
          const page = number(query.get('page'), 1);
          const at = obeyed === 'offset' ? number(query.get('offset'), 0) : 20 * (page - 1);
          const next = `${HOST}/posts?offset=${query.get('offset')}&per_page=20&page=${page + 1}`;
          const things = items(at, Math.min(LENGTH, at + 20));
          const isLast = at + 20 >= LENGTH;
          if (where === 'body') return { json: { things, next: isLast ? null : next } };
          return { json: things, headers: isLast ? {} : { link: `<${next}>; rel="next"` } };
        };
        const { pagination } = (await readWhole(api, '/posts?offset=0&per_page=20')).found;
        const byLink = where === 'header' ? 'link' : 'next';
        assert.equal(pagination.style, obeyed === 'offset' ? 'offset' : byLink);
      });
    }
  }
});

describe('a GraphQL query that takes its offset from a variable', () => {
  const api: Api = (_, { body }) => {
    const { variables = {} } = JSON.parse(Buffer.from(body ?? []).toString());
    const nodes = pageFrom(variables.from ?? 0);
    return { json: { data: { things: { nodes, totalCount: LENGTH } } } };
  };
  for (const argument of ['offset', 'skip']) {
    test(`is counted on, as PostGraphile, Hasura and Prisma have it: ${argument}`, async () => {
      const list = `things(first: 20, ${argument}: $from) { nodes { id name } totalCount }`;
      const body = JSON.stringify({ query: `query ($from: Int) { ${list} }` });
      const { pagination, responses } = (await readWhole(api, { body })).found;
      assert.deepEqual(
        [pagination.style, pagination.param, pagination.carrier],
        ['offset', 'variables.from', 'body'],
      );
      assert.equal(responses.length, 3);
    });
  }
});
