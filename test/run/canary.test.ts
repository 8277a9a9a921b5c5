/**
 * A secret in each way to give one, and a search for it wherever everypage writes. Each has
 * a name of its own, so that one that is found tells where it came from.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { startProxyServer } from '../servers/proxy-server.ts';
import { assertClean, assertFolderClean, basic, canary, encoded, FORMS } from './canary.ts';
import { type JsonReply, type JsonServer, startJsonServer } from './pagination-setup.ts';
import { type CliResult, runCli, startCli, temporaryFolder } from './run-cli.ts';
import { runCliHere, runInProcess } from './run-in-process.ts';

interface World {
  readonly server: JsonServer;
  readonly second: JsonServer;
  readonly folder: string;
}

/**
 * Pages 1 to 4. `/list` has one that is busy at first and one that is missing; `/chain` copies its
 * query into its next links, in the header, and leads to the second origin for its last page.
 */
async function makeWorld(t: TestContext): Promise<World> {
  let busy = true;
  const numberOf = (url: URL) => Number(url.searchParams.get('page') ?? 1);
  const items = (n: number) => ({ items: [{ id: n * 2 }, { id: n * 2 + 1 }] });
  const second = await startJsonServer(t, (url) => ({ body: items(numberOf(url)) }));
  const server = await startJsonServer(t, (url): JsonReply => {
    const n = numberOf(url);
    if (url.pathname === '/private') return { status: 401, body: {} };
    if (url.pathname === '/moved') {
      return { status: 302, headers: { location: `${second.origin}/list${url.search}` } };
    }
    if (url.pathname === '/list') {
      if (n === 3) return { status: 404, body: {} };
      if (n === 2 && busy) {
        busy = false;
        return { status: 503, body: {} };
      }
      return { body: items(n) };
    }
    const next = new URL(n < 3 ? server.origin : second.origin);
    next.pathname = '/chain';
    next.search = url.search;
    next.searchParams.set('page', String(n + 1));
    return { headers: { link: `<${next.href}>; rel="next"` }, body: items(n) };
  });
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'headers.txt'), `X-Api-Key: ${canary('file')}\n`);
  const netrc = `machine 127.0.0.1 login me password "${canary('netrc')}"\n`;
  writeFileSync(join(folder, '.netrc'), netrc);
  return { server, second, folder };
}

const query = `api_key=${encoded('query')}&team_code=${encoded('param')}`;
const flags = [
  ...['-H', `Authorization: Bearer ${canary('header')}`, '-H', `Cookie: sid=${canary('cookie')}`],
  ...['-H', '@headers.txt', '--secret-param', 'team_code', '-vv'],
];
const quick = ['--retry', '1', '--paginate', 'none'];

const said = ({ stdout, stderr }: Pick<CliResult, 'stdout' | 'stderr'>) => `${stdout}\n${stderr}`;

