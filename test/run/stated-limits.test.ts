import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pageLine } from '../servers/page-body.ts';
import { startPageServer } from '../servers/page-server.ts';
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
