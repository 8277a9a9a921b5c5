/** Why pages did not come, as programs read it: stable codes beside the sentences. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startPageServer } from '../servers/page-server.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

process.env['NO_PROXY'] = 'localhost';

const server = await startPageServer({
  protocol: 'http',
  faults: {
    1: [{ status: 503 }],
    2: Array(9).fill({ status: 404 }),
    3: Array(9).fill({ body: '<html>Busy</html>' }),
    4: Array(9).fill({ truncateAt: 20 }),
  },
});
test.after(() => server.close());

function failedCodes(json: string): (readonly [url: string, code: string | null])[] {
  const { failures } = JSON.parse(json);
  return failures.map(({ url, code }: { url: string; code: string | null }) => [
    url.slice(url.lastIndexOf('/') + 1),
    code,
  ]);
}

test('a page that failed or was tried again has a code in the log, the summary and verify', async (t) => {
  const folder = temporaryFolder(t);
  const args = [server.template(5), '-o', 'out.ndjson', '--retry', '1'];
  const words = ['--log-format', 'json', '--summary', 'summary.json'];
  const { code, stderr } = await runCliHere(folder, [...args, ...words]);
  assert.equal(code, 3, stderr);
  const events = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const told = (type: string) =>
    events
      .filter((event) => event.type === type)
      .map(({ place, code }) => [place.position + 1, code])
      .sort(([a], [b]) => a - b);
  assert.deepEqual(told('retry'), [
    [1, 'HTTP_503'],
    [3, 'NOT_JSON'],
    [4, 'TRUNCATED'],
  ]);
  assert.deepEqual(told('page'), [
    [1, null],
    [2, 'HTTP_404'],
    [3, 'NOT_JSON'],
    [4, 'TRUNCATED'],
    [5, null],
  ]);
  assert.deepEqual(failedCodes(readFileSync(join(folder, 'summary.json'), 'utf8')), [
    ['2', 'HTTP_404'],
    ['3', 'NOT_JSON'],
    ['4', 'TRUNCATED'],
  ]);
  const verified = await runCliHere(folder, ['verify', 'out.ndjson.everypage.part', '--json']);
  assert.deepEqual(failedCodes(verified.stdout), [
    ['2', 'HTTP_404'],
    ['3', 'NOT_JSON'],
    ['4', 'TRUNCATED'],
  ]);
});

test('the first page of a list that pages by itself has its code too', async (t) => {
  const folder = temporaryFolder(t);
  const url = server.template(5).replace(/\[.*\]/, '3');
  const args = [url, '-o', 'out.ndjson', '--retry', '0', '--summary', 'summary.json'];
  await runCliHere(folder, args);
  assert.deepEqual(failedCodes(readFileSync(join(folder, 'summary.json'), 'utf8')), [
    ['3', 'NOT_JSON'],
  ]);
});