suite('a secret is written nowhere', { concurrency: 3 }, () => {
  test('by a list with pages that fail, its log, summary, commands, verification and export', async (t) => {
    const { server, second, folder } = await makeWorld(t);
    const env = { NO_PROXY: '' };
    const proxy = await startProxyServer({ authorization: `Basic ${basic('proxy')}` });
    t.after(() => proxy.close());
    const proxyUrl = proxy.url.replace('//', `//me:${encoded('proxy')}@`);
    const url = `${server.origin}/list?page=[1-4]&${query}`;
    const all = [url, ...flags, ...quick, '-x', proxyUrl, '--summary', 'summary.json'];
    const plain = await runCli(folder, [...all, '-o', 'a.ndjson'], { env });
    assert.equal(plain.code, 3, plain.stderr);
    assert.match(plain.stderr, /attempt 1, again in/);
    assert.match(plain.stderr, /everypage 'http.*api_key=REDACTED/);
    const body = ['-d', JSON.stringify({ client_secret: canary('body') })];
    const log = ['--log-format', 'json', '-o', 'b.ndjson'];
    const logged = await runCli(folder, [...all, ...body, ...log], { env });
    assert.equal(logged.code, 3, logged.stderr);
    const posted = await runCli(folder, [...all, ...body, '-o', 'c.ndjson'], { env });
    assert.match(posted.stderr, /-d '<body>'/);
    const archive = 'a.ndjson.everypage.part';
    const verified = await runCli(folder, ['verify', archive, '--json']);
    const verifiedText = await runCli(folder, ['verify', archive]);
    const exported = await runCli(folder, [
      ...['export', archive, '--allow-incomplete', '--manifest', 'exported.sha256'],
    ]);
    for (const result of [plain, logged, posted, verified, verifiedText, exported]) {
      assertClean(said(result), 'said');
      assert.ok(said(result).length > 10);
    }
    const files = assertFolderClean(folder);
    for (const file of ['summary.json', 'exported.sha256', archive])
      assert.ok(files.includes(file), files.join());
    assert.ok(proxy.seen.length > 8);
    assert.equal(second.seen.length, 0);
    const [first] = server.seen;
    assert.equal(first?.headers.authorization, `Bearer ${canary('header')}`);
    assert.equal(first?.headers['x-api-key'], canary('file'));
    assert.equal(first?.headers.cookie, `sid=${canary('cookie')}`);
    assert.ok(server.seen.every(({ target }) => target.includes(query)));
  });

  test('by a list whose links repeat it and lead to another origin, nor sent there', async (t) => {
    const { server, second, folder } = await makeWorld(t);
    const url = `${server.origin}/chain?page=1&${query}`;
    const stopped = await runCli(folder, [url, ...flags, '-o', 'a.ndjson']);
    assert.equal(stopped.code, 1, stopped.stderr);
    assert.equal(second.seen.length, 0);
    const written = ['--summary', 'summary.json', '--manifest', 'm.sha256'];
    const allowed = ['--allow-origin', second.origin, ...written];
    const whole = await runCli(folder, [url, ...flags, ...allowed, '-o', 'a.ndjson']);
    assert.equal(whole.code, 0, whole.stderr);
    assert.equal(readFileSync(join(folder, 'a.ndjson'), 'utf8').trim().split('\n').length, 8);
    const moved = `${server.origin}/moved?page=1&${query}`;
    const redirected = await runCli(folder, [moved, ...flags, ...quick, ...allowed]);
    assert.equal(redirected.code, 0, redirected.stderr);
    const explained = await runCli(folder, ['explain', url, ...flags.slice(0, -1)]);
    assert.match(explained.stdout, /everypage 'http.*api_key=REDACTED/);
    const asJson = await runCli(folder, ['explain', url, ...flags.slice(0, -1), '--json']);
    assert.match(asJson.stdout, /"pagination"/);
    for (const result of [stopped, whole, redirected, explained, asJson]) {
      assertClean(said(result), 'said');
    }
    const files = assertFolderClean(folder);
    assert.ok(files.includes('m.sha256'), files.join());
    assert.ok(second.seen.length >= 2);
    assertClean(JSON.stringify(second.seen), 'the second origin');
    assert.ok(server.seen.every(({ target }) => target.includes('api_key=canary-query')));
  });

  test('by one that is killed, whose journal and processes are looked at', async (t) => {
    let isDue = (): void => {};
    const server = await startJsonServer(t, (url) => {
      if (Number(url.searchParams.get('page')) >= 40) isDue();
      return { body: { ok: true } };
    });
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'headers.txt'), `X-Api-Key: ${canary('file')}\n`);
    const url = `${server.origin}/list?page=[1-5000]&${query}`;
    const args = [url, ...flags, '-o', 'a.ndjson', '-c', '2'];
    const { child, ended } = startCli(folder, args);
    const children: string[] = [];
    isDue = () => {
      const list = `/proc/${child.pid}/task/${child.pid}/children`;
      if (existsSync(list)) children.push(readFileSync(list, 'utf8'));
      const parts = readdirSync(folder).filter((name) => name.endsWith('-wal'));
      if (parts.length > 0) child.kill('SIGKILL');
    };
    const killed = await ended;
    assert.equal(killed.signal, 'SIGKILL', killed.stderr);
    assertClean(said(killed), 'said');
    const files = assertFolderClean(folder);
    assert.ok(files.includes('a.ndjson.everypage.part-wal'), files.join());
    assert.ok(children.every((list) => list.trim() === ''));
  });

  for (const [channel, how] of [
    ['user', { argv: ['-u', `me:${canary('user')}`] }],
    ['netrc', { argv: ['-n'] }],
    ['env', { argv: ['--bearer-env', 'TOKEN'], env: { TOKEN: canary('env') } }],
    ['userinfo', { argv: [] }],
  ] as const) {
    test(`by ${channel}: sent where it belongs, and shown by no run and no refusal`, async (t) => {
      const { server, second, folder } = await makeWorld(t);
      const env = { NETRC: join(folder, '.netrc'), ...('env' in how ? how.env : {}) };
      const run = (path: string, ...more: string[]) => {
        const info = channel === 'userinfo' ? `me:${encoded('userinfo')}@` : '';
        const url = `${server.origin.replace('//', `//${info}`)}${path}`;
        return runInProcess([url, ...how.argv, '-x', '', '-vv', ...more], { env });
      };
      const output = ['-o', join(folder, 'a.ndjson')];
      const failed = await run('/list?page=[1-4]', ...quick, ...output);
      assert.equal(failed.code, 3, failed.stderr);
      const refused = await run('/private', ...quick, '-o', join(folder, 'b.ndjson'));
      assert.equal(refused.code, 4, refused.stderr);
      const led = await run('/chain?page=1', '--fresh', ...output, '--allow-origin', second.origin);
      assert.equal(led.code, 0, led.stderr);
      for (const result of [failed, refused, led]) assertClean(said(result), 'said');
      if (channel !== 'user') {
        const twice = await run('/list?page=1', '-u', 'a:b');
        assert.equal(twice.code, 2, twice.stderr);
        assertClean(twice.stderr, 'said');
      }
      assertFolderClean(folder);
      const expected = channel === 'env' ? `Bearer ${canary('env')}` : `Basic ${basic(channel)}`;
      for (const { headers, target } of server.seen) {
        if (target.includes('private')) continue;
        assert.equal(headers.authorization, expected);
      }
      assert.ok(second.seen.length > 0);
      assertClean(JSON.stringify(second.seen), 'the second origin');
    });
  }

  test('by an error of usage', async () => {
    const url = `https://a.example/?api_key=${encoded('query')}`;
    for (const argv of [
      [url, '@list.txt', '-n'],
      [url, '--bearer-env', canary('env').replaceAll(/[^a-z]/g, '_')],
      [`https://me:${canary('userinfo')}@a.example/`, '-u', 'me:pw'],
      [`https://me:${encoded('userinfo')}@a.example/`, 'https://b.example/'],
      [`https://me:${encoded('userinfo')}@a.example:99999/`],
      [url, '-H', `Authorization Bearer ${canary('header')}`],
      [url, '-H', `Authorization: Bearer ${canary('header')}\u0000`],
      [url, '-u', canary('user')],
      [url, '-u', `-${canary('user')}`],
      [url, '-x', `socks5://me:${canary('proxy')}@proxy.example`],
      [url, '-x', `http://me:${canary('proxy')}@:80`],
      [url.replace('https:', 'ftp:')],
      [url.replace('//a', '//a[1-')],
      [`${url}&page=[9-1]`],
    ]) {
      const result = await runInProcess(argv, { env: {} });
      assert.equal(result.code, 2, `${argv.join(' ')}: ${result.stderr}`);
      const leaks = said(result).replaceAll('canary_env', 'canary-env');
      assertClean(leaks, argv.join(' '));
    }
  });
});

