/** What is said where a server refuses, as someone reads it who does not know it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Summary } from '../../src/index.ts';
import type { Reply } from '../fixtures/faults/reply.ts';
import { startPageServer } from '../servers/page-server.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

process.env['NO_PROXY'] = 'localhost';

async function fetchFrom(t: TestContext, respond: (n: number) => Reply | null, ...args: string[]) {
  const server = await startPageServer({ protocol: 'http', respond: ({ n }) => respond(n) });
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  const words = ['-o', 'out.ndjson', '--retry', '1', '--summary', 'summary.json', ...args];
  const result = await runCliHere(folder, [server.template(3), ...words]);
  const summary: Summary = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'));
  return { ...result, summary };
}

test("a failure is told with the beginning of the server's own reason, whatever its encoding", async (t) => {
  const body = '{"message":"page must be < 10"}';
  const packed = { headers: { 'content-encoding': 'gzip' }, body: gzipSync(body) };
  const { stderr } = await fetchFrom(t, (n) => {
    if (n === 1) return { status: 422, body };
    return n === 2 ? { status: 500, ...packed } : { status: 404, body: '\u001b[2J\u0000' };
  });
  const said = /the server says "page must be < 10"/.source;
  assert.match(stderr, new RegExp(`422 .*/pages/1 {2}Unprocessable Content; ${said}`));
  assert.match(stderr, new RegExp(`500 .*/pages/2 {2}Internal Server Error; ${said}`));
  // What is no text is not shown.
  assert.match(stderr, /404 .*\/pages\/3 {2}Not Found$/m);
});

test('of an error in JSON its words are shown, wherever they stand, and not cut at once', async (t) => {
  const reason = `Page out of range, page: 3 page size: 100, len: 130. ${'It is long. '.repeat(12)}`;
  const bodies = [
    { status: 400, error: { code: 7, trace: 'x'.repeat(200), message: 'the first' } },
    { errors: [{ extensions: { code: 'X' }, message: 'the second' }] },
    { error: 'page_out_of_range', reason },
  ];
  const { stderr } = await fetchFrom(t, (n) => ({
    status: 400,
    body: JSON.stringify(bodies[n - 1]),
  }));
  assert.match(stderr, /pages\/1 {2}Bad Request; the server says "the first"/);
  assert.match(stderr, /pages\/2 {2}Bad Request; the server says "the second"/);
  assert.ok(stderr.includes(`the server says "${reason.trim()}"`), stderr);
  assert.doesNotMatch(stderr, /missing pages? again/);
});

test('a refusal says whether credentials were sent, and which flags give them', async (t) => {
  const refuse = (status: number) => () => ({ status, body: 'no key' });
  const none = await fetchFrom(t, refuse(401));
  assert.equal(none.code, 4);
  assert.match(
    none.stderr,
    /401 for \S+: no credentials were sent\. The server says "no key"\. Give them with --bearer-env VAR/,
  );
  const forbidden = await fetchFrom(t, refuse(403));
  assert.match(forbidden.stderr, /403 for \S+: no credentials were sent/);
  const given = await fetchFrom(t, refuse(401), '-u', 'me:long-password');
  assert.match(given.stderr, /the server rejects the credentials \(401 for .*says "no key"/);
  assert.equal(
    given.summary.stop?.kind === 'credentials' && given.summary.stop.credentials,
    'sent',
  );
});

test('explain says it too', async (t) => {
  const server = await startPageServer({
    protocol: 'http',
    respond: () => ({ status: 422, body: 'no such page' }),
  });
  t.after(() => server.close());
  const { stderr } = await runCliHere(temporaryFolder(t), ['explain', `${server.origin}/things`]);
  assert.match(
    stderr,
    /could not be fetched: 422 Unprocessable Content; the server says "no such page"/,
  );
});

test('a page that is asked for alone counts its retries', async (t) => {
  const server = await startPageServer({ protocol: 'http', respond: () => ({ status: 503 }) });
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  const url = server.template(3).replace(/\[.*\]/, '1');
  const { stderr } = await runCliHere(folder, [url, '-o', 'out.ndjson', '--retry', '1']);
  assert.match(stderr, /\(2 attempts\)/);
  assert.match(stderr, /^1 retry$/m);
});

test('a command that would end in the same way is not told as one that goes on', async (t) => {
  const { stderr, code } = await fetchFrom(t, () => null, '--expect', '5');
  assert.equal(code, 3, stderr);
  assert.match(stderr, /5 records were expected, 3 came/);
  assert.match(stderr, /To resume with another --expect:\n {2}everypage/);
});

test('what looks like a range and is none is named', async (t) => {
  const server = await startPageServer({ protocol: 'http', respond: () => ({ body: '{"a":1}' }) });
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  for (const piece of ['[1..3]', '[1-', '{a,b']) {
    const { stderr } = await runCliHere(folder, [
      `${server.origin}/things?page=${piece}`,
      '--fresh',
    ]);
    assert.ok(
      stderr.includes(`${piece} is not a range: it was sent as written. Ranges are [1-3]`),
      stderr,
    );
  }
  const { stderr } = await runCliHere(folder, [`${server.origin}/things?ids[1,2]={id}`, '--fresh']);
  assert.match(
    stderr,
    /no pagination was detected\. If this page is all, as one record, --paginate none says so/,
  );
});
