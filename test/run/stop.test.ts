/** How a command is stopped from outside, and which archives it does not touch. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, type TestContext, test } from 'node:test';
import { pageLine } from '../servers/page-body.ts';
import { startPageServer } from '../servers/page-server.ts';
import { ENTRY, startCli, temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const PAGES = 60;
const BODY_BYTES = 2000;
const EXPECTED = Array.from({ length: PAGES }, (_, n) => `${pageLine(n + 1, BODY_BYTES)}\n`);
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache');
process.env['NO_PROXY'] = 'localhost';

/** Pages from here on come only once it resolves. */
const HELD_FROM = 30;
let held = Promise.resolve();
const server = await startPageServer({
  protocol: 'http',
  bodyBytes: BODY_BYTES,
  respond: ({ n }) => (n < HELD_FROM ? { delayMs: 3 } : { until: held }),
});
test.after(() => server.close());
const args = [server.template(PAGES), '-o', 'items.ndjson'];
const PART = 'items.ndjson.everypage.part';

/** Holds back the last pages, so that no run ends before it is stopped; gives what lets them come. */
function holdLastPages(t: TestContext): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  held = promise;
  t.after(() => resolve());
  return resolve;
}

/** Whether `-v` has told of so many pages. */
const tellsOf =
  (count: number) =>
  (stderr: string): boolean =>
    stderr.split('\n').length > count;

async function mustGoOn(folder: string): Promise<void> {
  const again = await runCliHere(folder, [...args, '-q']);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(readFileSync(join(folder, 'items.ndjson'), 'utf8'), EXPECTED.join(''));
}

suite('a signal', () => {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    test(`${signal} keeps what has come, says how to go on, and ends with ${code}`, async (t) => {
      const folder = temporaryFolder(t);
      const release = holdLastPages(t);
      const { child, ended, untilSaid } = startCli(folder, [...args, '-c', '5', '-v']);
      await untilSaid(tellsOf(10));
      child.kill(signal);
      await untilSaid((stderr) => stderr.includes('get 10 s'));
      release();
      const stopped = await ended;
      assert.equal(stopped.code, code, stopped.stderr);
      assert.match(stopped.stderr, /everypage .*-o items\.ndjson/);
      assert.deepEqual(readdirSync(folder), [PART]);
      await mustGoOn(folder);
    });
  }

  test('that comes twice leaves at once, and the same command goes on', async (t) => {
    const folder = temporaryFolder(t);
    const release = holdLastPages(t);
    const { child, ended, untilSaid } = startCli(folder, [...args, '-v']);
    await untilSaid(tellsOf(20));
    child.kill('SIGINT');
    await untilSaid((stderr) => stderr.includes('Ctrl-C again leaves at once'));
    child.kill('SIGINT');
    const left = await ended;
    assert.equal(left.code, 130, left.stderr);
    assert.match(left.stderr, /get 10 s\neverypage: Ctrl-C again leaves at once\n/);
    assert.match(
      left.stderr,
      /leaving at once; what is stored stays,\neverypage: and the same command resumes/,
    );
    // Had it waited for what is in flight, it would have said how to go on.
    assert.doesNotMatch(left.stderr, /-o items\.ndjson/);
    assert.ok(existsSync(join(folder, PART)));
    release();
    await mustGoOn(folder);
  });
});

/** A pipeline of the command, by bash: its standard output and error, and the command's own exit code. */
async function pipeline(folder: string, words: readonly string[], behind: string) {
  const script = `"$0" "$@" ${behind}; exit "\${PIPESTATUS[0]}"`;
  const child = spawn('bash', ['-c', script, process.execPath, ENTRY, ...words], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, XDG_STATE_HOME: join(folder, 'state') },
  });
  const [out, err] = [child.stdout, child.stderr].map((stream) => stream.toArray());
  const [code] = await once(child, 'close');
  const text = async (chunks: Promise<Buffer[]>) => Buffer.concat(await chunks).toString();
  return { code, stdout: await text(out!), stderr: await text(err!) };
}

suite('a reader that leaves', () => {
  test('ends the run with 0 and without a word of complaint', async (t) => {
    const folder = temporaryFolder(t);
    const { code, stdout, stderr } = await pipeline(folder, [args[0]!, '-q'], '| head -n 1');
    assert.equal(code, 0, stderr);
    assert.equal(stdout, EXPECTED[0]);
    assert.equal(stderr, '');
  });

  test('of an export or a verdict likewise', async (t) => {
    const folder = temporaryFolder(t);
    assert.equal((await runCliHere(folder, [...args, '-q'])).code, 0);
    const archive = 'items.ndjson.everypage';
    for (const words of [['export', archive], ['verify', archive, '--json'], ['--help']]) {
      const { code, stderr } = await pipeline(folder, words, '| true');
      assert.equal(code, 0, stderr);
      assert.equal(stderr, '');
    }
  });

  test('of standard error costs nothing', async (t) => {
    const folder = temporaryFolder(t);
    const { code } = await pipeline(folder, [...args, '-vv'], '2> >(head -n 1 >&2)');
    assert.equal(code, 0);
    assert.equal(readFileSync(join(folder, 'items.ndjson'), 'utf8'), EXPECTED.join(''));
  });
});

suite('an archive that cannot be gone on in stays as it is, the reason is said, and --fresh cures it', () => {
  const harms: readonly (readonly [what: string, harm: (path: string) => void, why: RegExp])[] = [
    [
      'damaged',
      (path) => writeFileSync(path, readFileSync(path).subarray(0, 40_000)),
      /is damaged.*--fresh/,
    ],
    ['no archive at all', (path) => writeFileSync(path, 'x'.repeat(5000)), /is damaged.*--fresh/],
    [
      'made by a newer version',
      (path) => {
        const database = new DatabaseSync(path);
        database.exec('PRAGMA user_version = 9');
        database.close();
      },
      /newer everypage \(archive format 9; this one knows \d+\)\. Update everypage/,
    ],
  ];
  for (const [what, harm, why] of harms) {
    test(what, async (t) => {
      const folder = temporaryFolder(t);
      const begun = await runCliHere(folder, [...args, '-q', '--max-pages', '20']);
      assert.equal(begun.code, 5, begun.stderr);
      const path = join(folder, PART);
      harm(path);
      const before = readFileSync(path);
      const requests = server.counts().total;
      for (const words of [args, ['verify', PART], ['export', PART]]) {
        const { code, stderr } = await runCliHere(folder, words);
        assert.equal(code, 1, stderr);
        assert.match(stderr, why);
        assert.doesNotMatch(stderr, /\n\s+at |mistake/);
      }
      assert.deepEqual(readFileSync(path), before);
      assert.equal(server.counts().total, requests);
      const fresh = await runCliHere(folder, [...args, '-q', '--fresh']);
      assert.equal(fresh.code, 0, fresh.stderr);
      assert.equal(readFileSync(join(folder, 'items.ndjson'), 'utf8'), EXPECTED.join(''));
    });
  }
});
