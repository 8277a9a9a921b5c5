/** Pages that are JSON, through the whole program (docs/reliability.md, B4, B5, B8 and B9). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { run } from '../../src/index.ts';
import { runFaults } from './fault-setup.ts';
import { startJsonServer } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

mock.method(Math, 'random', () => 0);

for (const protocol of ['http', 'h2c'] as const) {
  test(`a page that says that it failed is tried again, and fails with what it says (${protocol})`, async (t) => {
    const rules = [
      { pages: [3], reply: { change: 'error' } },
      { pages: [5], times: 'always', reply: { change: 'error' } },
    ] as const;
    const script = { protocol, pages: 6, rules };
    const { pages, summary } = await runFaults(t, script, { failWhen: 'ok == false', retries: 2 });
    assert.equal(summary.verdict.name, 'incomplete');
    assert.deepEqual([pages.get(3)?.state, pages.get(3)?.attempts], ['stored', 2]);
    assert.equal(pages.get(5)?.attempts, 3);
    assert.equal(
      pages.get(5)?.reason,
      `the page says that it failed (--fail-when "ok == false"); it says "internal"`,
    );
  });

  test(`without a condition the path to the records has to be there (${protocol})`, async (t) => {
    const rules = [{ pages: [3], reply: { change: 'error' } }] as const;
    const { server, pages, output } = await runFaults(
      t,
      { protocol, pages: 4, rules },
      {
        select: 'data.items',
        concurrency: 1,
      },
    );
    assert.equal(pages.get(3)?.attempts, 2);
    const items = [1, 2, 3, 4].flatMap((n) => {
      const page = server.page(n);
      return JSON.parse(page).data.items.length;
    });
    assert.equal(output?.split('\n').length, items.reduce((sum, count) => sum + count) + 1);
  });
}

test('a preset brings its condition, for the first page and for those that follow', async (t) => {
  const asked = new Map<string, number>();
  const server = await startJsonServer(t, (url) => {
    const cursor = url.searchParams.get('cursor') ?? '';
    const times = (asked.get(cursor) ?? 0) + 1;
    asked.set(cursor, times);
    if (times === 1 && cursor !== 'three') return { body: { ok: false, error: 'ratelimited' } };
    const next = { '': 'two', two: 'three', three: '' }[cursor];
    const members = [{ id: `${cursor}-1` }, { id: `${cursor}-2` }];
    return { body: { ok: true, members, response_metadata: { next_cursor: next } } };
  });
  const folder = temporaryFolder(t);
  const output = join(folder, 'out.ndjson');
  const paginate = { preset: 'slack' };
  const summary = await run([{ kind: 'template', text: `${server.origin}/api/users.list` }], {
    output,
    paginate,
    proxy: '',
  });
  assert.equal(summary.verdict.stored, 3, JSON.stringify(summary));
  assert.equal(readFileSync(output, 'utf8').split('\n').length, 7);
  // Each page is read once more at the end.
  assert.deepEqual([...asked.values()], [3, 3, 2]);
});

test('an unfinished run that asked other pages to count as failed is not gone on with', async (t) => {
  const server = await startJsonServer(t, (url) =>
    url.pathname === '/2' ? { status: 404 } : { body: { ok: true } },
  );
  const folder = temporaryFolder(t);
  const args = [`${server.origin}/[1-2]`, '-o', 'a.ndjson', '--proxy', ''];
  assert.equal((await runCliHere(folder, args)).code, 3);
  const other = await runCliHere(folder, [...args, '--fail-when', 'ok == false']);
  assert.notEqual(other.code, 0);
  assert.match(other.stderr, /--fail-when: was not given, is ok == false/);
  const bad = await runCliHere(folder, [...args, '--fail-when', 'ok ==']);
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /The condition "ok ==" cannot be read/);
});

test('credentials that a server echoes where JSON was due are not shown or stored', async (t) => {
  const secret = 'canary-4f0a6d11';
  const server = await startJsonServer(t, () => ({
    headers: { 'content-type': 'text/html' },
    body: `You sent ${secret} and ${Buffer.from(`user:${secret}`).toString('base64')}`,
  }));
  const folder = temporaryFolder(t);
  const headers = ['-u', `user:${secret}`];
  const url = `${server.origin}/[1-2]?api_key=${secret}`;
  const flags = ['--proxy', '', '--retry', '0', '-vv', '-o', 'a.ndjson'];
  const lists = await runCliHere(folder, [url, ...headers, ...flags, '--fail-when', '@']);
  const first = await runCliHere(folder, [
    url.replace('[1-2]', '1'),
    ...headers,
    ...flags,
    '--fresh',
    '--fail-when',
    '@',
  ]);
  for (const { code, stderr } of [lists, first]) {
    assert.equal(code, 3, stderr);
    assert.match(stderr, /it begins '"You sent REDACTED and REDACTED"'/);
    assert.ok(
      !stderr.includes(secret) &&
        !stderr.includes(Buffer.from(`user:${secret}`).toString('base64')),
    );
  }
});

test('200,000 levels are a page like any other, whatever is asked of it', async (t) => {
  const rules = [{ pages: [2], times: 'always', reply: { change: 'deep' } }] as const;
  const script = { protocol: 'h2c', pages: 3, rules } as const;
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  for (const asked of [{ select: 'data.items' }, { select: 'data.items[*]' }, { records: true }]) {
    const { output } = await runFaults(t, script, { ...asked, failWhen: 'data.items == null' });
    assert.ok(output?.split('\n').includes(deep), JSON.stringify(asked));
  }
});

test('a body beyond the limit is said at once, and comes once it is allowed', async (t) => {
  const record = `{"text":"${'x'.repeat(8e6)}"}`;
  const script = { protocol: 'http', pages: 1, body: Buffer.from(`[${record}]`) } as const;
  const refused = await runFaults(t, script, { select: '@' });
  assert.match(refused.pages.get(1)?.reason ?? '', /larger than 1,000,000 bytes; --max-body-bytes/);
  assert.equal(refused.pages.get(1)?.attempts, 1);
  const limits = { maxBodyBytes: 10e6, maxDecodedBytes: 10e6 };
  const allowed = await runFaults(t, script, { ...limits, select: '@' });
  assert.ok(allowed.output === `${record}\n`);
});
