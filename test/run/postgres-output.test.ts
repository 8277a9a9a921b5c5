import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '../../src/demo/demo-items.ts';
import { exportArchive, run } from '../../src/index.ts';
import { listedArchive } from '../archive/listed-archive.ts';
import {
  execute,
  type PostgresServer,
  skipPostgres,
  startPostgres,
} from '../servers/postgres-server.ts';
import { startJsonServer } from './pagination-setup.ts';
import { startCli, temporaryFolder } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

const skip = skipPostgres;
const SECRET = 'canary-9f2b/+word';
let server: PostgresServer;

before(async () => {
  if (skip !== false) return;
  server = await startPostgres();
  execute(server, `CREATE ROLE app LOGIN PASSWORD '${SECRET}'`);
  for (const database of ['secured', 'plain'])
    execute(server, `CREATE DATABASE ${database} OWNER app`);
});
after(() => server?.stop());

/** @param who `user` or `user:password` */
const urlOf = (who: string, database = 'postgres', more = ''): string =>
  `postgres://${who}@/${database}?host=${server.folder}${more}`;

const isThere = (table: string, database = 'postgres'): boolean =>
  server.rows(`SELECT to_regclass('${table}') IS NOT NULL`, database)[0]![0] === 't';

const drop = (table: string) => execute(server, `DROP TABLE IF EXISTS ${table} CASCADE`);

/** A list of numbered things in pages of 10. */
const listOf = (t: TestContext, ids: readonly number[], failing?: number) =>
  startJsonServer(t, (url) => {
    const page = Number(url.searchParams.get('page') ?? 1);
    if (page === failing) return { status: 404, body: {} };
    const data = ids.slice(10 * (page - 1), 10 * page).map((id) => ({ id, name: `thing ${id}` }));
    return { body: { data, page, pages: Math.ceil(ids.length / 10), total: ids.length } };
  });

const upTo = (count: number) => Array.from({ length: count }, (_, id) => id);

test('a run fills a table that is called by the URL, beside a file, and the next one replaces it', {
  skip,
}, async (t) => {
  drop('things');
  const folder = temporaryFolder(t);
  const api = await listOf(t, upTo(25));
  const first = await startCli(folder, [`${api.origin}/things`, '-o', server.url]).ended;
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /25 records → postgres:\/\/postgres@\/postgres\?host=/);
  assert.deepEqual(server.rows('SELECT count(*), min(id), max(name) FROM things'), [
    ['25', '0', 'thing 9'],
  ]);
  // Its archive stood in the state folder, and has gone.
  assert.deepEqual(readdirSync(join(folder, 'state/everypage')), []);
  const again = await listOf(t, [7]);
  const second = await startCli(folder, [
    ...[`${again.origin}/things`, '--records', '--paginate', 'none'],
    ...['-o', 'a.ndjson', '-o', server.url],
  ]).ended;
  assert.equal(second.code, 0, second.stderr);
  assert.deepEqual(server.rows('SELECT * FROM things'), [['7', 'thing 7']]);
  assert.equal(readFileSync(join(folder, 'a.ndjson'), 'utf8'), '{"id":7,"name":"thing 7"}\n');
});

test('a password in the URL is shown and kept nowhere', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const api = await listOf(t, upTo(25), 2);
  const output = urlOf(`app:${encodeURIComponent(SECRET)}`, 'secured', '&table=kept');
  const args = [
    `${api.origin}/things?page=[1-3]`,
    '-o',
    output,
    '--summary',
    's.json',
    '-vv',
    '--retry',
    '0',
  ];
  const started = startCli(folder, args);
  let title = '';
  if (process.platform === 'linux') {
    await started.untilSaid((text) => text !== '');
    try {
      title = readFileSync(`/proc/${started.child.pid}/cmdline`, 'utf8');
    } catch {
      // It has ended already.
    }
  }
  const failed = await started.ended;
  assert.equal(failed.code, 3, failed.stderr);
  assert.match(failed.stderr, /app:<password>@/);
  assert.equal(isThere('kept', 'secured'), false);
  const json = await startCli(folder, [...args, '--log-format', 'json', '--allow-incomplete'])
    .ended;
  assert.equal(json.code, 0, json.stderr);
  assert.deepEqual(server.rows('SELECT count(*) FROM kept', 'secured'), [['2']]);
  const wrong = await startCli(folder, [...args.with(2, `${output}2`), '--nested', 'wrong']).ended;
  const states = join(folder, 'state/everypage');
  const files = readdirSync(states).map((name) => readFileSync(join(states, name), 'latin1'));
  const said = [failed, json, wrong].map(({ stdout, stderr }) => stdout + stderr);
  for (const text of [
    title,
    ...said,
    ...files,
    readFileSync(join(folder, 's.json'), 'utf8'),
    server.log().replaceAll(/^psql .*$/gm, ''),
  ]) {
    for (const form of [SECRET, encodeURIComponent(SECRET), 'canary-9f2b']) {
      assert.ok(!text.includes(form), text.slice(0, 400));
    }
  }
});

