import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Archive } from '../../src/archive/archive.ts';
import type { ArchiveReader } from '../../src/archive/archive-reader.ts';
import { seededRandom } from '../../src/demo/demo-items.ts';
import type { PaginateOptions, Verdict } from '../../src/index.ts';
import type { ApiServerOptions } from '../fixtures/apis/api-server.ts';
import { type Fixture, OUTPUT, startFixture, wholeOutput } from './pagination-setup.ts';
import { runCli, startCli, temporaryFolder } from './run-cli.ts';

const AT_ONCE = { concurrency: 4 };
const LATENCY_MS = 30;

/** Their pages overlap, or their requests hold the last key. */
const provable = new Set(['ckan', 'range', 'jira-offset', 'stripe']);
/** Pages that are read a second time at the end: all, where nothing else proves the list. */
const readAgain = (api: string, { stored }: Verdict): number => (provable.has(api) ? 0 : stored);

interface Watched extends Fixture {
  /** Resolves when so many requests have arrived in all. */
  arrival(count: number): Promise<void>;
}

async function startWatched(t: TestContext, options: ApiServerOptions): Promise<Watched> {
  const waiting = new Map<number, () => void>();
  const onRequest = (count: number) => waiting.get(count)?.();
  const fixture = await startFixture(t, { latencyMs: LATENCY_MS, ...options, onRequest });
  return {
    ...fixture,
    arrival: (count) => new Promise((resolve) => waiting.set(count, resolve)),
  };
}

interface Kept {
  /** Pages, those of the second reading apart: it belongs to the run that ends. */
  readonly stored: number;
  readonly knowsPagination: boolean;
}

/** What a kill has left, read from a copy: opening the archive would tidy it up. */
function readKept(t: TestContext, folder: string): Kept {
  const part = join(folder, `${OUTPUT}.everypage.part`);
  if (!existsSync(part)) return { stored: 0, knowsPagination: false };
  const copy = join(temporaryFolder(t), 'copy.part');
  for (const suffix of ['', '-wal', '-journal']) {
    if (existsSync(part + suffix)) copyFileSync(part + suffix, copy + suffix);
  }
  let archive: ArchiveReader;
  try {
    archive = Archive.openReadOnly(copy);
  } catch (error) {
    // The first request may leave before the archive has its tables.
    assert.match(String(error), /it is empty/);
    return { stored: 0, knowsPagination: false };
  }
  try {
    const pages = archive.readPages(null, 1000, Number.MAX_SAFE_INTEGER);
    return { stored: pages.length, knowsPagination: archive.run.pagination !== null };
  } finally {
    archive.close();
  }
}

/** A list of each style, and how often it is killed. */
const lists: readonly (readonly [style: string, api: string, kills: number])[] = [
  ['link', 'gitlab-keyset', 1],
  ['next', 'graph', 1],
  ['page', 'wordpress', 1],
  ['offset', 'ckan', 1],
  ['cursor', 'slack', 2],
  ['cursor in a body', 'notion', 1],
  ['cursor in a header', 'header-cursor', 1],
  ['keyset', 'stripe', 1],
  ['continue', 'mediawiki', 1],
  ['graphql', 'github-graphql', 1],
  ['range', 'range', 1],
  ['page, found by trying and without a total', 'plain', 1],
  ['offset, where the server lowers the page size', 'jira-offset', 1],
];

