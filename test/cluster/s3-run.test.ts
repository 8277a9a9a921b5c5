/** A run of many machines whose store is in a bucket. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startCli, temporaryFolder } from '../run/run-cli.ts';
import { runCliHere } from '../run/run-in-process.ts';
import {
  type S3Asked,
  type S3Server,
  type S3ServerOptions,
  startS3Server,
} from '../servers/s3-server.ts';
import { type Cluster, type ClusterOptions, startCluster } from './cluster-setup.ts';
import { WITHOUT_REDIS } from './redis-process.ts';

const skip = WITHOUT_REDIS ?? false;

const STORE = 's3://pages/runs/first';
const KEYS = {
  accessKeyId: 'AKIDCANARY',
  secretAccessKey: 'canary-secret-9d1c44',
  sessionToken: 'canary-session-0b7e52',
};

async function startS3Cluster(
  t: TestContext,
  options: ClusterOptions = {},
  own: S3ServerOptions = {},
): Promise<{ readonly s3: S3Server; readonly cluster: Cluster; readonly env: NodeJS.ProcessEnv }> {
  const s3 = await startS3Server({ keys: KEYS, ...own });
  t.after(() => s3.close());
  const temporary = join(temporaryFolder(t), 'tmp');
  mkdirSync(temporary);
  const env = { ...s3.env, TMPDIR: temporary };
  const cluster = await startCluster(t, { store: STORE, env, ...options });
  return { s3, cluster, env };
}

/** Copies of parts that no process needs any more. */
function leftIn({ TMPDIR }: NodeJS.ProcessEnv): readonly string[] {
  return readdirSync(TMPDIR!).filter((name) => name.startsWith('everypage-store'));
}

