/** More goes through the memory that both threads share than fits in it. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pages } from '../../src/index.ts';
import { pageLine } from '../servers/page-body.ts';
import { type PageServerOptions, startPageServer } from '../servers/page-server.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const PAGES = 400;
const PAGE_BYTES = 48_000;

async function setUp(t: TestContext, served: PageServerOptions) {
  const server = await startPageServer({ bodyBytes: PAGE_BYTES, ...served });
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'ca.pem'), server.ca);
  return { server, folder };
}

const line = (n: number): string => pageLine(n, PAGE_BYTES);
const lines = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${line(from + index)}\n`);

test('a page that is silent until all others have come blocks none of them', async (t) => {
  const others = new Set<number>();
  const allOthers = Promise.withResolvers<void>();
  const { server, folder } = await setUp(t, {
    respond: ({ n }) => {
      if (n === 2) return { until: allOthers.promise };
      others.add(n);
      if (others.size === PAGES - 1) allOthers.resolve();
      return null;
    },
  });
  const args = [server.template(PAGES), '-o', 'out.ndjson', '-c', '20', '--cacert', 'ca.pem'];
  const { code, stderr } = await runCliHere(folder, args);
  assert.equal(code, 0, stderr);
  const text = readFileSync(join(folder, 'out.ndjson'), 'utf8');
  assert.ok(text === lines(1, PAGES).join(''), 'the output is not what was served');
});

test('a body of 60 MiB between small ones travels in memory of its own', async (t) => {
  const large = JSON.stringify([{ text: 'x'.repeat(60 * 1024 * 1024) }]);
  const { server, folder } = await setUp(t, {
    respond: ({ n }) => (n === 30 ? { body: Buffer.from(large) } : null),
  });
  const args = [server.template(60), '-o', 'out.ndjson', '-c', '20', '--cacert', 'ca.pem'];
  const { code, stderr } = await runCliHere(folder, args);
  assert.equal(code, 0, stderr);
  const text = readFileSync(join(folder, 'out.ndjson'), 'utf8');
  const expected = [...lines(1, 29), `${large}\n`, ...lines(31, 60)].join('');
  assert.ok(text === expected, 'the output is not what was served');
});

test('pages that a program keeps stay as they are while more come', async (t) => {
  const { server, folder } = await setUp(t, {});
  const kept: Uint8Array[] = [];
  const options = { caFile: join(folder, 'ca.pem'), concurrency: 20 };
  for await (const { body } of pages(server.template(PAGES), options)) kept.push(body);
  const text = kept.map((body) => `${Buffer.from(body)}\n`).join('');
  assert.ok(text === lines(1, PAGES).join(''), 'a page was written over');
});