suite('a server that repeats credentials in what it says of a failure', { concurrency: 3 }, () => {
  test('is shown without them', async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'headers.txt'), `X-Api-Key: ${canary('file')}\n`);
    const body = JSON.stringify({ client_secret: canary('body') });
    let told = (_url: URL, _sent: string): unknown => null;
    const server: JsonServer = await startJsonServer(t, (url): JsonReply => {
      const sent = JSON.stringify(server.seen.at(-1)?.headers);
      const status = url.pathname === '/private' ? 401 : 422;
      return { status, body: told(url, sent) };
    });
    const run = (path: string, ...more: string[]) =>
      runCliHere(folder, [`${server.origin}${path}`, ...flags, ...quick, ...more, '--fresh']);
    const ways: readonly ((url: URL, sent: string) => unknown)[] = [
      (url) => ({ why: url.searchParams.get('api_key') }),
      (url) => ({ why: url.searchParams.get('team_code') }),
      (url) => ({ why: url.search }),
      () => ({ why: canary('header') }),
      () => ({ why: `sid=${canary('cookie')}` }),
      () => ({ why: canary('cookie') }),
      () => ({ why: canary('file').replaceAll('/', '\\/') }),
      () => ({ why: canary('body') }),
      () => ({ client_secret: canary('body') }),
      () => ({ why: `${' '.repeat(4080)}${canary('header')}` }),
      () => ({ access_token: 'canary-of-the-server' }),
      ...Object.values(FORMS).map((form) => () => ({ why: `it is ${form(canary('header'))}.` })),
      () => ({ why: Buffer.from(`me:${canary('body')}`).toString('base64') }),
      (_url, sent) => ({ sent }),
    ];
    for (const way of ways) {
      told = way;
      const failed = await run(`/list?page=[1-2]&${query}`, '-d', body, '-o', 'a.ndjson');
      assert.equal(failed.code, 3, failed.stderr);
      const refused = await run(`/private?${query}`, '-d', body, '-o', 'b.ndjson');
      assert.equal(refused.code, 4, refused.stderr);
      for (const result of [failed, refused]) {
        assert.match(result.stderr, /the server says/i);
        assertClean(said(result), String(way));
      }
      assertFolderClean(folder);
    }
  });
});

