import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import type { Summary } from '../../src/index.ts';
import { pageLine } from '../servers/page-body.ts';
import { startPageServer } from '../servers/page-server.ts';
import { fetchJson } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Pages above the fifth are refused until they have been asked for once. */
async function runAgainst(t: TestContext, refusal: Refusal, ...args: string[]) {
  const server = await startPageServer({
    protocol: 'http',
    respond: ({ n, attempt }) => (n > 5 && attempt === 1 ? refusal : null),
  });
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  const result = await runCliHere(folder, [server.template(8), '-o', 'out.ndjson', '-vv', ...args]);
  return { ...result, output: () => readFileSync(join(folder, 'out.ndjson'), 'utf8') };
}

const eightPages = Array.from({ length: 8 }, (_, index) => `${pageLine(index + 1, 5000)}\n`).join(
  '',
);

for (const [name, refusal] of Object.entries({
  'a 403 with nothing left': {
    status: 403,
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '0.2' },
  },
  'a 503 with nothing left': { status: 503, headers: { ratelimit: '"a";r=0;t=1' } },
})) {
  test(`${name} is waited for and fails no page`, async (t) => {
    // Without retries: a refusal is no attempt.
    const { code, stderr, output } = await runAgainst(t, refusal, '--retry', '0');
    assert.equal(code, 0, stderr);
    assert.equal(output(), eightPages);
  });
}

test('a 403 that says nothing of limits fails its page at once', async (t) => {
  const { code, stderr } = await runAgainst(t, { status: 403, headers: {} }, '--retry', '0');
  assert.equal(code, 3, stderr);
});

test('a Retry-After of more digits than a date can hold ends the run with 5', async (t) => {
  const headers = { 'retry-after': '9'.repeat(20) };
  const { code, stderr } = await runAgainst(t, { status: 429, headers });
  assert.equal(code, 5, stderr);
});

test('a backoff beside the records of a good page is waited for, also while pages are read again', async (t) => {
  let until = 0;
  let early = 0;
  const asked = new Map<number, number>();
  const { summary, text } = await fetchJson(t, (url) => {
    const now = performance.now();
    const page = Number(url.searchParams.get('page') ?? 1);
    if (now < until) {
      early += 1;
      return { status: 400, body: { error_id: 502, error_name: 'throttle_violation' } };
    }
    const times = (asked.get(page) ?? 0) + 1;
    asked.set(page, times);
    const items = Array.from({ length: 30 }, (_, index) => ({ id: 30 * (page - 1) + index }));
    const body = { items: page > 3 ? [] : items, has_more: page < 3 };
    // The second page asks for it the first time, and the first one when it is read again.
    const asks = (page === 2 && times === 1) || (page === 1 && times === 2);
    if (!asks) return { body };
    until = now + 950;
    return { body: { ...body, backoff: 1 } };
  });
  assert.equal(early, 0);
  assert.equal(text?.trimEnd().split('\n').length, 90);
  assert.equal(summary.verdict.name, 'complete');
  assert.ok(summary.pausedMs >= 1900, `${summary.pausedMs}`);
});

suite('what is said of waiting', () => {
  /** All pages are refused, always. */
  async function summaryOf(t: TestContext, refusal: Refusal, ...args: string[]) {
    const server = await startPageServer({ protocol: 'http', respond: () => refusal });
    t.after(() => server.close());
    const folder = temporaryFolder(t);
    const words = ['-o', 'out.ndjson', '--summary', 'summary.json', '-c', '1', ...args];
    const { code, stderr } = await runCliHere(folder, [server.template(3), ...words]);
    assert.equal(code, 5, stderr);
    const summary: Summary = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'));
    return { stderr, summary };
  }

  test('a wait that is not slept through is not counted as a pause', async (t) => {
    const refusal = { status: 503, headers: { 'retry-after': '7200' } };
    const { stderr, summary } = await summaryOf(t, refusal);
    assert.equal(summary.pausedMs, 0);
    assert.match(stderr, /the server asks to wait until .*, 2 h from now/);
    assert.doesNotMatch(stderr, /paused/);
  });

  test('a pause that the deadline cuts short counts as long as it was', async (t) => {
    // The first answer has seconds to come before the deadline.
    const refusal = { status: 429, headers: { 'retry-after': '600' } };
    const { summary } = await summaryOf(t, refusal, '--deadline', '3s');
    assert.ok(
      summary.pausedMs > 0 && summary.pausedMs <= summary.durationMs,
      `${summary.pausedMs}`,
    );
  });

  test('a wait of our own is not told as one that the server asks for', async (t) => {
    const refusal = { status: 429, headers: {} };
    const { stderr, summary } = await summaryOf(t, refusal, '--max-wait', '700ms');
    assert.match(
      stderr,
      /Stopped at http:\/\/localhost:\d+\/pages\/1: 1 pause did not help \(429 Too Many Requests, without a time to wait\)\. The next one would be .*, longer than --max-wait; run again later, or raise it\./,
    );
    assert.doesNotMatch(stderr, /the server asks/);
    assert.ok(summary.stop?.kind === 'max-wait' && summary.stop.untilWallTime === null);
    const first = await summaryOf(t, refusal, '--max-wait', '0');
    assert.match(first.stderr, /pages\/1: 429 .*\. A pause would be .*, longer than --max-wait/);
  });
});
