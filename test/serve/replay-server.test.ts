import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { run, type ServeOptions, serveArchive } from '../../src/index.ts';
import { OUTPUT, startFixture } from '../run/pagination-setup.ts';
import { startCli, temporaryFolder } from '../run/run-cli.ts';
import { startPageServer } from '../servers/page-server.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A GET whose headers are only those given: `fetch` adds some and decodes bodies. */
async function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  const request = httpRequest(url, { headers, agent: false });
  request.end();
  const [response] = await once(request, 'response');
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return {
    status: response.statusCode,
    headers: response.headers,
    body: Buffer.concat(parts).toString('latin1'),
  };
}

/** Fetches pages 1 to 3 of a server that answers as `respond` says, and serves the archive. */
async function servedPages(
  t: TestContext,
  server: Parameters<typeof startPageServer>[0],
  options: ServeOptions = {},
) {
  const api = await startPageServer({ protocol: 'http', ...server });
  t.after(() => api.close());
  const output = join(temporaryFolder(t), OUTPUT);
  const { archivePath } = await run([{ kind: 'template', text: api.template(3) }], {
    output,
    retries: 3,
    allowIncomplete: true,
  });
  const served = await serveArchive(archivePath!, { port: 0, ...options });
  t.after(() => served.close());
  return { api, served };
}

test('a page of another size is made of stored records, and states itself and its neighbours', async (t) => {
  const { server, fetch } = await startFixture(t, { api: 'django', records: 60, pageSize: 10 });
  const { archivePath } = await fetch();
  const served = await serveArchive(archivePath!, { port: 0 });
  t.after(() => served.close());
  const url = new URL(served.url!);
  const list = `${url.origin}${url.pathname}`;
  const asked = await get(`${list}?page=3&page_size=7`);
  assert.equal(asked.status, 200);
  const page = JSON.parse(asked.body);
  const ids = server.lines.map((line) => JSON.parse(line).id);
  assert.deepEqual(
    page.results.map(({ id }: { id: unknown }) => id),
    ids.slice(14, 21),
  );
  assert.equal(page.count, 60);
  const next = await get(page.next);
  assert.deepEqual(
    JSON.parse(next.body).results.map(({ id }: { id: unknown }) => id),
    ids.slice(21, 28),
  );
  const last = JSON.parse((await get(`${list}?page=9&page_size=7`)).body);
  assert.equal(last.results.length, 4);
  assert.equal(last.next, null);
});

test('a request that would change something, or asks for no page, gets no page of the list', async (t) => {
  const { fetch: run } = await startFixture(t, { api: 'django', records: 60, pageSize: 10 });
  const { archivePath } = await run();
  const served = await serveArchive(archivePath!, { port: 0 });
  t.after(() => served.close());
  for (const path of ['?page=2', '?page=3&page_size=7']) {
    const url = new URL(path, served.url!);
    assert.equal((await fetch(url, { method: 'HEAD' })).status, 200, path);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      assert.equal((await fetch(url, { method })).status, 404, `${method} ${path}`);
    }
  }
});

test('what was never stored is a 404 that names the nearest pages', async (t) => {
  const { served } = await servedPages(t, {});
  const { status, body } = await get(`${served.origin}/pages/4?x=1`);
  assert.equal(status, 404);
  assert.match(JSON.parse(body).error, /does not hold GET \/pages\/4\?x=1/);
  assert.equal(JSON.parse(body).nearest.length, 3);
  assert.match(JSON.parse(body).nearest[0], /^\/pages\/\d$/);
});

test('with --realtime each request gets the next try: its status, and what it said to wait', async (t) => {
  const faults = { 2: [{ status: 429, headers: { 'retry-after': '1' } }, { status: 503 }, null] };
  const { served } = await servedPages(t, { faults }, { realtime: true });
  const answers = [];
  for (let n = 0; n < 4; n += 1) answers.push(await get(`${served.origin}/pages/2`));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [429, 503, 200, 200],
  );
  assert.equal(answers[0]!.headers['retry-after'], '1');
  assert.equal((await get(`${served.origin}/pages/1`)).status, 200);
});

test('a page that failed answers with its status', async (t) => {
  const { served } = await servedPages(t, { faults: { 3: [{ status: 403 }] } });
  assert.equal((await get(`${served.origin}/pages/3`)).status, 403);
});

