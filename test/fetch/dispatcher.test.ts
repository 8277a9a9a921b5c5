import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import type { RunOptions } from '../../src/core/options.ts';
import type { AttemptResult, Task } from '../../src/fetch/task.ts';
import { answer, createFakeEngine, FakeSink, fault, pageTask, settle } from './fake-network.ts';

before(() => mock.timers.enable({ apis: ['setTimeout'] }));
after(() => mock.timers.reset());

type Reply = (task: Task, attempt: number) => AttemptResult | Promise<AttemptResult>;

interface Setup {
  readonly pages?: number;
  readonly options?: RunOptions;
  /** Whether pages that have ended wait in the sink. Default false. */
  readonly holds?: boolean;
  readonly storedBefore?: boolean;
}

/** Begins to fetch pages that a function answers. */
function start(reply: Reply, setup: Setup = {}) {
  const { pages = 1, options = {}, holds = false, storedBefore } = setup;
  const engine = createFakeEngine(options, storedBefore);
  const sink = new FakeSink(engine.dispatcher, holds);
  const asked: number[] = [];
  const source = {
    async *tasks() {
      for (let position = 0; position < pages; position += 1) yield [pageTask(position)];
    },
    attempt: async (task: Task) => {
      const { position } = task.request.place;
      asked.push(position);
      return reply(task, asked.filter((other) => other === position).length);
    },
  };
  const running = engine.dispatcher.run(source, sink);
  running.catch(() => {});
  return { ...engine, sink, asked, running, source };
}

const never = () => new Promise<never>(() => {});

test('a page that the server did not process goes again at once and counts no attempt', async () => {
  const { running, sink, counters, events } = start(
    (_, attempt) => (attempt <= 3 ? fault('unprocessed') : answer(200)),
    { options: { retries: 0 } },
  );
  await running;
  const [page] = sink.kept;
  assert.equal(page?.final.state, 'stored');
  assert.equal(page.task.attempts, 1);
  assert.deepEqual(page.task.log, []);
  assert.equal(counters.retries, 0);
  assert.deepEqual(events, []);
});

test('a server that processes nothing at all is failing in the end', async () => {
  const { running, sink, asked } = start(() => fault('unprocessed'), {
    options: { retries: 0, concurrency: 1 },
  });
  await running;
  assert.equal(sink.kept[0]?.final.why?.code, 'UNPROCESSED');
  assert.equal(asked.length, 21);
});

test('a 429 pauses its limiter, and counts no attempt', async () => {
  const { running, sink, asked, clock, events } = start(
    (_, attempt) => (attempt === 1 ? answer(429, { 'retry-after': '60' }) : answer(200)),
    { pages: 3, options: { concurrency: 1, retries: 0 } },
  );
  await settle();
  assert.deepEqual(asked, [0]);
  const pause = events.find(({ type }) => type === 'pause');
  assert.ok(pause?.type === 'pause');
  assert.equal(pause.untilWallTime, clock.wallTime() + 60_000);
  assert.match(pause.reason, /429 Too Many Requests, Retry-After/);
  await clock.advance(59_000, 1000);
  assert.deepEqual(asked, [0], 'nothing starts before the deadline that the server stated');
  // The others are refused once, too.
  await clock.advance(300_000, 1000);
  await running;
  assert.equal(sink.kept.length, 3);
  for (const { task } of sink.kept) {
    assert.equal(task.attempts, 1);
    assert.deepEqual(
      task.log.map(({ outcome, toldToWaitMs }) => [outcome, toldToWaitMs]),
      [['429 Too Many Requests', 60_000]],
    );
  }
});

test('a wait that is longer than the user allows stops the run at once', async () => {
  const wait = answer(429, { 'retry-after': '7200' });
  const { running, dispatcher, clock, asked, events } = start(() => wait, { pages: 3 });
  await running;
  const { stopped } = dispatcher;
  assert.ok(stopped?.kind === 'max-wait');
  assert.equal(stopped.untilWallTime, clock.wallTime() + 7_200_000);
  assert.equal(asked.length, 1);
  assert.ok(events.every(({ type }) => type !== 'pause'));
});

test('403 is about the credentials until a page has come, in this run or in an earlier one', async () => {
  const refuse: Reply = ({ request }) => answer(request.place.position === 0 ? 403 : 200);
  const first = start(refuse, { pages: 2, options: { concurrency: 1 } });
  await first.running;
  assert.equal(first.dispatcher.stopped?.kind, 'credentials');
  const resumed = start(refuse, { pages: 2, storedBefore: true });
  const later = start((task) => answer(task.request.place.position === 1 ? 403 : 200), {
    pages: 2,
    options: { concurrency: 1 },
  });
  for (const { running, sink, dispatcher } of [resumed, later]) {
    await running;
    assert.equal(dispatcher.stopped, null);
    const codes = sink.kept.map(({ final }) => final.why?.code ?? final.state);
    assert.deepEqual(codes.toSorted(), ['HTTP_403', 'stored']);
  }
});