suite('a run with its store in a bucket', { concurrency: 3 }, () => {
  test('ends as with a folder, is read without the queue, and leaves neither copies nor credentials', {
    skip,
  }, async (t) => {
    let isStanding = false;
    const standing = Promise.withResolvers<null>();
    const respond = ({ target }: S3Asked) => {
      if (!isStanding || !target.includes('/parts/')) return null;
      standing.resolve(null);
      return new Promise<null>(() => {});
    };
    const { s3, cluster, env } = await startS3Cluster(t, {}, { respond });
    const { folder } = cluster;
    const pages = 600;
    const worker = cluster.worker();
    const coordinator = cluster.coordinate(pages, ['--no-work']);
    await cluster.untilRequested(300);
    const dump: string[] = [];
    for (const key of await cluster.asked.keys('*')) {
      dump.push(key, String(await cluster.asked.dumpBuffer(key)));
      if ((await cluster.asked.type(key)) === 'hash') {
        dump.push(JSON.stringify(await cluster.asked.hgetall(key)));
      }
    }
    const { code, stderr } = await coordinator.ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /All 600 pages are OK/);
    assert.ok(cluster.output() === cluster.expected(pages));
    assert.equal(cluster.server.counts().total, pages);
    worker.child.kill('SIGTERM');
    const { stderr: said } = await worker.ended;

    const read = (args: readonly string[]) => runCliHere(folder, args, { env });
    const verified = await read(['verify', STORE, '--strict=proven']);
    assert.equal(verified.code, 0, verified.stderr);
    assert.match(verified.stderr, /s3:\/\/pages\/runs\/first: 600 pages checked/);
    const exported = await read(['export', STORE]);
    assert.ok(exported.stdout === cluster.expected(pages));
    const headed = await read(['head', STORE]);
    assert.equal(headed.code, 0, headed.stderr);
    const reported = await read(['report', STORE, '-o', 'report.html']);
    assert.equal(reported.code, 0, reported.stderr);
    const schema = await read(['schema', STORE]);
    assert.equal(schema.code, 0, schema.stderr);
    const serving = startCli(folder, ['serve', STORE], { env });
    await serving.untilSaid((text) => /Ctrl-C ends it/.test(text));
    serving.child.kill('SIGINT');
    await serving.ended;
    assert.deepEqual(leftIn(env), []);
    isStanding = true;
    const stopped = startCli(folder, ['export', STORE], { env });
    await standing.promise;
    assert.equal(leftIn(env).length, 1);
    stopped.child.kill('SIGINT');
    assert.equal((await stopped.ended).code, 130);
    assert.deepEqual(leftIn(env), []);

    const stored = await Promise.all((await s3.names()).map((name) => s3.stored(name)));
    assert.ok(dump.length > 4 && stored.length > 2);
    const files = stored.map((bytes) => bytes!.toString('latin1'));
    const report = readFileSync(join(folder, 'report.html'), 'utf8');
    const archive = readFileSync(join(folder, 'out.ndjson.everypage'), 'latin1');
    const answers = [verified, exported, headed, reported, schema].map((result) => result.stderr);
    for (const text of [...dump, ...files, stderr, said, report, archive, ...answers]) {
      assert.ok(!text.includes(KEYS.secretAccessKey) && !text.includes(KEYS.sessionToken));
    }
  });

  test('a list of URLs is in the store too; an emptied queue is built again from the parts, of which one is damaged', {
    skip,
  }, async (t) => {
    const killed = Promise.withResolvers<void>();
    const { s3, cluster, env } = await startS3Cluster(t, {
      leaseShare: 0.2,
      respond: ({ n }) => (n > 250 ? { until: killed.promise } : null),
    });
    const { folder, redis, server } = cluster;
    const pages = 400;
    const urls = Array.from({ length: pages }, (_, n) => `${server.origin}/pages/${n + 1}`);
    writeFileSync(join(folder, 'urls.txt'), `${urls.join('\n')}\n`);
    const own = ['--queue', redis.url, '--store', STORE, '-o', 'out.ndjson', '--progress', 'none'];
    const start = (more: readonly string[] = []) =>
      startCli(folder, ['@urls.txt', ...own, ...more], {
        env: { ...env, EVERYPAGE_TEST_LEASE_SHARE: '0.2' },
      });
    const began = start();
    const parts = async () => (await s3.names()).filter((name) => name.includes('/parts/'));
    while ((await parts()).length === 0) await wait(50);
    began.child.kill('SIGKILL');
    await began.ended;
    killed.resolve();
    await cluster.asked.flushdb();
    const [first] = (await parts()).toSorted();
    const bytes = (await s3.stored(first!))!;
    bytes.fill(0, 4096, 8192);
    await s3.replace(first!, bytes);
    const resumed = await cluster.ask(['resume', '--store', STORE]);
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stderr, /the store holds \d+ of 400 pages/);
    assert.ok((await s3.names()).includes(`${first}.damaged`));
    rmSync(join(folder, 'out.ndjson.everypage.part'), { force: true });
    const ended = await start().ended;
    assert.equal(ended.code, 0, ended.stderr);
    assert.ok(cluster.output() === cluster.expected(pages));
    assert.ok(server.counts().total < 2 * pages);

    // Fresh: nothing of what was there counts.
    const before = new Set(await parts());
    const fetched = server.counts().total;
    const fresh = await start(['--fresh']).ended;
    assert.equal(fresh.code, 0, fresh.stderr);
    assert.equal(server.counts().total - fetched, pages);
    assert.ok((await parts()).every((name) => !before.has(name)));
    assert.ok(cluster.output() === cluster.expected(pages));
  });

  test('what is wrong with a bucket is said before anything is requested', { skip }, async (t) => {
    const { s3, cluster, env } = await startS3Cluster(t);
    const { folder, server, redis } = cluster;
    await s3.replace('odd/run.json', Buffer.from('<html>'));
    const own = ['--queue', redis.url, '-o', 'a.ndjson'];
    const cases: readonly (readonly [words: readonly string[], said: RegExp])[] = [
      [[server.template(9), ...own, '--store', 's3://other/x'], /there is no bucket other/],
      [
        [server.template(9), ...own, '--store', 's3://me:geheim@b/x'],
        /expected a store such as s3:/,
      ],
      [
        ['verify', 's3://pages/odd'],
        /s3:\/\/pages\/odd\/run\.json is not what everypage writes there/,
      ],
      [
        ['verify', 's3://pages/nothing'],
        /s3:\/\/pages\/nothing is no store: run\.json is not in it/,
      ],
      [['resume', '--queue', redis.url, '--store', 's3://other'], /there is no bucket other/],
    ];
    for (const [words, said] of cases) {
      const { code, stderr } = await runCliHere(folder, words, { env });
      assert.equal(code, 2, stderr);
      assert.match(stderr.split('\n')[0]!, said);
      assert.ok(!stderr.includes('geheim'), stderr);
    }
    assert.equal(server.counts().total, 0);
  });
});