test('the password may come from the environment, a file of variables or ~/.pgpass', {
  skip,
}, async (t) => {
  const { path, folder } = listedArchive(t, ['{"id":1}']);
  const args = ['export', path, '-o', urlOf('app', 'secured', '&table=given')];
  const pgpass = join(folder, 'pgpass');
  writeFileSync(pgpass, `${server.folder}:*:secured:app:${SECRET}\n`, { mode: 0o600 });
  writeFileSync(join(folder, '.env'), `PGPASSWORD="${SECRET}"\n`, { mode: 0o600 });
  const api = await listOf(t, upTo(5));
  const given: readonly [readonly string[], NodeJS.ProcessEnv][] = [
    [args, { PGPASSWORD: SECRET }],
    [args, { PGPASSFILE: pgpass }],
    [[`${api.origin}/things`, '--env-file', '.env', ...args.slice(2)], {}],
    [
      ['export', path, '-o', 'postgres:///?table=given'],
      { PGHOST: server.folder, PGUSER: 'app', PGDATABASE: 'secured', PGPASSWORD: SECRET },
    ],
  ];
  for (const [words, env] of given) {
    const { code, stderr } = await startCli(folder, words, { env }).ended;
    assert.equal(code, 0, stderr);
    assert.ok(isThere('given', 'secured'));
    execute(server, 'SELECT 1');
  }
  const none = await startCli(folder, args).ended;
  assert.equal(none.code, 1);
  assert.match(none.stderr, /a password is missing.*PGPASSWORD.*pgpass/);
});

