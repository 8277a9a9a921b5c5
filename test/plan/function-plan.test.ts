import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NextRequests } from '../../src/core/options.ts';
import type { PageEnd } from '../../src/core/page-info.ts';
import type { PageRequest, Place } from '../../src/core/page-request.ts';
import { createFunctionPlan } from '../../src/plan/function-plan.ts';
import { pageInfoOf, startAt } from './simulated-list.ts';

const start = startAt('https://a.example/0');
const isStored: PageEnd = { state: 'stored', pageInfo: pageInfoOf({ records: 1 }) };

/** Pages are known to the function by their path. */
async function walk(
  next: (path: string) => NextRequests | Promise<NextRequests>,
  {
    from = start,
    pick = (count: number) => count - 1,
    endOf = () => isStored,
  }: {
    from?: PageRequest;
    pick?: (count: number) => number;
    endOf?: (request: PageRequest) => PageEnd;
  } = {},
) {
  const pathAt = new Map<number, string>();
  const plan = createFunctionPlan({
    start: from,
    next,
    readPage: async ({ position }: Place) => pathAt.get(position)!,
  });
  const asked: PageRequest[] = [];
  const onTheWay: PageRequest[] = [];
  let wake = Promise.withResolvers<void>();
  let isDone = false;
  const answering = (async () => {
    while (!isDone) {
      if (onTheWay.length === 0) await wake.promise;
      // Lets the plan say everything it has to say before the next answer.
      await new Promise((resolve) => setImmediate(resolve));
      const [request] = onTheWay.splice(pick(onTheWay.length), 1);
      if (request !== undefined) plan.onPage(request, endOf(request));
    }
  })();
  try {
    for await (const batch of plan.batches()) {
      asked.push(...batch);
      onTheWay.push(...batch);
      for (const { place, url } of batch) pathAt.set(place.position, new URL(url).pathname);
      wake.resolve();
      wake = Promise.withResolvers();
    }
  } finally {
    isDone = true;
    wake.resolve();
  }
  await answering;
  return { asked, plan, paths: asked.map(({ url }) => new URL(url).pathname) };
}

test('a chain goes on until the function gives nothing', async () => {
  const { paths, plan } = await walk((path) => {
    const number = Number(path.slice(1));
    return number < 4 ? `/${number + 1}` : undefined;
  });
  assert.deepEqual(paths, ['/0', '/1', '/2', '/3', '/4']);
  assert.deepEqual(plan.end(), {
    reason: 'short',
    detail: null,
    ends: [{ branch: 0, position: 5 }],
  });
  assert.equal(plan.known(), 5);
});

test('several pages follow one, numbered alike whatever order they are answered in', async () => {
  const next = async (path: string) =>
    path.length < 4 ? [`${path}a`, new URL(`https://a.example${path}b`)] : null;
  const first = await walk(next);
  const second = await walk(next, { pick: () => 0 });
  assert.deepEqual(first.paths, ['/0', ...['/0a', '/0b'], ...['/0aa', '/0ab', '/0ba', '/0bb']]);
  assert.deepEqual(second.paths, first.paths);
  assert.deepEqual(
    first.asked.map(({ place }) => place.position),
    [0, 1, 2, 3, 4, 5, 6],
  );
});

test('more than a URL can be asked for', async () => {
  const pages = [
    { url: '/1', body: '{"page":1}' },
    { url: '/2', headers: { 'X-Cursor': 'c' } },
    { url: '/3', method: 'GET' },
    { url: '/4', method: 'GET', body: null },
  ] as const;
  const body = Buffer.from('{}');
  const from = { ...start, method: 'POST', body } as const;
  const { asked } = await walk((path) => (path === '/0' ? pages : null), { from });
  assert.deepEqual(
    asked.slice(1).map(({ method, body, headers }) => [method, body?.toString() ?? null, headers]),
    [
      ['POST', '{"page":1}', undefined],
      ['POST', '{}', { 'x-cursor': 'c' }],
      ['GET', null, undefined],
      ['GET', null, undefined],
    ],
  );
});

test('what the function throws the plan throws', async () => {
  await assert.rejects(
    walk(() => {
      throw new RangeError('mine');
    }),
    { name: 'RangeError', message: 'mine' },
  );
  await assert.rejects(
    walk(async () => 'ftp://a.example/'),
    { code: 'URL_INVALID' },
  );
  await assert.rejects(
    walk(() => 'https://me:hush@b.example/'),
    (error: Error) => !error.message.includes('hush'),
  );
});

test('a page that fails is followed by nothing, and the end says so', async () => {
  const { paths, plan } = await walk((path) => (path === '/0' ? ['/1', '/2'] : null), {
    endOf: ({ url }) => (url.endsWith('1') ? { state: 'failed', status: 500 } : isStored),
  });
  assert.deepEqual(paths, ['/0', '/1', '/2']);
  assert.equal(plan.end().reason, 'broken');
});
