import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { exportArchive, type RunOptions } from '../../src/index.ts';
import { fetchJson, OUTPUT } from './pagination-setup.ts';

const cases: readonly (readonly [what: string, body: object, options: RunOptions])[] = [
  [
    'HAL without _embedded',
    { _links: { self: { href: '/things' } }, page: { totalElements: 0, totalPages: 0, number: 0 } },
    {},
  ],
  ['a count of 0 and no next', { count: 0, next: null }, {}],
  ['null for the list', { items: null, total: 0 }, {}],
  [
    'no list where the user says it stands',
    { page: { totalElements: 0, number: 0 } },
    { select: '_embedded.things' },
  ],
];

suite('an empty list that its page leaves out gives no records', { concurrency: 4 }, () => {
  for (const [what, body, options] of cases) {
    test(what, async (t) => {
      const { summary, text, targets, folder } = await fetchJson(t, () => ({ body }), options);
      const { verdict } = summary;
      assert.deepEqual([verdict.name, verdict.end], ['proven', 'stated'], verdict.reasons.join());
      assert.deepEqual([text, verdict.records?.fetched], ['', 0]);
      assert.equal(targets.length, 1);
      const again = join(folder, 'again.ndjson');
      await exportArchive(join(folder, `${OUTPUT}.everypage`), { output: again });
      assert.equal(readFileSync(again, 'utf8'), '');
    });
  }
});

test('a thing whose total is 0 is no empty list', async (t) => {
  const body = { id: 7, total: 0, currency: 'EUR' };
  const { summary, text } = await fetchJson(t, () => ({ body }));
  assert.deepEqual(
    [summary.verdict.name, summary.verdict.end, text],
    ['incomplete', 'single', null],
  );
});
