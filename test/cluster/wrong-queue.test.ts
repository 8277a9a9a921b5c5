import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { beginRun } from '../../src/cluster/begin-run.ts';
import { readQueueAddress } from '../../src/cluster/connect.ts';
import { FolderHome } from '../../src/cluster/folder-home.ts';
import { QUEUE_FORMAT, runKeys } from '../../src/cluster/keys.ts';
import { chunkOf } from '../../src/cluster/run-record.ts';
import { PartStore } from '../../src/cluster/store.ts';
import { VERSION } from '../../src/core/resolve-options.ts';
import { createTestCertificates } from '../../src/demo/certificate.ts';
import { runCli, temporaryFolder } from '../run/run-cli.ts';
import { freePort } from '../servers/free-port.ts';
import { startCluster } from './cluster-setup.ts';
import { startRedis, WITHOUT_REDIS } from './redis-process.ts';

const skip = WITHOUT_REDIS ?? false;

/** One line that a user can act on, and no stack. */
function assertOneLine(stderr: string, expected: RegExp): void {
  const lines = stderr.trim().split('\n');
  assert.match(lines[0]!, expected);
  assert.ok(lines.length <= 2, stderr);
  assert.doesNotMatch(stderr, /\bat .*:\d+:\d+/);
}

// Most of their time they wait for each other.
suite('what does not fit a queue', { concurrency: 4 }, () => {
  test('a queue that cannot be reached is said in one line, and nothing is written', async (t) => {
    const folder = temporaryFolder(t);
    const queue = `redis://user:geheim@127.0.0.1:${await freePort()}/0`;
    const own = ['--queue', queue, '--store', 'store', '-o', 'a.ndjson'];
    const { code, stderr } = await runCli(folder, ['http://127.0.0.1:9/[1-3]', ...own]);
    assert.equal(code, 2);
    assertOneLine(
      stderr,
      /the queue redis:\/\/127\.0\.0\.1:\d+\/0 cannot be reached \(connection refused\)/,
    );
    assert.ok(!stderr.includes('geheim'));
    const status = await runCli(folder, ['status', '--queue', 'localhost:6379']);
    assert.equal(status.code, 2);
    assertOneLine(status.stderr, /expected the URL of a queue such as redis:\/\/host/);
  });

  test('a queue that evicts is refused, and one without a file is used with a warning', {
    skip,
  }, async (t) => {
    const evicting = await startCluster(t, { ownRedis: ['--maxmemory-policy', 'allkeys-lru'] });
    const refused = await evicting.coordinate(10).ended;
    assert.equal(refused.code, 2);
    assertOneLine(
      refused.stderr,
      /evicts keys when its memory is full \(maxmemory-policy allkeys-lru\)/,
    );
    const forgetful = await startCluster(t, { ownRedis: ['--appendonly', 'no'] });
    const warned = await forgetful.coordinate(10).ended;
    assert.equal(warned.code, 0);
    assert.match(warned.stderr, /keeps no append-only file/);
  });

  test('what a queue cannot share is said before anything is requested', { skip }, async (t) => {
    const cluster = await startCluster(t);
    const { folder, server, redis } = cluster;
    const own = ['--queue', redis.url, '--store', 'store', '-o', 'a.ndjson'];
    const cases: readonly (readonly [words: readonly string[], said: RegExp])[] = [
      [[server.template(9), '--prove', ...own], /a range of URLs needs no --prove/],
      [[server.template(9), '--max-pages', '3', ...own], /write a shorter one/],
      [[`${server.template(9)}?api_key=geheim`, ...own], /a URL holds a credential/],
      [[server.template(9), '-H', 'authorization: geheim', ...own], /-H holds a credential/],
      [[server.template(9), '-u', 'a:geheim', ...own], /-u holds a credential/],
      [[server.template(9), '--queue', redis.url], /--store is missing/],
      [['worker', '--queue', redis.url, 'x'], /takes no argument/],
      [['pause', '--queue', redis.url], /the queue holds no run/],
    ];
    for (const [words, said] of cases) {
      const { code, stderr } = await runCli(folder, words);
      assert.equal(code, 2, stderr);
      assertOneLine(stderr, said);
      assert.ok(!stderr.includes('geheim'), stderr);
    }
    assert.equal(server.counts().total, 0);
  });

  test('a store of another run is not touched', { skip }, async (t) => {
    const cluster = await startCluster(t);
    assert.equal((await cluster.coordinate(20).ended).code, 0);
    const other = await cluster.coordinate(30, ['-o', 'b.ndjson']).ended;
    assert.equal(other.code, 2);
    assertOneLine(other.stderr, /the store .* belongs to another run/);
    mkdirSync(join(cluster.folder, 'empty'));
    const read = await runCli(cluster.folder, ['verify', 'empty']);
    assert.equal(read.code, 2);
    assertOneLine(read.stderr, /is no store/);
  });

  test('a run goes on in the store that it began with, and in no other', { skip }, async (t) => {
    const { asked, folder } = await startCluster(t);
    const shared = { id: '0123456789ab', format: QUEUE_FORMAT, version: VERSION, total: 9 };
    const more = { words: [], secretHeaders: [], hasList: false, isPaged: false, chunk: 50 };
    const begin = async (name: string, createdAt: number): Promise<void> => {
      const home = new FolderHome(join(folder, name));
      const record = { ...shared, ...more, store: home.where, createdAt };
      await beginRun(asked, record, await PartStore.begin(home, record));
    };
    await begin('first', 1);
    await begin('first', 2);
    await assert.rejects(begin('second', 3), /another store than .*second: .* made in .*first;/);
  });

  test('a worker of another version does not work for a run', { skip }, async (t) => {
    const cluster = await startCluster(t);
    const { run } = runKeys('0123456789ab');
    const record = { id: '0123456789ab', format: 1, version: '0.0.1', words: [], total: 1 };
    await cluster.asked.hset(run, { record: JSON.stringify(record), state: 'active', total: 1 });
    await cluster.asked.sadd('everypage:runs', '0123456789ab');
    const { code, stderr } = await cluster.worker().ended;
    assert.equal(code, 2);
    assertOneLine(stderr, /was begun by everypage 0\.0\.1, and this is \d/);
  });

  test('a worker reads no file and no variable because the queue says so', { skip }, async (t) => {
    const cluster = await startCluster(t);
    const { run } = runKeys('0123456789ab');
    const { version } = JSON.parse(
      (await import('node:fs')).readFileSync('package.json', 'utf8'),
    ) as { version: string };
    for (const words of [
      ['http://localhost/[1-9]', '--bearer-env', 'HOME'],
      ['http://localhost/[1-9]', '-H', '@/etc/hostname'],
      ['http://localhost/[1-9]', '-d', '@/etc/hostname'],
      ['@/etc/hostname'],
      ['demo'],
    ]) {
      const record = { id: '0123456789ab', format: 1, version, words, secretHeaders: [], total: 9 };
      await cluster.asked.hset(run, { record: JSON.stringify(record), state: 'active', total: 9 });
      await cluster.asked.sadd('everypage:runs', '0123456789ab');
      const { code, stderr } = await cluster.worker().ended;
      assert.equal(code, 2, stderr);
      assert.match(stderr, /is not what everypage writes there/);
    }
  });

  test('a queue with TLS and a user of its own is used, with the password from the environment', {
    skip,
  }, async (t) => {
    const folder = temporaryFolder(t);
    const { ca, cert, key } = createTestCertificates();
    for (const [name, text] of Object.entries({ ca, cert, key })) {
      writeFileSync(join(folder, `${name}.pem`), text);
    }
    const tlsPort = await freePort();
    const redis = await startRedis([
      ...['--tls-port', String(tlsPort), '--tls-auth-clients', 'no'],
      ...['--tls-cert-file', join(folder, 'cert.pem'), '--tls-key-file', join(folder, 'key.pem')],
      ...['--tls-ca-cert-file', join(folder, 'ca.pem')],
      ...'--user pages on >geheim ~* &* +@all --user default off'.split(' '),
    ]);
    t.after(() => redis.close());
    const queue = `rediss://localhost:${tlsPort}`;
    const env = {
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
      EVERYPAGE_QUEUE_USER: 'pages',
      EVERYPAGE_QUEUE_PASSWORD: 'geheim',
    };
    const good = await runCli(folder, ['status', '--queue', queue], { env });
    assert.equal(good.code, 0, good.stderr);
    assert.match(good.stdout, /holds no run/);
    const wrong = { ...env, EVERYPAGE_QUEUE_PASSWORD: 'falsch' };
    const refused = await runCli(folder, ['status', '--queue', queue], { env: wrong });
    assert.equal(refused.code, 2);
    assertOneLine(refused.stderr, /refuses the user or the password/);
    const untrusted = await runCli(folder, ['status', '--queue', queue], {
      env: { ...env, NODE_EXTRA_CA_CERTS: '' },
    });
    assert.equal(untrusted.code, 2);
    assertOneLine(untrusted.stderr, /cannot be reached \(TLS fails\)/);
  });

  test('the address of a queue', () => {
    const { shown, options } = readQueueAddress('rediss://me:p%40ss@[::1]:7000/3', {});
    assert.equal(shown, 'rediss://[::1]:7000/3');
    assert.equal(options.host, '::1');
    assert.equal(options.password, 'p@ss');
    assert.equal(options.db, 3);
    const fromEnv = readQueueAddress('redis://h', { EVERYPAGE_QUEUE_PASSWORD: 'x' });
    assert.equal(fromEnv.options.password, 'x');
    assert.throws(() => readQueueAddress('http://user:geheim@h', {}), {
      message: /got "http:\/\/h"/,
    });
  });

  test('a plan has few jobs, of which none is large', () => {
    assert.equal(chunkOf(10), 50);
    assert.equal(chunkOf(1_000_000), 100);
    assert.equal(chunkOf(1_000_000_000), 1000);
  });
});