suite('a server that repeats a credential in its bodies', { concurrency: 3 }, () => {
  async function echo(t: TestContext, bodyOf: (url: URL) => unknown) {
    const server = await startJsonServer(t, (url) => ({ body: bodyOf(url) }));
    return { server, folder: temporaryFolder(t) };
  }

  for (const [what, argv, echoed] of [
    ['bearer token', ['-H', `Authorization: Bearer ${canary('header')}`], canary('header')],
    ['password', ['-u', `me:${canary('user')}`], canary('user')],
    ['cookie', ['-H', `Cookie: a=1; sid=${canary('cookie')}`], canary('cookie')],
    ['key of the URL', [], encoded('query')],
  ] as const) {
    test(`its ${what}: the bytes are kept, the file is the user's alone, and it is said once`, async (t) => {
      const { server, folder } = await echo(t, () => ({ seen: `it is ${echoed}.` }));
      const url = `${server.origin}/?page=[1-9]&api_key=${encoded('query')}`;
      const output = join(folder, 'a.ndjson');
      const { code, stderr } = await runInProcess([url, '-o', output, '-x', '', ...argv]);
      assert.equal(code, 0, stderr);
      assert.equal(stderr.match(/repeats one of your credentials/g)?.length, 1, stderr);
      assert.match(stderr, /first in page \d \(http.*api_key=REDACTED\)/);
      assertClean(stderr, 'said');
      assert.ok(readFileSync(output, 'utf8').includes(echoed));
      assert.equal(statSync(`${output}.everypage`).mode & 0o777, 0o600);
    });
  }

  test('is not warned of where it repeats none, or one too short to tell', async (t) => {
    const { server, folder } = await echo(t, () => ({ seen: 'a page of me:pw, 1 to 9' }));
    const output = join(folder, 'a.ndjson');
    const argv = [`${server.origin}/?page=[1-9]&token=page`, '-o', output, '-x', '', '-u', 'me:pw'];
    const { code, stderr } = await runInProcess(argv);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /warning/);
  });
});
