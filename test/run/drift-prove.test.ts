import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { run } from '../../src/index.ts';
import type { ApiChanges } from '../fixtures/apis/api-server.ts';
import { OUTPUT, startFixture, startJsonServer, wholeOutput } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';

/** Runs wait for the disk more than for each other. */
const AT_ONCE = { concurrency: 4 };

/** One page at a time, so that requests come in page order. */
const PROVE = { prove: true, concurrency: 1 };

/** Pages of 25 of 137 records, each of them read again at the end. */
const REQUESTS = 12;
/** The request of each reading before which the list changes: two pages have been read. */
const THIRD = 3;

/** No total changes, and the first and the last page stay: one reading alone cannot see it. */
function changeUnseen(list: ApiChanges): void {
  list.deleteAt(30);
  list.insertAt(70);
}

suite('read again until two readings agree', AT_ONCE, () => {
  test('the output is the last one, and the summary says how often the list was read', async (t) => {
    const { server, folder, fetch, read } = await startFixture(t, {
      api: 'wordpress',
      pageSize: 25,
      onRequest: (number, list) => number === THIRD && changeUnseen(list),
    });
    const output = join(folder, 'once.ndjson');
    const once = await fetch({ concurrency: 1, output, recheck: 'none' });
    assert.equal(once.verdict.name, 'unverified', 'one reading does not see it');
    const lost = new Set(read('once.ndjson')!.split('\n'));
    assert.ok(server.lines.some((line) => !lost.has(line)));
    const { verdict, readings, output: written } = await fetch(PROVE);
    assert.deepEqual([verdict.name, readings, written?.records], ['proven', 2, 137]);
    assert.deepEqual(verdict.evidence, ['two readings of the whole list agree']);
    assert.equal(read(), wholeOutput(server));
  });

  test('a change in the first reading makes a third', async (t) => {
    const { server, folder, fetch, read } = await startFixture(t, {
      api: 'wordpress',
      pageSize: 25,
      onRequest: (number, list) => number === THIRD && changeUnseen(list),
    });
    writeFileSync(join(folder, OUTPUT), 'older\n');
    const { verdict, readings } = await fetch(PROVE);
    assert.deepEqual([verdict.name, readings], ['proven', 3]);
    assert.equal(read(), wholeOutput(server));
    assert.equal(server.counts().requests, 3 * REQUESTS);
    assert.deepEqual(readdirSync(folder).sort(), [OUTPUT, `${OUTPUT}.everypage`]);
  });

  test('a list that changes in every reading has drifted after five', async (t) => {
    const { server, folder, fetch, read } = await startFixture(t, {
      api: 'wordpress',
      pageSize: 25,
      onRequest: (number, list) => number % REQUESTS === THIRD && changeUnseen(list),
    });
    writeFileSync(join(folder, OUTPUT), 'older\n');
    const { verdict, readings, output } = await fetch(PROVE);
    assert.deepEqual([verdict.name, readings, output], ['drifted', 5, null]);
    assert.match(verdict.reasons.join(), /5 readings in a row were all different/);
    assert.equal(server.counts().requests, 5 * REQUESTS);
    assert.equal(read(), 'older\n');
  });

  test('stopped in the second reading, the same call goes on with it', async (t) => {
    const stop = new AbortController();
    const { server, folder, fetch, read } = await startFixture(t, {
      api: 'wordpress',
      pageSize: 25,
      latencyMs: 5,
      onRequest(number, list) {
        if (number === THIRD) changeUnseen(list);
        if (number === REQUESTS + 5) stop.abort();
      },
    });
    const stopped = await fetch({ ...PROVE, signal: stop.signal });
    assert.deepEqual([stopped.stop?.kind, stopped.readings], ['aborted', 2]);
    assert.equal(read(), null);
    const kept = stopped.verdict.stored;
    assert.ok(kept >= 4, `${kept} pages are kept`);
    const before = server.counts().requests;
    const { verdict, readings } = await fetch(PROVE);
    assert.deepEqual([verdict.name, readings], ['proven', 2]);
    assert.equal(read(), wholeOutput(server));
    assert.equal(server.counts().requests - before, 2 * REQUESTS - kept);
    assert.deepEqual(readdirSync(folder).sort(), [OUTPUT, `${OUTPUT}.everypage`]);
  });

  test('pages that went because the list became shorter make no end of it', async (t) => {
    const { server, fetch, read } = await startFixture(t, {
      api: 'wordpress',
      pageSize: 10,
      records: 31,
      onRequest(number, list) {
        if (number === THIRD) for (let count = 0; count < 11; count += 1) list.deleteAt(0);
      },
    });
    const { verdict, readings } = await fetch(PROVE);
    assert.deepEqual([verdict.name, readings], ['proven', 3]);
    assert.equal(read(), wholeOutput(server));
    assert.equal(server.length, 20);
  });

  test('a counter inside records that have keys does not keep them from agreeing', async (t) => {
    let views = 0;
    const { origin } = await startJsonServer(t, (url) => {
      const page = Number(url.searchParams.get('page') ?? 1);
      views += 1;
      const items = page > 3 ? [] : [0, 1, 2].map((at) => ({ id: 3 * page + at, views }));
      return { body: { page, total: 9, items } };
    });
    const output = join(temporaryFolder(t), OUTPUT);
    const sources = [{ kind: 'literal', text: `${origin}/items?per_page=3` }] as const;
    const { verdict, readings } = await run(sources, { ...PROVE, output });
    assert.deepEqual([verdict.name, verdict.reasons, readings], ['proven', [], 2]);
  });
});
