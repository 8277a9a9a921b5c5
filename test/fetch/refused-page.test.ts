import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pauseOfRefused } from '../../src/fetch/refused-page.ts';
import type { FinalAttempt } from '../../src/fetch/task.ts';

const NOW = 1_700_000_000_000;

function pauseOf(body: string, headers: FinalAttempt['headers'] = null, kind = 'unlike' as const) {
  const rejection = { kind, reason: 'unlike', beginning: body, digest: null } as const;
  const final = { headers, status: 200 } as FinalAttempt;
  const pause = pauseOfRefused(rejection, final, NOW);
  return pause === null ? null : [pause.waitMs, pause.waitFrom];
}

test('a refusal within a page pauses for what it names, by header, field or sentence', () => {
  assert.deepEqual(pauseOf('{"result":"no"}', { 'retry-after': '7' }), [7000, 'retry-after']);
  assert.deepEqual(pauseOf('{"error":"slow","retry_after":3}'), [3000, 'body']);
  assert.deepEqual(pauseOf('{"result":"Busy, try again in 20 seconds"}'), [20_000, 'body']);
  assert.deepEqual(pauseOf('{"result":"wait 500 ms"}'), [500, 'body']);
  assert.deepEqual(pauseOf('{"result":"retry after 2 minutes"}'), [120_000, 'body']);
});

test('a refusal that speaks of a limit and names no time pauses all the same', () => {
  const said = '{"status":"0","result":"Max calls per sec rate limit reached (5/sec)"}';
  assert.deepEqual(pauseOf(said), [null, null]);
  assert.deepEqual(pauseOf('{"error":{"code":"RATE_LIMITED"}}'), [null, null]);
});

test('any other page that is none asks for no pause', () => {
  for (const body of ['{"error":"shard down"}', '{"result":"NOTOK"}', '', '{"result":"in 5']) {
    assert.equal(pauseOf(body), null, body);
  }
  const json = {
    kind: 'json',
    reason: 'x',
    beginning: 'rate limit exceeded',
    digest: null,
  } as const;
  assert.equal(pauseOfRefused(json, { headers: null, status: 200 } as FinalAttempt, NOW), null);
});
