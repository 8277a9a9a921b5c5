import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PageEnd, PlanEnd } from '../../src/core/page-info.ts';
import { type PageRequest, type Place, RECHECK_BRANCH } from '../../src/core/page-request.ts';
import { ChainPlan } from '../../src/plan/chain-plan.ts';
import { createGrowingPlan } from '../../src/plan/create-growing-plan.ts';
import { getQueryParameter } from '../../src/plan/query-parameter.ts';
import { RestartingChain } from '../../src/plan/restarting-chain.ts';
import { parseSplit } from '../../src/plan/split-ranges.ts';
import { cursor } from '../../src/plan/styles/cursor.ts';
import { contentOf, numbers, pageInfoOf, paginationOf, startAt, stored } from './simulated-list.ts';

const start = startAt('https://a.example/items');
const pagination = paginationOf({ style: 'cursor', param: 'c', nextPath: 'next', key: 'id' });

function chain(options: { hasKey?: boolean; mostRestarts?: number } = {}): RestartingChain {
  return new RestartingChain({
    start,
    planOf: (from) => new ChainPlan({ pagination, start: from, style: cursor }),
    hasKey: true,
    mostRestarts: 15,
    ...options,
  });
}

const refused = (status: number, state: 'failed' | 'beyond-end' = 'failed'): PageEnd => ({
  state,
  status,
});

/** Three records a page; what a place is refused with, or null. */
function walk(
  plan: RestartingChain,
  refusedAt: (place: Place) => PageEnd | null,
  { pages = 5, size = 3, total = null as number | null, known = new Set<string>() } = {},
): { end: PlanEnd; asked: string[] } {
  const asked: string[] = [];
  for (let request = plan.take(9)[0]; request !== undefined; request = plan.take(9)[0]) {
    const { branch, position } = request.place;
    asked.push(`${branch}/${position}`);
    assert.ok(asked.length < 500, 'it does not end');
    const page = Number(getQueryParameter(request.url, 'c') ?? 0);
    assert.equal(page, position, 'each reading begins with the first request');
    const next = page + 1 < pages ? ({ kind: 'cursor', value: `${page + 1}` } as const) : null;
    // The last page is not full: nothing is looked for behind it.
    const to = (page + 1) * size - (next === null ? 1 : 0);
    const content = contentOf(numbers(page * size, to));
    const pageInfo = pageInfoOf({ ...content, next, total });
    const isKnown = known.has(`${branch}/${position}`);
    plan.onPage(request, refusedAt(request.place) ?? { state: 'stored', pageInfo, isKnown });
  }
  return { end: plan.end()!, asked };
}

const at = (branch: number, position: number) => (place: Place) =>
  place.branch === branch && place.position === position;

test('a chain that is not refused is one reading, and says nothing of others', () => {
  const plan = chain();
  const { end, asked } = walk(plan, () => null);
  assert.deepEqual(end, { reason: 'stated', detail: null, ends: [{ branch: 0, position: 5 }] });
  assert.equal(asked.length, 5);
  assert.equal(plan.known(), 5);
});

for (const status of [200, 400, 404, 409, 410, 412, 422]) {
  test(`a page refused with ${status} makes the list be read again in the next branch`, () => {
    const plan = chain();
    const { end, asked } = walk(plan, (place) => (at(0, 3)(place) ? refused(status) : null));
    const first = ['0/0', '0/1', '0/2', '0/3'];
    assert.deepEqual(asked, [...first, '1/0', '1/1', '1/2', '1/3', '1/4']);
    assert.deepEqual(end, {
      reason: 'stated',
      detail: null,
      ends: [
        { branch: 0, position: 0 },
        { branch: 1, position: 5 },
      ],
      restarts: [{ branch: 0, position: 3, status, into: 1 }],
    });
    assert.equal(plan.known(), 9);
  });
}

for (const status of [401, 403, 429, 500, 503]) {
  test(`a page that fails with ${status} says nothing of its cursor`, () => {
    const { end } = walk(chain(), (place) => (at(0, 3)(place) ? refused(status) : null));
    assert.deepEqual([end.reason, end.restarts], ['broken', undefined]);
  });
}

test('the first page is refused for another reason than its cursor', () => {
  const { end, asked } = walk(chain(), () => refused(404));
  assert.deepEqual([end.reason, asked], ['broken', ['0/0']]);
});

test('without a key it ends, and says why', () => {
  const plan = chain({ hasKey: false });
  const { end, asked } = walk(plan, (place) => (at(0, 3)(place) ? refused(410) : null));
  assert.equal(asked.length, 4);
  assert.deepEqual(end.ends, [{ branch: 0, position: 4 }]);
  assert.match(end.detail!, /^page 4 was refused \(410\), so .* no key is known .*--key/);
});

test('readings that each come further go on, up to as many as may be', () => {
  const dies = ({ branch, position }: Place) => (position === branch + 1 ? refused(410) : null);
  const whole = walk(chain(), dies, { pages: 9 });
  assert.equal(whole.end.reason, 'stated');
  assert.equal(whole.end.restarts?.length, 8);
  const bounded = walk(chain({ mostRestarts: 3 }), dies, { pages: 9 });
  assert.equal(bounded.end.reason, 'broken');
  assert.deepEqual(bounded.end.ends, [
    { branch: 0, position: 0 },
    { branch: 1, position: 0 },
    { branch: 2, position: 0 },
    { branch: 3, position: 5 },
  ]);
});

