import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTrimmer } from '../../src/archive/left-out.ts';
import { FanOutPlan } from '../../src/plan/fan-out-plan.ts';
import { OverlapFill } from '../../src/plan/overlap-fill.ts';
import { offset } from '../../src/plan/styles/offset.ts';
import { range } from '../../src/plan/styles/range.ts';
import {
  answerCounted,
  type Driven,
  drive,
  numbers,
  paginationOf,
  type SimulatedApi,
  startAt,
} from './simulated-list.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 100);
const start = startAt('https://a.example/items');
const byOffset = paginationOf({ style: 'offset', param: 'offset', sizeParam: 'limit', overlap: 5 });

function run(api: SimulatedApi, pagination = byOffset, how = {}): Driven {
  const style = pagination.style === 'range' ? range : offset;
  const parts = { pagination, start, style };
  const plan = new OverlapFill(parts, new FanOutPlan(parts));
  return drive(plan, (request) => answerCounted(api, request), how);
}

/** As an export writes them: in page order, without what an earlier page gave. */
function written({ pages, end }: Driven, overlap: number): number[] {
  const trim = createTrimmer(overlap);
  return [...pages.values()]
    .filter(({ place }) => place.position < end.ends[0]!.position)
    .sort((a, b) => a.place.position - b.place.position)
    .flatMap(({ place, records }) => records.slice(trim(place, records.length)));
}

const lowered = (at: number, to: number) => (ordinal: number) =>
  ordinal >= at ? to : Number.POSITIVE_INFINITY;

for (const says of ['total', 'more', 'nothing'] as const) {
  test(`pages no longer than the overlap leave nothing out (the API states ${says})`, () => {
    for (const to of [5, 3, 1]) {
      const driven = run({ total: 60, size: 10, says, clamp: lowered(20, to) });
      assert.deepEqual(written(driven, 5), numbers(0, 60), `${to} a page`);
      const reason = { total: 'total', more: 'stated', nothing: 'past-end' }[says];
      assert.equal(driven.end.reason, reason);
    }
  });
}

test('offsets that bring one record each, however far they lie, are not asked for without an end', () => {
  const api = { total: 1_000_000, size: 10, says: 'nothing', clamp: lowered(50, 1) } as const;
  for (const overlap of [0, 1]) {
    const parts = { pagination: { ...byOffset, overlap }, start, style: offset };
    const plan = new FanOutPlan(parts);
    const { end, asked } = drive(overlap === 0 ? plan : new OverlapFill(parts, plan), (request) =>
      answerCounted(api, request),
    );
    assert.equal(end.reason, 'broken');
    assert.match(end.detail ?? '', /the last 2,000 pages brought one each/);
    assert.ok(asked.length < 5000, String(asked.length));
  }
});

test('where pages are longer than the overlap nothing more is asked for', () => {
  const api = { total: 35, size: 10, clamp: lowered(20, 8) };
  const parts = { pagination: byOffset, start, style: offset };
  const alone = drive(new FanOutPlan(parts), (request) => answerCounted(api, request));
  const filled = run(api);
  assert.deepEqual(filled.asked, alone.asked);
  assert.deepEqual(filled.end, alone.end);
});

test('a page that fails while a hole is filled is a page of the list', () => {
  const driven = run({
    total: 60,
    size: 10,
    clamp: lowered(20, 3),
    fails: (ordinal) => ordinal >= 55,
  });
  const out = written(driven, 5);
  assert.ok(out.length >= 55 && out.length < 60);
  assert.deepEqual(out, numbers(0, out.length));
  const [failed] = driven.failed;
  assert.ok(failed !== undefined && failed.position < driven.end.ends[0]!.position);
});

test('a server that repeats a page past the end ends the plan, whatever the last page holds', () => {
  for (const pastEnd of ['first-again', 'last-again'] as const) {
    for (let total = 50; total <= 70; total++) {
      const driven = run({ total, size: 10, says: 'nothing', pastEnd }, byOffset);
      assert.ok(driven.asked.length < 200, `${total}: ${driven.asked.length} pages`);
      assert.deepEqual(written(driven, 5).slice(0, total), numbers(0, total));
    }
  }
});

test('records out are records in, in order, however far the server lowers the page size', () => {
  const apis = fc.integer({ min: 1, max: 12 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      total: fc.oneof(fc.nat(12 * size), fc.integer({ min: 1000, max: 1200 })),
      says: fc.constantFrom('total' as const, 'more' as const, 'nothing' as const),
      pastEnd: fc.constantFrom('empty' as const, 404, 400),
      at: fc.nat(12 * size),
      to: fc.integer({ min: 1, max: size }),
    }),
  );
  const paginations = fc.record({
    style: fc.constantFrom('offset' as const, 'range' as const),
    overlap: fc.integer({ min: 1, max: 12 }),
    sizeParam: fc.constantFrom('limit', null),
  });
  fc.assert(
    fc.property(apis, paginations, fc.integer({ min: 1 }), (api, { style, ...given }, seed) => {
      const pagination = paginationOf(
        style === 'range'
          ? { style, overlap: given.overlap, size: api.size }
          : { style, param: 'offset', ...given },
      );
      const driven = run({ ...api, clamp: lowered(api.at, api.to) }, pagination, { seed });
      assert.deepEqual(written(driven, given.overlap), numbers(0, api.total));
      const places = driven.asked.map(({ place }) => place.position);
      assert.equal(new Set(places).size, places.length, 'a place was asked for twice');
      assert.deepEqual(driven.failed, []);
    }),
    { numRuns },
  );
});
