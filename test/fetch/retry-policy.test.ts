import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunOptions } from '../../src/core/options.ts';
import { RECHECK_BRANCH } from '../../src/core/page-request.ts';
import { type NextAction, RetryPolicy } from '../../src/fetch/retry-policy.ts';
import { type AttemptResult, countAttempt, finalAttempt, type Task } from '../../src/fetch/task.ts';
import { answer, createFakeEngine, fault, pageTask } from './fake-network.ts';

const TIMING = { startedAt: 0, sentAt: 0, durationMs: 100 };
const CALM = {
  timing: TIMING,
  isStopped: false,
  isExcused: false,
  upSentAt: Number.NEGATIVE_INFINITY,
  wasUp: true,
  hasSucceeded: false,
  doubt: () => false,
};

function createPolicy(options: RunOptions = {}, storedBefore = false) {
  const engine = createFakeEngine(options);
  return { policy: new RetryPolicy({ ...engine, storedBefore }), ...engine };
}

/** An action in a word or two. */
function named(action: NextAction): string {
  if (action.kind === 'end') return `end ${action.final.why?.code ?? action.final.state}`;
  return action.kind === 'stop' ? `stop ${action.stop.kind}` : action.kind;
}

const ANSWERS: readonly (readonly [
  what: string,
  result: AttemptResult,
  action: string,
  attempts: number,
  circumstances?: Partial<typeof CALM>,
])[] = [
  ['429', answer(429, { 'retry-after': '1' }), 'again', 0],
  ['503', answer(503), 'later', 1],
  ['503 of a server that fails everything', answer(503), 'again', 0, { isExcused: true }],
  ['202', answer(202), 'later', 0],
  ['503 after a stop', answer(503), 'leave', 0, { isStopped: true }],
  ['a lost connection', fault('reset'), 'later', 1],
  ['a request that was not processed', fault('unprocessed'), 'again', 0, { isExcused: true }],
  ['one of too many that were not processed', fault('unprocessed'), 'later', 1],
  ['404', answer(404), 'end HTTP_404', 1],
  ['a body that is too large', fault('too-large'), 'end TOO_LARGE', 1],
  ['401', answer(401), 'stop credentials', 1],
  ['403 before anything has succeeded', answer(403), 'stop credentials', 1],
  ['a port without TLS', fault('no-tls'), 'end TLS', 1],
  ['a port without TLS, where it had it before', fault('no-tls'), 'later', 1, { upSentAt: 0 }],
  ['403 after a success', answer(403), 'end HTTP_403', 1, { hasSucceeded: true }],
  ['a bad certificate', fault('certificate'), 'stop safety', 1],
];

test('a name that does not exist is tried twice, unless it did before', () => {
  for (const [storedBefore, upSentAt, second] of [
    [false, CALM.upSentAt, 'end DNS'],
    [true, CALM.upSentAt, 'later'],
    [false, 0, 'later'],
  ] as const) {
    const { policy } = createPolicy({}, storedBefore);
    const task = pageTask(0);
    const circumstances = { ...CALM, upSentAt };
    assert.equal(named(policy.next(task, fault('no-name'), circumstances)), 'later');
    assert.equal(named(policy.next(task, fault('no-name'), circumstances)), second);
  }
});

for (const [what, result, expected, attempts, circumstances] of ANSWERS) {
  test(`${what}: ${expected}`, () => {
    const { policy } = createPolicy();
    const task = pageTask(0);
    assert.equal(named(policy.next(task, result, { ...CALM, ...circumstances })), expected);
    assert.equal(task.attempts, attempts);
  });
}

test('whatever a guess is answered with is an answer, and none stops the run', () => {
  const { policy } = createPolicy();
  for (const [result, expected] of [
    [answer(401), 'end HTTP_401'],
    [answer(403), 'end HTTP_403'],
    [fault('certificate'), 'end CERTIFICATE'],
  ] as const) {
    assert.equal(named(policy.next(pageTask(1, true), result, CALM)), expected);
  }
});

test('a page is given up after its retries, or when it has taken too long', () => {
  const often = createPolicy({ retries: 1 });
  const task = pageTask(0);
  assert.equal(named(often.policy.next(task, answer(503), CALM)), 'later');
  assert.equal(named(often.policy.next(task, answer(503), CALM)), 'end HTTP_503');
  // The last attempt is told by the page itself.
  assert.equal(task.log.length, 1);
  assert.equal(often.counters.retries, 1);
  assert.deepEqual(
    often.events.map(({ type }) => type),
    ['retry'],
  );
  const long = createPolicy({ retries: 5, retryMaxTimeMs: 50 });
  assert.equal(named(long.policy.next(pageTask(0), answer(503), CALM)), 'end HTTP_503');
});

test('202 is asked for again uncounted, until it takes too long', () => {
  const { policy, events } = createPolicy({ retries: 0, retryMaxTimeMs: 20_000 });
  const task = pageTask(0);
  const actions: NextAction[] = [policy.next(task, answer(202, { 'retry-after': '2' }), CALM)];
  assert.deepEqual(actions[0], { kind: 'later', delayMs: 2000 });
  while (actions.at(-1)!.kind === 'later') actions.push(policy.next(task, answer(202), CALM));
  assert.ok(actions.length > 4);
  const last = actions.at(-1)!;
  assert.ok(last.kind === 'end');
  assert.deepEqual(last.final.why, {
    code: 'HTTP_202',
    reason: 'the server answers 202: not ready yet',
  });
  assert.ok(events.every(({ type }) => type === 'not-ready'));
});