test('links lead to this server, also with escaped slashes and in compressed bodies; with asStored they stay', async (t) => {
  const api = await startPageServer({
    protocol: 'http',
    respond: ({ n }) => {
      const { origin } = api;
      const text = JSON.stringify({
        next: `${origin}/pages/${n + 1}`,
        other: `${origin}9/pages`,
        escaped: 'X',
      }).replace('"X"', `"${origin.replaceAll('/', '\\/')}\\/pages\\/9"`);
      return { body: gzipSync(text), headers: { 'content-encoding': 'gzip' } };
    },
  });
  t.after(() => api.close());
  const output = join(temporaryFolder(t), OUTPUT);
  const { archivePath } = await run([{ kind: 'template', text: api.template(2) }], { output });
  const served = await serveArchive(archivePath!, { port: 0 });
  t.after(() => served.close());
  const { headers, body } = await get(`${served.origin}/pages/1`, { 'accept-encoding': 'gzip' });
  assert.equal(headers['content-encoding'], undefined);
  const page = JSON.parse(body);
  assert.equal(page.next, `${served.origin}/pages/2`);
  assert.equal(page.escaped, `${served.origin}/pages/9`);
  assert.equal(page.other, `${api.origin}9/pages`);

  const stored = await serveArchive(archivePath!, { port: 0, asStored: true });
  t.after(() => stored.close());
  const packed = await get(`${stored.origin}/pages/1`, { 'accept-encoding': 'gzip' });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  const plain = await get(`${stored.origin}/pages/1`, { 'accept-encoding': 'gzip;q=0' });
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(JSON.parse(plain.body).next, `${api.origin}/pages/2`);
});

test('parameters are found in any order, and a credential among them is not looked at', async (t) => {
  const api = await startPageServer({ protocol: 'http', respond: () => ({ body: '{"ok":true}' }) });
  t.after(() => api.close());
  const output = join(temporaryFolder(t), OUTPUT);
  const text = `${api.origin}/pages/1?a=1&api_key=s3cret&b=2`;
  const { archivePath } = await run([{ kind: 'template', text }], { output, paginate: 'none' });
  const served = await serveArchive(archivePath!, { port: 0 });
  t.after(() => served.close());
  for (const query of ['a=1&api_key=other&b=2', 'b=2&a=1', 'b=2&a=1&api_key=']) {
    assert.equal((await get(`${served.origin}/pages/1?${query}`)).status, 200, query);
  }
  assert.equal((await get(`${served.origin}/pages/1?a=1&b=3`)).status, 404);
});

test('a name that is not of this machine is refused, so that no web page reads the archive', async (t) => {
  const { served } = await servedPages(t, {});
  const { status, body } = await get(`${served.origin}/pages/1`, { host: 'evil.example' });
  assert.equal(status, 421);
  assert.doesNotMatch(body, /\{/);
  assert.equal((await get(`${served.origin}/pages/1`, { host: 'localhost:1' })).status, 200);
});

test('the command serves over TLS, HTTP/1.1 and HTTP/2 until it is stopped, and everypage reads it', async (t) => {
  const api = await startPageServer({ protocol: 'http' });
  t.after(() => api.close());
  const folder = temporaryFolder(t);
  const first = await run([{ kind: 'template', text: api.template(3) }], {
    output: join(folder, 'a.ndjson'),
  });
  assert.equal(first.verdict.name, 'proven');
  const serving = ['serve', 'a.ndjson.everypage', '--listen', '0'];
  for (const tls of [false, true]) {
    const { child, ended } = startCli(folder, [...serving, ...(tls ? ['--tls', 'ca.pem'] : [])]);
    const [line] = await once(child.stdout!, 'data');
    const url = String(line).trim();
    assert.match(url, tls ? /^https:/ : /^http:/);
    for (const version of ['--http1.1', '--http2']) {
      const name = `${tls}${version}.ndjson`;
      const again = await startCli(folder, [
        `${new URL(url).origin}/pages/[1-3]`,
        ...['-o', name, version, ...(tls ? ['--cacert', 'ca.pem'] : [])],
      ]).ended;
      assert.equal(again.code, 0, again.stderr);
      assert.equal(
        readFileSync(join(folder, name), 'utf8'),
        readFileSync(join(folder, 'a.ndjson'), 'utf8'),
      );
    }
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    assert.equal(code, 0);
    assert.match(stderr, /^3 pages of http:.*\nGET \/pages\/1 → 200 /);
  }
});

test('a port that is taken, and a file that is no archive, are one line each', async (t) => {
  const { served } = await servedPages(t, {});
  const folder = temporaryFolder(t);
  const port = new URL(served.origin).port;
  const none = await startCli(folder, ['serve', 'x.everypage']).ended;
  assert.equal(none.code, 2);
  assert.match(none.stderr, /^everypage: .*x\.everypage.*\n/);
  const wrong = await startCli(folder, ['serve', 'x.everypage', '--listen', '1:2:3']).ended;
  assert.match(wrong.stderr, /expected a port/);
  await assert.rejects(serveArchive(join(folder, 'x.everypage')), { code: 'USAGE' });
  const archive = served;
  assert.ok(archive.pages === 3 && Number(port) > 0);
});