test('what does not work is one line, with what to do, and nothing is written', {
  skip,
}, async (t) => {
  const { path } = listedArchive(t, ['{"id":1}']);
  drop('items');
  execute(server, 'CREATE TABLE items (id bigint); INSERT INTO items VALUES (7)');
  execute(
    server,
    'CREATE SCHEMA IF NOT EXISTS closed; CREATE TABLE IF NOT EXISTS closed.items (id bigint)',
  );
  for (const [output, code, message, ...more] of [
    ['postgres://me@127.0.0.1:1/db', 1, /no server answers there/],
    [`postgres://me@/db?host=${server.folder}/none`, 1, /no server answers there/],
    ['postgres://me@no-host.invalid/db', 1, /its host name is not known/],
    [urlOf('postgres', 'none'), 1, /database "none" does not exist.*createdb/],
    [urlOf('nobody'), 1, /role "nobody" does not exist/],
    [urlOf('app:wrong', 'secured'), 1, /password authentication failed for user "app".*PGPASSWORD/],
    [urlOf('app', 'plain', '&table=closed.items'), 2, /has no schema closed; create it/],
    [
      urlOf('app', 'postgres', '&table=closed.items'),
      1,
      /permission denied/,
      '--if-exists',
      'append',
    ],
    [server.url, 2, /a table items that everypage did not make; .*--if-exists replace/],
    [`${server.url}&table=${'x'.repeat(64)}`, 2, /cannot be a table of PostgreSQL/],
    ['postgres://me:pass/word@host/db', 2, /URL of the database cannot be read.*%40/],
    [`${server.url}&sslmode=require`, 1, /the server has no TLS/],
    [server.url, 2, /is a database, which takes no csv; leave out -f csv/, '-f', 'csv'],
    ['a.txt', 2, /a\.txt is a file; PostgreSQL is -o 'postgres:/, '-f', 'postgres'],
    [server.url, 2, /--csv-safe|CSV settings/, '--csv-safe'],
  ] as const) {
    const wrong = await runInProcess(['export', path, '-o', output, ...more]);
    assert.equal(wrong.code, code, `${output}: ${wrong.stderr}`);
    assert.match(wrong.stderr, message);
    assert.equal(wrong.stderr.trimEnd().split('\n').length, 1, wrong.stderr);
    assert.ok(!/pass\/word/.test(wrong.stderr));
  }
  const twice = await runInProcess(['export', path, '-o', server.url, '-o', server.url]);
  assert.match(twice.stderr, /are the same/);
  assert.deepEqual(server.rows('SELECT * FROM items'), [['7']]);
  // A run looks before it fetches.
  const api = await listOf(t, upTo(25));
  await assert.rejects(run(`${api.origin}/items`, { output: server.url }), { code: 'USAGE' });
});

test('a package that is missing is named with the command that installs it', {
  skip,
}, async (t) => {
  const { path, folder } = listedArchive(t, ['{"id":1}']);
  const hooks = `import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) {
      if (/^(?:pg-copy-streams|@duckdb.node-api)$/.test(name)) {
        throw Object.assign(new Error('Cannot find ' + name), { code: 'ERR_MODULE_NOT_FOUND' });
      }
      return next(name, context);
    } });`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hooks)}` };
  for (const [output, packages] of [
    [server.url, 'pg@8 pg-copy-streams@7'],
    ['a.duckdb', '@duckdb/node-api'],
  ] as const) {
    const { code, stderr } = await startCli(folder, ['export', path, '-o', output], { env }).ended;
    assert.equal(code, 2, stderr);
    assert.ok(stderr.includes(`packages that are not installed: npm install ${packages}`), stderr);
  }
});

const ROWS = 100_000;

/** An archive whose rows take a second or more to send. */
function largeArchive(t: TestContext) {
  const body = JSON.stringify(
    Array.from({ length: 1000 }, (_, id) => ({ id, text: 'x'.repeat(99), list: [id] })),
  );
  return listedArchive(t, new Array(ROWS / 1000).fill(body), { select: '@' });
}

const AMONG_US = "application_name = 'everypage'";

test('a connection that is lost in mid COPY leaves the old table, and the same command writes it', {
  skip,
}, async (t) => {
  drop('items');
  const { path, folder } = largeArchive(t);
  await exportArchive(listedArchive(t, ['{"old":1}']).path, { output: server.url });
  const exporting = startCli(folder, ['export', path, '-o', server.url]);
  for (let ended = false; !ended; await wait(5)) {
    const cut = server.rows(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${AMONG_US} AND query LIKE 'COPY%' AND state = 'active'`,
    );
    ended = cut.length > 0 || exporting.child.exitCode !== null;
  }
  const { code, stderr } = await exporting.ended;
  assert.equal(code, 1, stderr);
  assert.match(
    stderr,
    /^everypage: Cannot write postgres:.*(?:terminating connection|connection was lost).*kept in the archive.*\n$/,
  );
  assert.deepEqual(server.rows('SELECT * FROM items'), [['1']]);
  const again = await startCli(folder, ['export', path, '-o', server.url]).ended;
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(server.rows('SELECT count(*) FROM items'), [[String(ROWS)]]);
});

test('a full disk of the server is one line, and the old table stays', { skip }, async (t) => {
  const place = join(server.folder, 'small');
  try {
    mkdirSync(place);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', place], { stdio: 'ignore' });
  } catch {
    t.skip('nothing may be mounted here');
    return;
  }
  try {
    const { uid, gid } = statSync(server.folder);
    chownSync(place, uid, gid);
    execute(server, `CREATE TABLESPACE small LOCATION '${place}'`);
    drop('items');
    await exportArchive(listedArchive(t, ['{"old":1}']).path, { output: server.url });
    const output = `${server.url}&options=-c%20temp_tablespaces%3Dsmall`;
    const { code, stderr } = await runInProcess(['export', largeArchive(t).path, '-o', output]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /No space left on device, at record \d+\. Free some room.*\n$/);
    assert.deepEqual(server.rows('SELECT * FROM items'), [['1']]);
    execute(server, 'DROP TABLESPACE small');
  } finally {
    execFileSync('umount', [place]);
  }
});

