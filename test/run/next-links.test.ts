/** Next links of unusual kinds, from the first request to the file. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../src/index.ts';
import { type Answer, OUTPUT, startJsonServer } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';

const rows = Array.from({ length: 137 }, (_, at) => ({ id: `r${at * 3 + 7}` }));
const whole = rows.map((row) => `${JSON.stringify(row)}\n`).join('');

test('a run that was stopped goes on by links that hold a body', async (t) => {
  const answer: Answer = (_url, { method, body }) => {
    const { collections, token } = JSON.parse(body || '{}');
    if (method !== 'POST' || collections?.[0] !== 's2') return { body: { features: [] } };
    const at = Number(token?.slice(1) ?? 0);
    const next = { rel: 'next', method: 'POST', href: '/search', merge: true };
    const links = at + 20 < 137 ? [{ ...next, body: { token: `t${at + 20}` } }] : [];
    return { body: { features: rows.slice(at, at + 20), links } };
  };
  const { origin, seen } = await startJsonServer(t, answer);
  const output = join(temporaryFolder(t), OUTPUT);
  const source = { kind: 'template', text: `${origin}/search` } as const;
  const options = { output, body: '{"collections":["s2"]}' };
  const stopped = await run([source], { ...options, maxPages: 3 });
  assert.equal(stopped.verdict.name, 'incomplete');
  const before = seen.length;
  const { verdict } = await run([source], options);
  assert.equal(readFileSync(output, 'utf8'), whole);
  assert.equal(verdict.name, 'complete', verdict.reasons.join());
  // Four pages were left, and all seven are read again at the end.
  assert.equal(seen.length - before, 11);
});
