/** Whoever reads the output stands still, or is not there: a signal and the deadline end every wait. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { startPageServer } from '../servers/page-server.ts';
import { ENTRY, startCli, temporaryFolder } from './run-cli.ts';

const PAGES = 60;
/** More together than a pipe holds. */
const server = await startPageServer({ protocol: 'http', bodyBytes: 20_000 });
test.after(() => server.close());
process.env['NO_PROXY'] = 'localhost';

function folderWithPipe(t: TestContext): string {
  const folder = temporaryFolder(t);
  execFileSync('mkfifo', [join(folder, 'pipe.ndjson')]);
  return folder;
}

/** Starts the command with a standard output that nobody reads. */
function startUnread(folder: string, args: readonly string[]) {
  const child = spawn(process.execPath, [ENTRY, server.template(PAGES), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, XDG_STATE_HOME: join(folder, 'state') },
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const untilSaid = async (pattern: RegExp) => {
    while (!pattern.test(stderr)) await once(child.stderr, 'data');
  };
  const ended = once(child, 'exit').then(([code]) => ({ code, stderr }));
  return { child, untilSaid, ended };
}

const lastPages = new RegExp(`(?:.*\\n){${PAGES}}`);

suite('nobody reads the named pipe of -o', () => {
  test('one signal ends the run, and the same command goes on', async (t) => {
    const folder = folderWithPipe(t);
    const args = [server.template(PAGES), '-o', 'pipe.ndjson', '--archive', 'a.everypage', '-v'];
    const { child, ended, untilSaid } = startCli(folder, args);
    await untilSaid((stderr) => lastPages.test(stderr));
    child.kill('SIGTERM');
    const stopped = await ended;
    assert.equal(stopped.code, 143, stopped.stderr);
    assert.match(stopped.stderr, /-o pipe\.ndjson/);
    const before = server.counts().total;
    const again = startCli(folder, args);
    const read = spawn('cat', ['pipe.ndjson'], { cwd: folder });
    const lines = Buffer.concat(await read.stdout.toArray())
      .toString()
      .trim()
      .split('\n');
    const whole = await again.ended;
    assert.equal(whole.code, 0, whole.stderr);
    assert.equal(lines.length, PAGES);
    assert.equal(server.counts().total, before);
  });

  test('two signals end it at once', async (t) => {
    const folder = folderWithPipe(t);
    const { child, ended, untilSaid } = startCli(folder, [
      ...[server.template(PAGES), '-o', 'pipe.ndjson', '--archive', 'a.everypage', '-v'],
    ]);
    await untilSaid((stderr) => lastPages.test(stderr));
    child.kill('SIGINT');
    await untilSaid((stderr) => stderr.includes('Ctrl-C again leaves at once'));
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    assert.equal(code, 130, stderr);
    assert.doesNotMatch(stderr, /everypage .*-o pipe/);
  });

  test('the deadline ends it with 5', async (t) => {
    const folder = folderWithPipe(t);
    const args = [server.template(PAGES), '-o', 'pipe.ndjson', '--archive', 'a.everypage'];
    const { code, stderr } = await startCli(folder, [...args, '--deadline', '3']).ended;
    assert.equal(code, 5, stderr);
    assert.match(stderr, /--deadline 3/);
  });
});

suite('standard output is not read', () => {
  test('the deadline ends the run with 5, and nothing is fetched twice', async (t) => {
    const folder = temporaryFolder(t);
    const { code, stderr } = await startUnread(folder, ['--deadline', '3']).ended;
    assert.equal(code, 5, stderr);
    const before = server.counts().total;
    const again = await startCli(folder, [server.template(PAGES)]).ended;
    assert.equal(again.code, 0, again.stderr);
    assert.equal(again.stdout.trim().split('\n').length, PAGES);
    assert.equal(server.counts().total, before);
  });

  test('one signal ends it', async (t) => {
    const folder = temporaryFolder(t);
    const { child, untilSaid, ended } = startUnread(folder, ['-v']);
    await untilSaid(lastPages);
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    assert.equal(code, 143, stderr);
    assert.match(stderr, /To resume/);
  });
});

test('two signals end a summary that nobody reads', async (t) => {
  const folder = folderWithPipe(t);
  const args = [server.template(PAGES), '-o', 'a.ndjson', '--summary', 'pipe.ndjson'];
  const { child, ended, untilSaid } = startCli(folder, args);
  await untilSaid((stderr) => stderr.includes(`${PAGES} pages are OK`));
  child.kill('SIGINT');
  await untilSaid((stderr) => stderr.includes('Ctrl-C again leaves at once'));
  child.kill('SIGINT');
  const { code, signal, stderr } = await ended;
  // A shell says 130 of both.
  assert.ok(code === 130 || signal === 'SIGINT', stderr);
});

test('a named pipe is written whole, however slowly it is read', async (t) => {
  const folder = folderWithPipe(t);
  const { ended } = startCli(folder, [server.template(PAGES), '-o', 'pipe.ndjson']);
  const script = 'sleep 1; while read -r line; do echo "$line"; done < pipe.ndjson > out';
  const read = spawn('bash', ['-c', script], { cwd: folder });
  await once(read, 'exit');
  const { code, stderr } = await ended;
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(join(folder, 'out'), 'utf8').trim().split('\n').length, PAGES);
});