test('a page that is about to fail waits where nothing shows that the server is up', () => {
  const { policy } = createPolicy({ retries: 1 });
  const task = pageTask(0);
  const doubted = { ...CALM, doubt: () => true };
  assert.equal(named(policy.next(task, answer(503), doubted)), 'later');
  assert.equal(named(policy.next(task, answer(503), doubted)), 'hold');
  assert.equal(task.attempts, 1);
  // The server was down, so none of it counts.
  assert.equal(named(policy.next(task, answer(503), { ...CALM, isExcused: true })), 'again');
  assert.equal(task.attempts, 0);
  assert.equal(task.spentMs, 0);
});

test('attempts that were made while the server was seen to be up are not given back', () => {
  const { policy } = createPolicy({ retries: 5 });
  const task = pageTask(0);
  const upSentAt = TIMING.sentAt + 1;
  policy.next(task, fault('reset'), CALM);
  policy.next(task, fault('reset'), { ...CALM, isExcused: true, upSentAt });
  assert.equal(task.attempts, 1);
});

test('whatever comes of a page that only checks others, it never stops the run', () => {
  const { policy } = createPolicy({ retries: 5 });
  const recheck = () => {
    const task = pageTask(0);
    const place = { branch: RECHECK_BRANCH, position: 0 };
    return { ...task, request: { ...task.request, place } };
  };
  for (const [result, expected] of [
    [answer(401), 'end HTTP_401'],
    [answer(403), 'end HTTP_403'],
    [fault('certificate'), 'end CERTIFICATE'],
  ] as const) {
    assert.equal(named(policy.next(recheck(), result, CALM)), expected);
  }
  const failing = recheck();
  const doubted = { ...CALM, doubt: () => true };
  assert.equal(named(policy.next(failing, answer(503), doubted)), 'later');
  assert.equal(named(policy.next(failing, answer(503), doubted)), 'end HTTP_503');
  const refused = recheck();
  const actions = Array.from({ length: 6 }, () => named(policy.next(refused, answer(429), CALM)));
  assert.deepEqual(actions, [...Array(5).fill('again'), 'end HTTP_429']);
});

function stored(task: Task) {
  countAttempt(task, TIMING);
  return finalAttempt(answer(200, { 'content-type': 'text/html' }, '<p>'), null, TIMING);
}

test('a body that is no page is tried again, unless it will be as large the next time', () => {
  const { policy } = createPolicy();
  const task = pageTask(0);
  const final = stored(task);
  const reason = 'the body is not JSON';
  const bad = { kind: 'json', reason, beginning: '<p>', digest: 'a' } as const;
  assert.equal(named(policy.rejected(task, final, bad)), 'later');
  assert.equal(task.log[0]?.outcome, 'the body is not JSON; it is text/html and begins "<p>"');
  const large = { ...bad, kind: 'too-large' } as const;
  assert.equal(named(policy.rejected(task, final, large)), 'end TOO_LARGE');
});

test('the same unreadable body twice is final; another one is not', () => {
  const { policy } = createPolicy();
  const bad = { kind: 'json', reason: 'no JSON', beginning: null, digest: 'a' } as const;
  for (const kind of ['json', 'encoding'] as const) {
    const task = pageTask(0);
    const final = stored(task);
    assert.equal(named(policy.rejected(task, final, { ...bad, kind })), 'later');
    assert.equal(named(policy.rejected(task, final, { ...bad, kind, digest: 'b' })), 'later');
    assert.equal(named(policy.rejected(task, final, { ...bad, kind })), 'later');
    assert.match(named(policy.rejected(task, final, { ...bad, kind })), /^end /);
  }
});

test('a page unlike the others may heal, but need not be waited for where there may be none', () => {
  const { policy } = createPolicy();
  const unlike = { kind: 'unlike', reason: 'unlike', beginning: null, digest: 'a' } as const;
  const task = pageTask(0);
  const final = stored(task);
  assert.equal(named(policy.rejected(task, final, unlike)), 'later');
  assert.equal(named(policy.rejected(task, final, unlike)), 'later');
  for (const [expected, then] of [
    [{}, 'end UNLIKE'],
    [{ expected: 'counted' }, 'later'],
  ] as const) {
    const request = { ...task.request, speculative: true, ...expected };
    const guessed = { ...pageTask(1), request };
    assert.equal(named(policy.rejected(guessed, final, unlike)), 'later');
    assert.equal(named(policy.rejected(guessed, final, unlike)), then);
  }
});

test('a page without records where there must be some is asked for once more, whatever --retry says', () => {
  const { policy } = createPolicy({ retries: 0 });
  const none = { kind: 'no-records', reason: 'none', beginning: null, digest: null } as const;
  const task = {
    ...pageTask(0),
    request: { ...pageTask(0).request, expected: 'counted' },
  } as const;
  const final = stored(task);
  assert.equal(named(policy.rejected(task, final, none)), 'later');
  assert.equal(task.isAskedAgain, true);
});

test('a selection that the very first page does not have is an error of usage', () => {
  const missing = {
    kind: 'selection',
    reason: 'no data.items',
    beginning: null,
    digest: null,
  } as const;
  const { policy, counters } = createPolicy();
  const task = pageTask(0);
  const final = stored(task);
  assert.throws(() => policy.rejected(task, final, missing), { code: 'SELECTION' });
  counters.fetched = 1;
  assert.equal(named(policy.rejected(task, final, missing)), 'later');
});