test('kill -9 leaves the old table whole, and the same command ends with all rows', {
  skip,
}, async (t) => {
  drop('items');
  const kills = Number(process.env['EVERYPAGE_KILLS'] ?? 3);
  const { path, folder } = largeArchive(t);
  await exportArchive(listedArchive(t, ['{"old":1}']).path, { output: server.url });
  const random = seededRandom(1);
  const after: Record<string, number> = {};
  for (let kill = 0; kill < kills; kill += 1) {
    const exporting = startCli(folder, ['export', path, '-o', server.url]);
    // Some before the rows are sent, some while they are, and some later.
    if (kill % 3 > 0) {
      const copies = `SELECT 1 FROM pg_stat_activity WHERE ${AMONG_US} AND query LIKE 'COPY%'`;
      while (exporting.child.exitCode === null && server.rows(copies).length === 0) await wait(5);
    }
    await Promise.race([wait(400 * random()), exporting.ended]);
    const [state = ['none']] = server.rows(
      `SELECT substr(query, 1, 6) FROM pg_stat_activity WHERE ${AMONG_US}`,
    );
    after[state[0]!] = (after[state[0]!] ?? 0) + 1;
    exporting.child.kill('SIGKILL');
    await exporting.ended;
    const count = server.rows('SELECT count(*) FROM items')[0]![0];
    assert.ok(count === '1' || count === String(ROWS), `${count} rows`);
  }
  t.diagnostic(`killed at ${JSON.stringify(after)}`);
  const { code, stderr } = await startCli(folder, ['export', path, '-o', server.url]).ended;
  assert.equal(code, 0, stderr);
  const expected = [[String(ROWS), String((ROWS / 1000) * 499_500)]];
  assert.deepEqual(server.rows('SELECT count(*), sum(id) FROM items'), expected);
  // The server takes a moment to see that a client has gone.
  for (let tries = 0; tries < 200; tries += 1) {
    if (server.rows(`SELECT 1 FROM pg_stat_activity WHERE ${AMONG_US}`).length === 0) break;
    await wait(50);
  }
  const left = server.rows("SELECT relname FROM pg_class WHERE relname LIKE 'everypage%'");
  assert.deepEqual(left, [], 'staging tables are gone');
});

test('a run that is killed goes on from its archive in the state folder', { skip }, async (t) => {
  drop('things');
  const folder = temporaryFolder(t);
  const ids = upTo(300);
  const api = await startJsonServer(t, (url) => {
    const page = Number(url.searchParams.get('page') ?? 1);
    const data = ids.slice(10 * (page - 1), 10 * page).map((id) => ({ id }));
    return { body: { data, page, pages: 30, total: 300 } };
  });
  const args = [
    `${api.origin}/things`,
    '-o',
    server.url,
    '--rate',
    '20/s',
    '-v',
    '--log-format',
    'json',
  ];
  const killed = startCli(folder, args);
  await killed.untilSaid((text) => text.split('\n').length > 15);
  killed.child.kill('SIGKILL');
  await killed.ended;
  assert.equal(isThere('things'), false);
  assert.equal(
    readdirSync(join(folder, 'state/everypage')).filter((it) => it.endsWith('.part')).length,
    1,
  );
  const { code, stderr } = await startCli(folder, [...args.slice(0, 3)]).ended;
  assert.equal(code, 0, stderr);
  assert.deepEqual(server.rows('SELECT count(DISTINCT id), count(*) FROM things'), [
    ['300', '300'],
  ]);
});

test('two outputs that are one table are refused, however their URLs say it', {
  skip,
}, async (t) => {
  drop('things');
  const { path, folder } = listedArchive(t, ['{"id":1}']);
  const same = `${server.url}&table=things`.replace('&', server.url.includes('?') ? '&' : '?');
  for (const [one, two, ...more] of [
    [same, same.replace(/\?(.*)&(table=things)/, '?$2&$1')],
    [same, server.url, '--table', 'public.things'],
  ] as const) {
    const args = ['-o', one!, '-o', join(folder, 'a.csv'), '-o', two!, ...more];
    const { code, stderr } = await runInProcess(['export', path, ...args]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /is named twice as an output; name another table with \?table=$/m);
  }
  assert.equal(isThere('things'), false);
  const args = ['-o', same, '-o', `${server.url}&table=others`];
  const { code, stderr } = await runInProcess(['export', path, ...args]);
  assert.equal(code, 0, stderr);
  drop('others');
});
