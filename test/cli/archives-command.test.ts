import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runCliHere, STATES } from '../run/run-in-process.ts';
import { type PageServer, startPageServer } from '../servers/page-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'everypage-archives-'));
let server: PageServer;
before(async () => {
  server = await startPageServer({ protocol: 'http', pages: 3 });
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

test('what a stopped run to standard output leaves is listed, resumed, and removed with --clean', async () => {
  const none = await runCliHere(folder, ['archives']);
  assert.match(none.stdout, /^There are no archives in .*everypage\.\n$/);
  const url = server.template(3);
  const stopped = await runCliHere(folder, [url, '--max-pages', '2', '-q']);
  assert.equal(stopped.code, 5);
  const listed = await runCliHere(folder, ['archives']);
  assert.equal(listed.code, 0);
  assert.match(listed.stdout, /^unfinished {2}2 pages {2}.* {2}changed .* ago\n {2}http:/);
  assert.ok(listed.stdout.includes(url));
  const [json] = JSON.parse((await runCliHere(folder, ['archives', '--json'])).stdout);
  assert.deepEqual([json.state, json.stored, json.removed], ['unfinished', 2, false]);
  assert.ok(existsSync(json.path));
  const cleaned = await runCliHere(folder, ['archives', '--clean']);
  assert.match(cleaned.stdout, /^removed \(unfinished\) {2}2 pages/);
  assert.deepEqual(readdirSync(join(STATES, 'everypage')), []);
  const wrong = await runCliHere(folder, ['archives', 'x']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /takes no argument/);
});
