/** What a user's pause does to a run, and what it does not. */
import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import type { RunOptions } from '../../src/core/options.ts';
import type { AttemptResult, Task } from '../../src/fetch/task.ts';
import { answer, createFakeEngine, FakeSink, pageTask, settle } from './fake-network.ts';

before(() => mock.timers.enable({ apis: ['setTimeout'] }));
after(() => mock.timers.reset());

function start(
  reply: (position: number, nth: number) => AttemptResult | Promise<AttemptResult>,
  pages: number,
  options: RunOptions,
) {
  const engine = createFakeEngine(options);
  const sink = new FakeSink(engine.dispatcher, false);
  const asked: number[] = [];
  const source = {
    async *tasks() {
      for (let position = 0; position < pages; position += 1) yield [pageTask(position)];
    },
    attempt: async (task: Task) =>
      reply(task.request.place.position, asked.push(task.request.place.position)),
  };
  const running = engine.dispatcher.run(source, sink);
  running.catch(() => {});
  return { ...engine, sink, asked, running };
}

test('nothing starts while the user holds the run, and all of it comes when they let it go', async () => {
  const first = Promise.withResolvers<AttemptResult>();
  const run = start((_, nth) => (nth === 1 ? first.promise : answer(200)), 5, { concurrency: 1 });
  const { dispatcher, asked, clock, events, counters, running, sink } = run;
  await settle();
  dispatcher.hold();
  dispatcher.hold();
  first.resolve(answer(200));
  await clock.advance(600_000, 10_000);
  assert.deepEqual(asked, [0]);
  assert.equal(sink.kept.length, 1, 'what was sent arrives');
  dispatcher.release();
  dispatcher.release();
  await running;
  assert.deepEqual(asked, [0, 1, 2, 3, 4]);
  assert.deepEqual(
    events.map((event) => [event.type, event.type === 'pause' ? event.cause : null]),
    [
      ['pause', 'user'],
      ['resume', null],
    ],
  );
  assert.equal(counters.pausedMs, 0, 'no server was waited for');
});

test('a Retry-After that comes while the user holds the run holds after they let it go', async () => {
  const first = Promise.withResolvers<AttemptResult>();
  const run = start((_, nth) => (nth === 1 ? first.promise : answer(200)), 2, { concurrency: 1 });
  const { dispatcher, asked, clock, events, running } = run;
  await settle();
  dispatcher.hold();
  first.resolve(answer(429, { 'retry-after': '60' }));
  await clock.advance(10_000, 1000);
  dispatcher.release();
  await clock.advance(49_000, 1000);
  assert.deepEqual(asked, [0], 'the server asked for 60 seconds');
  await clock.advance(5_000, 1000);
  await running;
  assert.deepEqual(asked.toSorted(), [0, 0, 1]);
  assert.deepEqual(
    events
      .filter(({ type }) => type !== 'limit')
      .map((event) => [event.type, event.type === 'pause' ? event.cause : null]),
    [
      ['pause', 'user'],
      ['resume', null],
      ['pause', 'limit'],
      ['resume', null],
    ],
  );
});

test("a user's pause in a server's pause ends neither early", async () => {
  const run = start(
    (_, nth) => (nth === 1 ? answer(429, { 'retry-after': '60' }) : answer(200)),
    2,
    { concurrency: 1 },
  );
  const { dispatcher, asked, clock, events, running } = run;
  await clock.advance(5_000, 1000);
  dispatcher.hold();
  await clock.advance(5_000, 1000);
  dispatcher.release();
  await clock.advance(49_000, 1000);
  assert.deepEqual(asked, [0]);
  await clock.advance(5_000, 1000);
  await running;
  const causes = events.flatMap((event) => (event.type === 'pause' ? [event.cause] : []));
  assert.deepEqual(causes, ['limit', 'user', 'limit']);
  assert.equal(events.filter(({ type }) => type === 'resume').length, 3);
});

test("a user's pause is no part of the time that --max-wait allows", async () => {
  const run = start((_, nth) => (nth <= 3 ? answer(429) : answer(200)), 1, {
    concurrency: 1,
    maxWaitMs: 60_000,
  });
  const { dispatcher, clock, running, sink } = run;
  await settle();
  dispatcher.hold();
  await clock.advance(600_000, 10_000);
  dispatcher.release();
  await clock.advance(20_000, 500);
  await running;
  assert.equal(dispatcher.stopped, null);
  assert.equal(sink.kept.length, 1);
});

test('a run that is stopped while the user holds it ends', async () => {
  const { dispatcher, running, events, asked } = start(() => answer(200), 3, { concurrency: 1 });
  dispatcher.hold();
  await settle();
  dispatcher.stop({ kind: 'aborted' });
  await running;
  assert.deepEqual(asked, []);
  const ends = events.flatMap((event) => (event.type === 'resume' ? [event.ended] : []));
  assert.deepEqual(ends, [true]);
});

test('requests at once and a rate are changed while the run goes on', async () => {
  const waiting: ((result: AttemptResult) => void)[] = [];
  const run = start(() => new Promise((resolve) => waiting.push(resolve)), 30, { concurrency: 4 });
  const { dispatcher, asked, clock, running, limiters } = run;
  await settle();
  assert.equal(asked.length, 4);
  dispatcher.change({ concurrency: 8, rate: null });
  await settle();
  assert.equal(asked.length, 8);
  dispatcher.change({ concurrency: 1, rate: null });
  for (const answered of waiting.splice(0)) answered(answer(200));
  await settle();
  assert.equal(asked.length, 9);
  dispatcher.change({ concurrency: 4, rate: { count: 2, perMs: 1000 } });
  const before = asked.length;
  for (let second = 0; second < 5; second += 1) {
    await clock.advance(1000, 100);
    for (const answered of waiting.splice(0)) answered(answer(200));
  }
  const sent = asked.length - before;
  assert.ok(sent >= 8 && sent <= 10, `${sent} in 5 s at 2 a second`);
  const [pace] = limiters.paces(clock.now());
  assert.equal(pace!.by, 'user');
  dispatcher.change({ concurrency: 4, rate: null });
  while (asked.length < 30 || waiting.length > 0) {
    for (const answered of waiting.splice(0)) answered(answer(200));
    await settle();
  }
  await running;
});