test('a transient failure is tried again later, as often as the user allows', async () => {
  const { running, sink, clock, asked } = start(() => answer(503), { options: { retries: 2 } });
  await settle();
  assert.equal(asked.length, 1);
  await clock.advance(60_000, 100);
  await running;
  assert.equal(asked.length, 3);
  assert.equal(sink.kept[0]?.final.state, 'failed');
  assert.equal(sink.kept[0].task.attempts, 3);
  assert.equal(sink.kept[0].task.log.length, 2);
});

test('after a stop nothing starts, and what is in flight may arrive', async () => {
  const replies: ((result: AttemptResult) => void)[] = [];
  const { running, dispatcher, sink, asked } = start(
    () => new Promise((resolve) => replies.push(resolve)),
    { pages: 20, options: { concurrency: 2 } },
  );
  await settle();
  assert.deepEqual(asked, [0, 1]);
  dispatcher.stop({ kind: 'aborted' });
  dispatcher.stop({ kind: 'closed-pipe' });
  let isOver = false;
  void running.then(() => {
    isOver = true;
  });
  replies[0]?.(answer(200));
  await settle();
  assert.equal(isOver, false);
  // The transport is closed under the second, which stays pending.
  replies[1]?.(fault('closed'));
  await running;
  assert.deepEqual(asked, [0, 1]);
  assert.equal(sink.kept.length, 1);
  assert.deepEqual(dispatcher.stopped, { kind: 'aborted' });
});

test('pages that are known and not done are bounded', async () => {
  let pulled = 0;
  const { dispatcher } = createFakeEngine({ concurrency: 1000 });
  const sink = new FakeSink(dispatcher);
  const source = {
    async *tasks() {
      for (; ; pulled += 100) {
        yield Array.from({ length: 100 }, (_, index) => pageTask(pulled + index));
      }
    },
    attempt: never,
  };
  void dispatcher.run(source, sink);
  for (let turn = 0; turn < 10; turn += 1) await settle();
  assert.equal(pulled, 900);
});

test('no more starts while many pages wait for the archive', async () => {
  const { asked, sink, running } = start(() => answer(200), {
    pages: 400,
    holds: true,
    options: { concurrency: 10 },
  });
  for (let turn = 0; turn < 20; turn += 1) await settle();
  assert.ok(asked.length >= 250 && asked.length < 260, `${asked.length} were asked for`);
  while (sink.heldPages > 0) {
    sink.release(sink.heldPages);
    await settle();
  }
  await running;
  assert.equal(sink.kept.length, 400);
});

test('a page that has ended already goes to the sink without a request', async () => {
  const first = start(() => answer(200), { pages: 1 });
  await first.running;
  const [kept] = first.sink.kept;
  const { dispatcher } = first;
  const sink = new FakeSink(dispatcher);
  const ended = { ...pageTask(0), attempts: 1, ended: kept!.final };
  const source = {
    async *tasks() {
      yield [ended, pageTask(1)];
    },
    attempt: first.source.attempt,
  };
  await dispatcher.run(source, sink);
  assert.deepEqual(first.asked, [0, 1]);
  assert.deepEqual(
    sink.kept.map(({ task }) => task.request.place.position),
    [0, 1],
  );
});

test('what the sink refuses is tried again, and fails in the end', async () => {
  const { dispatcher, clock } = createFakeEngine({ retries: 1 });
  const failed: string[] = [];
  const sink = {
    heldPages: 0,
    heldBytes: 0,
    flush() {},
    add(task: Task, final: Parameters<FakeSink['add']>[1]) {
      if (final.state === 'stored') {
        const rejection = {
          kind: 'json',
          reason: 'the body is not JSON',
          beginning: null,
          digest: null,
        } as const;
        dispatcher.rejected(task, final, rejection);
        return;
      }
      failed.push(`${final.why?.code} after ${task.attempts}`);
      dispatcher.done();
    },
  };
  const source = {
    async *tasks() {
      yield [pageTask(0)];
    },
    attempt: async () => answer(200, {}, 'x'),
  };
  const running = dispatcher.run(source, sink);
  await settle();
  await clock.advance(60_000, 1000);
  await running;
  assert.deepEqual(failed, ['NOT_JSON after 2']);
});

test('an error ends the run, also before it has begun', async () => {
  const { running, dispatcher } = start(never);
  dispatcher.fail(new Error('the disk is full'));
  await assert.rejects(running, /the disk is full/);
  const { source, sink } = start(never);
  await assert.rejects(dispatcher.run(source, sink), /the disk is full/);
});