test('one that dies where one died before ends it as it ended before, with the furthest', () => {
  const dies = ({ branch, position }: Place) => (position === 3 - branch ? refused(410) : null);
  const { end, asked } = walk(chain(), dies);
  assert.equal(asked.at(-1), '1/2');
  assert.equal(end.reason, 'broken');
  assert.deepEqual(end.ends, [
    { branch: 0, position: 4 },
    { branch: 1, position: 0 },
  ]);
  assert.deepEqual(end.restarts, [{ branch: 0, position: 3, status: 410, into: 0 }]);
  assert.match(
    end.detail!,
    /^page 4 was refused \(410\).* read again .* once and came no further$/,
  );
});

test('a cursor that an earlier run stored may be dead though its reading came less far', () => {
  const known = new Set(['0/0', '0/1', '0/2', '1/0', '1/1']);
  const dies = (place: Place) => (at(0, 3)(place) || at(1, 2)(place) ? refused(404) : null);
  const { end } = walk(chain(), dies, { known });
  assert.equal(end.reason, 'stated');
  assert.deepEqual(
    end.restarts?.map(({ branch, position, into }) => [branch, position, into]),
    [
      [0, 3, 2],
      [1, 2, 2],
    ],
  );
  assert.equal(walk(chain(), dies).end.reason, 'broken');
});

test('a refusal at a round depth of a list that is said to go on is a ceiling', () => {
  const options = { size: 500, total: 9000 };
  const ceiling = walk(
    chain(),
    (place) => (at(0, 2)(place) ? refused(400, 'beyond-end') : null),
    options,
  );
  assert.deepEqual([ceiling.end.reason, ceiling.end.restarts], ['ceiling', undefined]);
  const gone = walk(
    chain(),
    (place) => (at(0, 3)(place) ? refused(400, 'beyond-end') : null),
    options,
  );
  assert.equal(gone.end.restarts?.length, 1);
  const always = (place: Place) => (place.position === 3 ? refused(400, 'beyond-end') : null);
  const twice = walk(chain(), always, options);
  assert.deepEqual([twice.end.reason, twice.end.ends[0]], ['ceiling', { branch: 0, position: 3 }]);
});

test('a late answer of a reading that was given up changes nothing', () => {
  const plan = chain();
  const [first] = plan.take(1);
  plan.onPage(first!, stored({ ...contentOf([1]), next: { kind: 'cursor', value: '1' } }));
  const [second] = plan.take(1);
  plan.onPage(second!, refused(410));
  plan.onPage(second!, stored(contentOf([2])));
  assert.deepEqual(plan.take(1)[0]?.place, { branch: 1, position: 0 });
  assert.equal(plan.end(), null);
});

async function askedBy(
  options: Omit<Parameters<typeof createGrowingPlan>[0], 'start'>,
  answer: (request: PageRequest) => PageEnd,
): Promise<{ places: Place[]; end: PlanEnd }> {
  const plan = createGrowingPlan({ start, ...options });
  const places: Place[] = [];
  for await (const batch of plan.batches()) {
    for (const request of batch) {
      places.push(request.place);
      queueMicrotask(() => plan.onPage(request, answer(request)));
    }
  }
  return { places, end: plan.end() };
}

test('what is read again at the end are pages of the reading that the list is taken from', async () => {
  const answer = ({ place, url }: PageRequest): PageEnd => {
    if (at(0, 2)(place)) return refused(410);
    const page = Number(getQueryParameter(url, 'c') ?? 0);
    const next = page < 3 ? ({ kind: 'cursor', value: `${page + 1}` } as const) : null;
    return stored({ ...contentOf([page]), next });
  };
  const { places } = await askedBy({ pagination }, answer);
  const again = [0, 1, 2, 3].map((position) => ({ branch: RECHECK_BRANCH + 1, position }));
  assert.deepEqual(places.slice(-4), again);
  assert.equal(places.length, 3 + 4 + 4);
});

test('a slice is read again in branches of its own, before those of the next one', async () => {
  const split = parseSplit('id[gte]=0..99/50');
  let died = false;
  const answer = ({ place, url }: PageRequest): PageEnd => {
    const page = Number(getQueryParameter(url, 'c') ?? 0);
    if (page === 1 && place.branch === 0) {
      died = true;
      return refused(410);
    }
    const next = page < 2 ? ({ kind: 'cursor', value: `${page + 1}` } as const) : null;
    const content = contentOf(next === null ? [page] : [place.branch, page]);
    return stored({ ...content, next });
  };
  const { end } = await askedBy({ pagination, split, recheck: 'none' }, answer);
  assert.ok(died);
  assert.equal(end.reason, 'stated');
  const [first, again, second] = end.ends;
  assert.deepEqual(first, { branch: 0, position: 0 });
  assert.deepEqual(again, { branch: 1, position: 3 });
  assert.ok(second!.branch > 1 && second!.position === 3);
  assert.deepEqual(end.restarts, [{ branch: 0, position: 1, status: 410, into: 1 }]);
});
