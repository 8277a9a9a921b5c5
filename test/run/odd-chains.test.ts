/** Chains by links and cursors whose pages are cut, nested, nameless or alike: none may end green and wrong. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { run } from '../../src/index.ts';
import { fetchJson, type JsonReply, OUTPUT, startJsonServer } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';

const rows = Array.from({ length: 137 }, (_, at) => ({ id: at * 3 + 7 }));
const linesOf = (list: readonly unknown[]) =>
  list.map((row) => `${JSON.stringify(row)}\n`).join('');
const whole = linesOf(rows);

suite('next links that differ in a credential alone lead on', () => {
  const secret = (from: number) => `c2Vzc2lvbi1${String(from).padStart(6, '0')}`;
  for (const name of ['session', 'signature', 'auth']) {
    const answer = (url: URL): JsonReply => {
      const from = Number(url.searchParams.get(name)?.slice(-6) ?? 0);
      assert.ok(!Number.isNaN(from), url.href);
      const next = from + 20 < rows.length ? `/things?${name}=${secret(from + 20)}` : null;
      return { body: { items: rows.slice(from, from + 20), next } };
    };

    test(`${name}, also in a run that goes on, and it is shown nowhere`, async (t) => {
      const { origin } = await startJsonServer(t, answer);
      const folder = temporaryFolder(t);
      const output = join(folder, OUTPUT);
      const source = { kind: 'template', text: `${origin}/things` } as const;
      const seen: string[] = [];
      const onEvent = (event: object) => void seen.push(JSON.stringify(event));
      await run([source], { output, maxPages: 3, onEvent });
      const { verdict } = await run([source], { output, onEvent });
      assert.equal(verdict.name, 'complete', JSON.stringify(verdict));
      assert.equal(readFileSync(output, 'utf8'), whole);
      assert.doesNotMatch(seen.join(), /c2Vzc2lvbi1/);
    });
  }

  test('and a link that leads back is a loop all the same', async (t) => {
    const answer = (url: URL): JsonReply => {
      const from = Number(url.searchParams.get('session')?.slice(-6) ?? 0);
      const next = `/things?session=${secret(from === 40 ? 20 : from + 20)}`;
      return { body: { items: rows.slice(from, from + 20), next } };
    };
    const { summary } = await fetchJson(t, answer);
    assert.equal(summary.verdict.end, 'loop', JSON.stringify(summary.verdict));
  });
});
