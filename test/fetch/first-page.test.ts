import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ArchiveThread } from '../../src/archive-thread/archive-thread.ts';
import type { Ask, CallName, Stored } from '../../src/archive-thread/messages.ts';
import { systemClock as clock } from '../../src/core/clock.ts';
import { Engine } from '../../src/fetch/engine.ts';
import { prepare } from '../../src/fetch/prepare.ts';
import { fetchHere, finishRun, openArchive } from '../../src/fetch/run-archive.ts';
import type { Transport } from '../../src/http/transport.ts';
import { temporaryFolder } from '../run/run-cli.ts';
import { settle } from './fake-network.ts';

const PAGES = 4;

/** What stands around the two records of page `n`. */
type Around = (n: number) => object;

const counted: Around = () => ({ total: 2 * PAGES });
const large: Around = () => ({ total: 2 * PAGES, text: 'x'.repeat(300_000) });
const chained: Around = (n) => ({ next: n < PAGES ? `/items?page=${n + 1}&after=${2 * n}` : null });

/** A run whose archive takes its first batch only when `storing` says so. */
async function begin(t: TestContext, around: Around, changed = (stored: Stored): Stored => stored) {
  const asked: number[] = [];
  const transport: Transport = {
    async request({ path }) {
      const n = Number(new URLSearchParams(path.split('?')[1]).get('page') ?? 1);
      asked.push(n);
      const items = n > PAGES ? [] : [{ id: 2 * n - 1 }, { id: 2 * n }];
      const body = Buffer.from(JSON.stringify({ items, ...around(n) }));
      const headers = { 'content-type': 'application/json' };
      return { status: 200, headers, chunks: [body], bodyBytes: body.length, protocol: 'HTTP/2' };
    },
    connect() {},
    setHeldBytes() {},
    connectionCounts: () => ({ 'HTTP/1.1': 0, 'HTTP/2': 1 }),
    async close() {},
  };
  const source = { kind: 'template', text: 'https://a.example/items?page=1' } as const;
  const job = await prepare([source], {
    output: join(temporaryFolder(t), 'items.ndjson'),
    recheck: 'none',
  });
  const archive = new ArchiveThread({ failed: (error) => engine.dispatcher.fail(error) });
  archive.mayBeOnePage = true;
  t.after(() => archive.close());
  const storing = Promise.withResolvers<void>();
  /** Of the first page in each batch. */
  const batches: number[] = [];
  let threads = 0;
  const thread = {
    beginThread() {
      threads += 1;
    },
    async call(name: CallName, ask: Ask<CallName>, transfer?: readonly ArrayBuffer[]) {
      if (name === 'store') await storing.promise;
      const answer = await archive.call(name, ask as never, transfer);
      if (name !== 'store') return answer;
      batches.push(JSON.parse((ask as Ask<'store'>).pages)[0].place.position);
      return changed(answer as unknown as Stored);
    },
  } as unknown as ArchiveThread;
  const opened = await openArchive(thread, job, (error) => assert.fail(String(error)));
  const engine = new Engine({ ...job, transport, clock, opened, keepsPages: true });
  const fetching = fetchHere({ job, opened, thread, engine });
  fetching.catch(() => {});
  t.after(() => engine.ended());
  const finish = () => finishRun(engine, thread, null, 0);
  return { asked, batches, threads: () => threads, storing, fetching, finish };
}

// A list that states that it is short needs no thread.
for (const [how, around, ahead, threads] of [
  ['by number', counted, [1, 2, 3, 4], 0],
  ['of 300 KB', large, [1, 2, 3, 4], 1],
  ['by links', chained, [1, 2], 1],
] as const) {
  test(`pages ${how} are asked for before the archive has the first, and stored after it`, async (t) => {
    const { asked, batches, threads: begun, storing, fetching, finish } = await begin(t, around);
    await settle();
    assert.deepEqual(asked, ahead);
    assert.equal(begun(), threads);
    storing.resolve();
    await fetching;
    const { verdict } = await finish();
    // Nothing is read again here.
    assert.equal(verdict.name, 'unverified');
    assert.deepEqual([verdict.stored, verdict.records?.unique], [PAGES, 8]);
    assert.equal(batches[0], 0);
    assert.deepEqual(asked.slice(0, PAGES), [1, 2, 3, 4]);
  });
}

test('a run ends where the archive reads the first page in another way than it was read before', async (t) => {
  const { storing, fetching } = await begin(t, counted, (stored) => ({
    ...stored,
    pageInfos: stored.pageInfos.map((info) => info && { ...info, total: 6 }),
  }));
  storing.resolve();
  await assert.rejects(fetching, { code: 'INTERNAL' });
});
