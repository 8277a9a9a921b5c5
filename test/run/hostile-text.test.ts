/** Servers that try to write to the terminal, to name files, or to put lines into requests. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../src/index.ts';
import { onRequestHead, startRawServer } from '../servers/raw-server.ts';
import { type CliResult, temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache');
process.env['NO_PROXY'] = '127.0.0.1';

/** Clears the screen, recolours, sets the title, moves up, and turns text round. */
const ESCAPES = '\u001b[2J\u001b[31m\u001b]0;owned\u0007\u009b1A\u202e';
const JSON_ESCAPES = JSON.stringify(ESCAPES).slice(1, -1);

/** A header may hold C1 controls, each a byte, but no others: those break the message (RFC 9110 §5.5). */
const HEADER_ESCAPES = '\u009b2J\u009b31m\u0085';

/** What each path answers: status line and headers as they stand, then a body. */
const answers: Readonly<Record<string, (raw: string) => readonly [head: string, body: string]>> = {
  '/status': (raw) => [`418 ${raw}`, ''],
  '/redirect': (raw) => [`302 Found\r\nLocation: http://other.example/${raw}`, ''],
  '/encoding': (raw) => [`200 OK\r\nContent-Encoding: ${raw}`, '{}'],
  '/html': () => ['200 OK', `${ESCAPES}<html>`],
  '/selection': () => ['200 OK', `{"${JSON_ESCAPES}":1}`],
  '/next': () => ['200 OK', `{"data":[{"id":1}],"next":"http://other.example/${JSON_ESCAPES}"}`],
  '/cursor': () => [
    '200 OK',
    `{"data":[{"id":"${JSON_ESCAPES}"}],"next_cursor":"${JSON_ESCAPES}","has_more":true}`,
  ],
  '/list': (raw) => [
    `200 OK\r\nX-RateLimit-Limit: ${raw}\r\nLink: <?page=${raw}>; rel="next"`,
    `{"${JSON_ESCAPES}":[{"id":1},{"id":2}],"total":"${JSON_ESCAPES}"}`,
  ],
  '/named': () => [
    '200 OK\r\nContent-Disposition: attachment; filename="../../../escaped.json"',
    '{"name":"../../escaped","file":"/tmp/escaped"}',
  ],
};

const requests: string[] = [];
const server = await startRawServer((socket) =>
  onRequestHead(socket, (head) => {
    requests.push(head);
    const path = /^\w+ (\/\w+)/.exec(head)?.[1] ?? '';
    const answer = answers[path] ?? (() => ['404 Not Found', ''] as const);
    const [first, body] = answer(HEADER_ESCAPES);
    const bytes = Buffer.from(body);
    socket.write(`HTTP/1.1 ${first}\r\nContent-Length: ${bytes.length}\r\n\r\n`, 'latin1');
    socket.write(bytes);
  }),
);
test.after(() => server.close());

/** All that was shown; that nothing acts means little where nothing was said. */
let shown = '';

/** Nothing but line feeds may act on a terminal; colour is off. */
function mustBePlain({ stdout, stderr }: CliResult, about: string): void {
  shown += stdout + stderr;
  for (const text of [stdout, stderr]) {
    const found = /[^\n\P{Cc}]|\p{Bidi_Control}/u.exec(text);
    assert.equal(found, null, `${about}: ${JSON.stringify(text)}`);
  }
}

const paths = Object.keys(answers);
const ways: readonly (readonly string[])[] = [
  ['-vv'],
  ['--log-format', 'json'],
  ['--paginate', 'none', '--select', 'data'],
];

for (const words of ways) {
  test(`no text of a server acts on the terminal with ${words.join(' ')}`, async (t) => {
    shown = '';
    const folder = temporaryFolder(t);
    const urlOf = (path: string) => `${server.origin}${path}`;
    // A redirect to elsewhere ends a run.
    const urls = paths.filter((path) => path !== '/redirect').map(urlOf);
    const shared = ['--retry', '0', '-o', 'out.ndjson', '--summary', 'summary.json'];
    // Together they are a list; alone a URL pages by itself.
    const commands = [urls, [urlOf('/redirect')], [urlOf('/list')]];
    for (const command of commands) {
      const result = await runCliHere(folder, [...command, ...shared, ...words, '--fresh']);
      assert.notEqual(result.code, null);
      mustBePlain(result, command.join(' '));
    }
    assert.doesNotMatch(readFileSync(join(folder, 'summary.json'), 'utf8'), /[^\n\P{Cc}]/u);
    assert.match(shown, words.includes('json') ? /\\u001b/ : /\\x(?:1b|9b)/);
  });
}

test('nor with explain and verify', async (t) => {
  shown = '';
  const folder = temporaryFolder(t);
  for (const path of ['/next', '/cursor', '/list']) {
    mustBePlain(
      await runCliHere(folder, ['explain', `${server.origin}${path}`, '--retry', '0']),
      path,
    );
  }
  assert.match(shown, /\\x1b/);
  const url = `${server.origin}/status?${encodeURIComponent(ESCAPES)}`;
  await runCliHere(folder, [
    url,
    `${server.origin}/selection`,
    '--retry',
    '0',
    '-o',
    'a.ndjson',
    '-q',
  ]);
  for (const words of [[], ['--json']]) {
    const verified = await runCliHere(folder, ['verify', 'a.ndjson.everypage.part', ...words]);
    assert.equal(verified.code, 3, verified.stderr);
    mustBePlain(verified, 'verify');
  }
});

test('nothing that a server says names a file', async (t) => {
  const folder = temporaryFolder(t);
  const inner = join(folder, 'a', 'b', 'c');
  const url = `${server.origin}/named/..%2f..%2f..%2fescaped.json?file=../../escaped`;
  const { code, stderr } = await runCliHere(folder, [url, '-o', 'out.json', '--paginate', 'none']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(readdirSync(folder), ['out.json', 'out.json.everypage'], inner);
});

test('a line break puts no header into a request, and nothing is asked for', async (t) => {
  const folder = temporaryFolder(t);
  const before = requests.length;
  const url = `${server.origin}/named`;
  for (const header of ['X-A: b\r\nX-Evil: c', 'X-A: b\nX-Evil: c', 'X-A\r\nX-Evil: c']) {
    const { code, stderr } = await runCliHere(folder, [url, '-H', header]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /cannot contain a line break/);
    const [name, ...value] = header.split(': ');
    await assert.rejects(
      run([{ kind: 'template', text: url }], { headers: { [name!]: value.join(': ') } }),
      {
        code: 'USAGE',
      },
    );
  }
  const agent = await runCliHere(folder, [url, '-A', 'x\r\nX-Evil: c']);
  assert.equal(agent.code, 2, agent.stderr);
  const target = await runCliHere(folder, [`${url}\r\nX-Evil: c`]);
  assert.equal(target.code, 2, target.stderr);
  assert.equal(requests.length, before);
  // In base64 it is a password like any other.
  await runCliHere(folder, [url, '-u', 'me:p\r\nX-Evil: c', '--paginate', 'none', '-q']);
  for (const head of requests.slice(before)) assert.doesNotMatch(head, /^x-evil/im);
});