suite('killed in the middle of it, a run goes on without what it has', AT_ONCE, () => {
  const seed = Date.now() % 1_000_000;
  for (const [index, [style, api, kills]] of lists.entries()) {
    test(`${style} (${api}), seed ${seed + index}`, async (t) => {
      const random = seededRandom(seed + index);
      const list = { api, pageSize: 10, records: 117 };
      const { server, folder, args, fetch, read, arrival } = await startWatched(t, list);
      let kept: Kept = { stored: 0, knowsPagination: false };
      for (let kill = 0; kill < kills; kill += 1) {
        const { requests } = server.counts();
        const wanted = arrival(requests + 1 + Math.floor(random() * (kills === 1 ? 9 : 4)));
        const { child, ended } = startCli(folder, [...args, '-q', '-c', '2']);
        await Promise.race([wanted, ended]);
        await sleep(random() * 2 * LATENCY_MS);
        child.kill('SIGKILL');
        const { signal, stderr } = await ended;
        assert.equal(signal, 'SIGKILL', stderr);
        assert.equal(read(), null, 'an output file is whole or absent');
        kept = readKept(t, folder);
      }
      const before = server.counts().requests;
      const { verdict } = await fetch();
      assert.equal(read(), wholeOutput(server), JSON.stringify(verdict));
      const asked = server.counts().requests - before;
      t.diagnostic(`${api}: ${kept.stored} pages kept, ${asked} requests to go on`);
      const all = verdict.stored + verdict.beyondEnd + readAgain(api, verdict);
      if (kept.knowsPagination) assert.equal(asked, all - kept.stored);
    });
  }
});

suite('Ctrl-C ends with 130, and the same command goes on', AT_ONCE, () => {
  const moments: readonly (readonly [when: string, api: string, request: number])[] = [
    ['while it is found out how the list goes on', 'nested-parent', 3],
    ['in a chain', 'slack', 6],
    ['in a list whose pages are asked for side by side', 'wordpress', 6],
  ];
  for (const [when, api, request] of moments) {
    test(`${when} (${api})`, async (t) => {
      const list = { api, pageSize: 10 };
      const { server, folder, args, fetch, read, arrival } = await startWatched(t, list);
      const wanted = arrival(request);
      const { child, ended } = startCli(folder, args);
      await wanted;
      child.kill('SIGINT');
      const stopped = await ended;
      assert.equal(stopped.code, 130, stopped.stderr);
      assert.equal(read(), null);
      assert.ok(!existsSync(join(folder, `${OUTPUT}.everypage.part-wal`)), 'one file is left');
      const { stored, knowsPagination } = readKept(t, folder);
      assert.equal(knowsPagination, request > 5);
      assert.ok(stored > 2 || request < 6, `${stored} pages are kept`);
      const before = server.counts().requests;
      const { verdict } = await fetch();
      assert.equal(read(), wholeOutput(server));
      const asked = server.counts().requests - before;
      if (knowsPagination) assert.equal(asked, verdict.stored + readAgain(api, verdict) - stored);
    });
  }
});

suite('--max-pages stops with 5, and the same command goes on', AT_ONCE, () => {
  const cases: readonly (readonly [api: string, paginate?: PaginateOptions])[] = [
    ['slack'],
    ['wordpress'],
    ['jira-offset', { style: 'offset', param: 'startAt', records: 'issues', key: 'id' }],
  ];
  for (const [api, paginate] of cases) {
    test(api, async (t) => {
      const { server, fetch, read } = await startFixture(t, { api, pageSize: 10 });
      const own = paginate === undefined ? {} : { paginate };
      for (let round = 1; round <= 2; round += 1) {
        const { stop, verdict, fetched } = await fetch({ ...own, maxPages: 4 });
        assert.deepEqual(stop, { kind: 'max-pages', maxPages: 4 });
        assert.deepEqual([fetched, verdict.stored], [4, 4 * round]);
        assert.equal(server.counts().requests, 4 * round);
        assert.equal(read(), null);
      }
      const { verdict } = await fetch(own);
      // This one shortens its pages until nothing is left to overlap.
      const level = api === 'jira-offset' ? 'unverified' : 'complete';
      assert.equal(verdict.name, level, verdict.reasons.join());
      if (level === 'unverified') {
        assert.match(verdict.reasons.join(), /^\d+ borders between pages could not be compared/);
      }
      assert.equal(read(), wholeOutput(server));
      assert.equal(server.counts().requests, verdict.stored + readAgain(api, verdict));
    });
  }

  test('by the command line', async (t) => {
    const { server, folder, args } = await startFixture(t, { api: 'graph' });
    const stopped = await runCli(folder, [...args, '--max-pages', '2']);
    assert.equal(stopped.code, 5, stopped.stderr);
    assert.match(stopped.stderr, /--max-pages 2/);
    assert.equal(server.counts().requests, 2);
  });
});
