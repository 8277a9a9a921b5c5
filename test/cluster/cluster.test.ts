import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { runCli, startCli } from '../run/run-cli.ts';
import { startCluster } from './cluster-setup.ts';
import { WITHOUT_REDIS } from './redis-process.ts';

const skip = WITHOUT_REDIS ?? false;

// Most of their time they wait for each other.
suite('a run of many machines', { concurrency: 5 }, () => {
  test('three workers fetch each page once, and the output is that of one machine', {
    skip,
  }, async (t) => {
    const cluster = await startCluster(t);
    const pages = 600;
    for (let count = 0; count < 3; count += 1) cluster.worker();
    const { code, stderr } = await cluster.coordinate(pages, ['--no-work']).ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /All 600 pages are OK/);
    assert.ok(cluster.output() === cluster.expected(pages));
    const { requests, total } = cluster.server.counts();
    assert.equal(requests.size, pages);
    assert.equal(total, pages);
    const status = await cluster.ask(['status']);
    assert.match(status.stdout, /The queue holds no run/);
    // The store is read without the queue.
    const verified = await runCli(cluster.folder, ['verify', 'store', '--strict=proven']);
    assert.equal(verified.code, 0, verified.stderr);
    assert.match(verified.stderr, /600 pages checked/);
    const exported = await runCli(cluster.folder, ['export', 'store']);
    assert.ok(exported.stdout === cluster.expected(pages));
  });

  test('after kills of a worker and of the coordinator nothing is missing, and nothing is twice', {
    skip,
  }, async (t) => {
    const cluster = await startCluster(t, { delayMs: 15, leaseShare: 0.2 });
    const pages = 1200;
    const [first] = [cluster.worker(), cluster.worker()];
    const began = cluster.coordinate(pages, ['--no-work']);
    await cluster.untilRequested(200);
    first?.child.kill('SIGKILL');
    await cluster.untilRequested(400);
    began.child.kill('SIGKILL');
    await began.ended;
    cluster.worker();
    await cluster.untilRequested(500);
    const { code, stderr } = await cluster.coordinate(pages).ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /All 1,200 pages are OK/);
    assert.ok(cluster.output() === cluster.expected(pages));
  });

  test('a worker that is asked to leave stores what it has, and gives back the rest at once', {
    skip,
  }, async (t) => {
    const cluster = await startCluster(t, { delayMs: 20 });
    const pages = 800;
    const leaving = cluster.worker();
    const coordinator = cluster.coordinate(pages, ['--no-work']);
    await cluster.untilRequested(300);
    cluster.worker();
    leaving.child.kill('SIGTERM');
    const left = await leaving.ended;
    assert.equal(left.code, 143);
    assert.match(left.stderr, /stopped; this worker stored \d+ pages/);
    const { code, stderr } = await coordinator.ended;
    assert.equal(code, 0, stderr);
    assert.ok(cluster.output() === cluster.expected(pages));
    // Nothing was fetched again.
    assert.equal(cluster.server.counts().total, pages);
  });

  test('a queue that crashes and comes back loses no page', { skip }, async (t) => {
    const cluster = await startCluster(t, { delayMs: 15, leaseShare: 0.2, ownRedis: [] });
    const pages = 1000;
    cluster.worker();
    const coordinator = cluster.coordinate(pages);
    await cluster.untilRequested(300);
    await cluster.redis.kill();
    await coordinator.untilSaid((said) => /the queue redis:\S+ is gone; .* waits/.test(said));
    await wait(500);
    await cluster.redis.start();
    const { code, stderr } = await coordinator.ended;
    assert.equal(code, 0, stderr);
    assert.equal(stderr.match(/is gone|answers again/g)?.length, 2, stderr);
    assert.ok(cluster.output() === cluster.expected(pages));
  });

  test('a queue that was emptied is built again from the store, and what is there is not fetched again', {
    skip,
  }, async (t) => {
    const cluster = await startCluster(t, { delayMs: 15, leaseShare: 0.2 });
    const pages = 1000;
    cluster.worker();
    const coordinator = cluster.coordinate(pages);
    const parts = join(cluster.store, 'parts');
    await cluster.untilRequested(300);
    while (!existsSync(parts) || readdirSync(parts).length === 0) await wait(20);
    await cluster.asked.flushdb();
    const { code, stderr } = await coordinator.ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /knew run [0-9a-f]+ no more; it is built again from the store/);
    assert.ok(cluster.output() === cluster.expected(pages));
    assert.ok(cluster.server.counts().total < 2 * pages);
  });

  test('a paused run sends nothing until it is resumed, and a cancelled one ends its workers', {
    skip,
  }, async (t) => {
    const cluster = await startCluster(t, { delayMs: 10 });
    const pages = 1500;
    const worker = cluster.worker();
    const coordinator = cluster.coordinate(pages, ['--no-work', '-c', '2']);
    await cluster.untilRequested(200);
    const paused = await cluster.ask(['pause']);
    assert.equal(paused.code, 0, paused.stderr);
    await wait(300);
    const before = cluster.server.counts().total;
    await wait(700);
    assert.equal(cluster.server.counts().total, before);
    const status = await cluster.ask(['status']);
    assert.match(status.stdout, /paused {2}.* of 1,500 pages \(\d+ %\), 1 worker/);
    assert.equal((await cluster.ask(['resume'])).code, 0);
    await cluster.untilRequested(before + 200);
    const cancelled = await cluster.ask(['cancel']);
    assert.equal(cancelled.code, 0, cancelled.stderr);
    await worker.untilSaid((said) => /the run is cancelled/.test(said));
    const { code, stderr } = await coordinator.ended;
    assert.equal(code, 5);
    assert.match(stderr, /run [0-9a-f]+ was cancelled/);
    assert.ok(!existsSync(join(cluster.folder, 'out.ndjson')));
    // The same command goes on with what is in the store.
    const again = await cluster.coordinate(pages).ended;
    assert.equal(again.code, 0, again.stderr);
    assert.ok(cluster.output() === cluster.expected(pages));
  });

  test('pages that fail are reported as on one machine, and tried again by the same command', {
    skip,
  }, async (t) => {
    let isBroken = true;
    const cluster = await startCluster(t, {
      respond: ({ n }) => (isBroken && n % 100 === 7 ? { status: 404 } : null),
    });
    cluster.worker();
    const first = await cluster.coordinate(500).ended;
    assert.equal(first.code, 3, first.stderr);
    assert.match(first.stderr, /5 pages? .*failed|5 of 500 pages/i);
    isBroken = false;
    const before = cluster.server.counts().total;
    const second = await cluster.coordinate(500).ended;
    assert.equal(second.code, 0, second.stderr);
    assert.equal(cluster.server.counts().total - before, 5);
    assert.ok(cluster.output() === cluster.expected(500));
  });

  test('no credential stands in the queue, in the store or in what is said', {
    skip,
  }, async (t) => {
    const cluster = await startCluster(t);
    const TOKEN = 'canary-5e1f0c77';
    const env = { TOKEN };
    const bearer = ['--bearer-env', 'TOKEN'];
    const worker = cluster.worker(bearer, env);
    const coordinator = cluster.coordinate(600, [...bearer, '--no-work'], env);
    await cluster.untilRequested(300);
    const dump: string[] = [];
    for (const key of await cluster.asked.keys('*')) {
      dump.push(key, String(await cluster.asked.dumpBuffer(key)));
      if ((await cluster.asked.type(key)) === 'hash') {
        dump.push(JSON.stringify(await cluster.asked.hgetall(key)));
      }
    }
    assert.ok(dump.length > 4);
    const { code, stderr } = await coordinator.ended;
    assert.equal(code, 0, stderr);
    worker.child.kill('SIGTERM');
    const { stderr: said } = await worker.ended;
    const files = readdirSync(cluster.store, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    for (const text of [...dump, ...files, stderr, said]) assert.ok(!text.includes(TOKEN));
  });

  test('a worker without the credentials of the run says which, and requests nothing', {
    skip,
  }, async (t) => {
    const cluster = await startCluster(t);
    const coordinator = cluster.coordinate(100, ['--no-work', '--bearer-env', 'TOKEN'], {
      TOKEN: 'x1',
    });
    await coordinator.untilSaid((said) => /other machines help with/.test(said));
    const { code, stderr } = await cluster.worker().ended;
    assert.equal(code, 2);
    assert.match(stderr, /sends the header authorization, and this worker has no value for it/);
    assert.equal(cluster.server.counts().total, 0);
  });

  test('a list of URLs is shared too, and another list does not mix with it', {
    skip,
  }, async (t) => {
    const cluster = await startCluster(t);
    const { folder, server, redis, store } = cluster;
    const pages = 250;
    const urls = Array.from({ length: pages }, (_, index) => `${server.origin}/pages/${index + 1}`);
    // What is skipped in a list has no place in the plan.
    const list = `# a list\n\n${urls.join('\r\n')}\n`;
    writeFileSync(join(folder, 'urls.txt'), list);
    const own = ['--queue', redis.url, '--store', store, '-o', 'out.ndjson', '--progress', 'none'];
    const worker = cluster.worker();
    const first = await runCli(folder, ['@urls.txt', '--no-work', ...own]);
    assert.equal(first.code, 0, first.stderr);
    assert.ok(cluster.output() === cluster.expected(pages));
    assert.equal(server.counts().total, pages);
    const verified = await runCli(folder, ['verify', 'store']);
    assert.equal(verified.code, 0, verified.stderr);
    worker.child.kill('SIGTERM');
    writeFileSync(join(folder, 'urls.txt'), list.replace('/pages/7\r', '/pages/8\r'));
    const changed = await runCli(folder, ['@urls.txt', ...own]);
    assert.equal(changed.code, 2);
    assert.match(changed.stderr, /the list has other URLs than when this run began/);
    const piped = await runCli(folder, ['-', ...own, '--store', 'store2'], { input: list });
    assert.equal(piped.code, 0, piped.stderr);
    assert.ok(cluster.output() === cluster.expected(pages));
    const secret = `${server.origin}/pages/1?api_key=geheim\n`;
    const refused = await runCli(folder, ['-', ...own, '--store', 'store3'], { input: secret });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /stdin line 1 holds a credential/);
    assert.ok(!existsSync(join(folder, 'store3', 'list.txt')));
  });

  test('a chain is read by one worker at a time, and taken over where that left it', {
    skip,
  }, async (t) => {
    const PAGES = 60;
    const records = (page: number): string =>
      Array.from({ length: 3 }, (_, index) => `{"id":${page * 10 + index},"v":1.0}`).join();
    const cluster = await startCluster(t, {
      delayMs: 40,
      leaseShare: 0.2,
      respond({ path }) {
        const url = new URL(path, 'http://localhost');
        if (url.pathname !== '/items') return null;
        const page = Number(url.searchParams.get('cursor')?.slice(1) ?? 1);
        const next = page < PAGES ? `"c${page + 1}"` : 'null';
        return { body: `{"data":[${records(page)}],"meta":{"next_cursor":${next}}}` };
      },
    });
    const { folder, server, redis } = cluster;
    const first = cluster.worker();
    const own = ['--queue', redis.url, '--store', 'store', '--no-work', '--progress', 'none'];
    const recheck = ['--recheck', 'none'];
    const shared = runCli(folder, [
      `${server.origin}/items`,
      '-o',
      'out.ndjson',
      ...recheck,
      ...own,
    ]);
    await first.untilSaid((said) => /works for run \w+, a list that pages by itself/.test(said));
    const parts = async (): Promise<number> => {
      const [key] = await cluster.asked.keys('*:parts');
      return key === undefined ? 0 : cluster.asked.llen(key);
    };
    while ((await parts()) < 2) await wait(50);
    first.child.kill('SIGKILL');
    const atKill = server.counts().total;
    cluster.worker();
    const { code, stderr } = await shared;
    assert.equal(code, 0, stderr);
    const expected = Array.from({ length: PAGES }, (_, page) =>
      `[${records(page + 1)}]`.slice(1, -1).replaceAll('},', '}\n'),
    );
    assert.equal(cluster.output(), `${expected.join('\n')}\n`);
    // It began at the parts, and not at the first page.
    const after = server.counts().total - atKill;
    assert.ok(after < PAGES, `${after} requests`);
    const verified = await runCli(folder, ['verify', 'store']);
    assert.equal(verified.code, 0, verified.stderr);
    assert.match(verified.stderr, /60 pages/);
  });

  test('a numbered list outlives a worker, its coordinator and the memory of the queue', {
    skip,
  }, async (t) => {
    const TOTAL = 2000;
    const SIZE = 10;
    const cluster = await startCluster(t, {
      delayMs: 20,
      leaseShare: 0.2,
      respond({ path }) {
        const url = new URL(path, 'http://localhost');
        if (url.pathname !== '/items') return null;
        const from = (Number(url.searchParams.get('page') ?? 1) - 1) * SIZE;
        const count = Math.max(0, Math.min(SIZE, TOTAL - from));
        const items = Array.from({ length: count }, (_, index) => `{"id":${from + index},"v":-0}`);
        return { body: `{"items":[${items.join()}],"total":${TOTAL},"per_page":${SIZE}}` };
      },
    });
    const { folder, server, redis } = cluster;
    const own = ['--queue', redis.url, '--store', 'store', '--progress', 'none', '--no-work'];
    own.push('--recheck', 'none');
    const words = [`${server.origin}/items?page=1`, '-o', 'out.ndjson', '-c', '4', ...own];
    const began = startCli(folder, words);
    t.after(() => began.child.kill('SIGKILL'));
    const untilAsked = async (requests: number): Promise<void> => {
      while (server.counts().total < requests) await wait(20);
    };
    const workers = [cluster.worker(), cluster.worker()];
    await untilAsked(40);
    workers[0]!.child.kill('SIGKILL');
    cluster.worker();
    await untilAsked(80);
    began.child.kill('SIGKILL');
    await began.ended;
    const again = startCli(folder, words);
    t.after(() => again.child.kill('SIGKILL'));
    await again.untilSaid((said) => /other machines help with/.test(said));
    await untilAsked(130);
    await cluster.asked.flushdb();
    const { code, stderr } = await again.ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /All 200 pages are OK: 2,000 records/);
    const expected = Array.from({ length: TOTAL }, (_, id) => `{"id":${id},"v":-0}\n`);
    assert.equal(cluster.output(), expected.join(''));
    assert.ok(server.counts().total < 450, `${server.counts().total} requests`);
  });

  test('the store of a list that pages by itself names no part that was removed', {
    skip,
  }, async (t) => {
    const cluster = await startCluster(t, {
      respond({ path }) {
        const page = Number(new URL(path, 'http://localhost').searchParams.get('page') ?? 1);
        const ids = page > 20 ? [] : [0, 1, 2, 3, 4].map((at) => ({ id: page * 5 + at }));
        return { body: JSON.stringify({ items: ids, total: 100, per_page: 5 }) };
      },
    });
    const words = [`${cluster.server.origin}/items?page=1`, '--recheck', 'none'];
    assert.equal((await cluster.begin([...words, '--max-pages', '9']).ended).code, 5);
    const parts = join(cluster.store, 'parts');
    for (const name of readdirSync(parts)) rmSync(join(parts, name));
    rmSync(join(cluster.folder, 'out.ndjson.everypage.part'));
    assert.equal((await cluster.begin(words).ended).code, 0);
    const { code, stderr } = await runCli(cluster.folder, ['verify', 'store']);
    assert.equal(code, 0, stderr);
  });

  test('a damaged part, and one that was removed, are noticed, and their pages are fetched again', {
    skip,
  }, async (t) => {
    const cluster = await startCluster(t, { delayMs: 10, leaseShare: 0.2 });
    const pages = 800;
    const parts = join(cluster.store, 'parts');
    const worker = cluster.worker();
    const began = cluster.coordinate(pages, ['--no-work']);
    await cluster.untilRequested(200);
    began.child.kill('SIGKILL');
    await began.ended;
    await worker.untilSaid((said) => /the run is finished/.test(said));
    rmSync(join(cluster.folder, 'out.ndjson.everypage.part'), { force: true });
    const [first, second] = readdirSync(parts).toSorted();
    const bytes = readFileSync(join(parts, first!));
    // In the middle of a body.
    const at = bytes.indexOf('lazy dogs');
    bytes.fill('x', at, at + 9);
    bytes.fill(0, 4096, 8192);
    writeFileSync(join(parts, first!), bytes);
    rmSync(join(parts, second!));
    const { code, stderr } = await cluster.coordinate(pages).ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /a part of the store is damaged; its pages are fetched again/);
    assert.ok(cluster.output() === cluster.expected(pages));
    assert.ok(readdirSync(parts).includes(`${first}.damaged`));
  });
});
