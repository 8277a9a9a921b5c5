/** `--ui`: the live view of a run, in Chromium and by plain requests. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { ArchiveReader } from '../../src/archive/archive-reader.ts';
import { runCli, startCli, temporaryFolder } from '../run/run-cli.ts';
import { startBrowser, until, whyNoBrowser } from './browser.ts';
import { buildPageIfNeeded } from './built-page.ts';

process.env['NO_PROXY'] = '127.0.0.1';
const FREE_PAGES = 20;
const PAGES = 40;
let browser: Browser | undefined;

before(async () => {
  await buildPageIfNeeded();
  if (whyNoBrowser === false) browser = await startBrowser();
});
after(() => browser?.close());

/** Pages after the first ones wait until `open` is called. */
async function startGatedApi(t: TestContext) {
  const gate = Promise.withResolvers<void>();
  const counts = { started: 0, inFlight: 0, mostInFlight: 0 };
  const server = createServer(async (request, response) => {
    counts.started += 1;
    counts.inFlight += 1;
    counts.mostInFlight = Math.max(counts.mostInFlight, counts.inFlight);
    const page = Number(new URL(request.url!, 'http://localhost').searchParams.get('page'));
    if (page > FREE_PAGES) await gate.promise;
    setTimeout(() => {
      counts.inFlight -= 1;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify([{ id: page }]));
    }, 5);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/items?page=[1-${PAGES}]`,
    counts,
    open: () => gate.resolve(),
  };
}

/** A run that waits for its API, and the URL of its live view. */
async function startWatchedRun(t: TestContext, flags: readonly string[] = []) {
  const api = await startGatedApi(t);
  const folder = temporaryFolder(t);
  const words = [api.url, '-o', 'a.ndjson', '-c', '4', '--ui', '--summary', 's.json', ...flags];
  const command = startCli(folder, words);
  t.after(() => command.child.kill('SIGKILL'));
  let said = '';
  await command.untilSaid((stderr) => {
    said = stderr;
    return /^ui: \S+\n/m.test(stderr);
  });
  const url = /^ui: (\S+)$/m.exec(said)![1]!;
  return { api, folder, command, url };
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `fetch` does not let a Host be chosen. */
async function ask(url: string, { method = 'GET', headers = {}, body }: Asked = {}) {
  const request = httpRequest(url, { method, headers });
  request.end(body);
  const [response] = await once(request, 'response');
  let text = '';
  // A stream of events does not end.
  if (response.statusCode !== 200 || method !== 'GET')
    for await (const part of response) text += part;
  response.destroy();
  return { status: response.statusCode as number, text };
}

test('a run is paused, slowed and resumed from the browser by keys alone, and is proven', {
  skip: whyNoBrowser,
}, async (t) => {
  const { api, folder, command, url } = await startWatchedRun(t);
  const page = await browser!.newPage();
  t.after(() => page.close());
  const troubles: string[] = [];
  page.on('console', (message) => troubles.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => troubles.push(String(error)));
  await page.goto(url);
  const state = "document.querySelector('.live .state')?.textContent";
  await until(page, `${state} === 'Fetching'`);
  await until(page, "document.querySelector('#report h2') !== null");
  await until(page, '/^20 of 40 pages.* 4 under way/m.test(document.body.innerText)');

  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Pause');
  await page.keyboard.press('Enter');
  await until(page, `${state}.startsWith('Paused by you')`);
  api.open();
  await until(page, `${state} === 'Paused by you: nothing is sent until you resume'`);
  assert.equal(api.counts.started, FREE_PAGES + 4);
  await until(page, "document.querySelector('#report')?.innerText.includes('paused by you')");

  await page.keyboard.press('Tab');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('0');
  await page.keyboard.press('Enter');
  await until(page, "document.querySelector('.live .alert').textContent !== ''");
  assert.match(await page.locator('.live .alert').innerText(), /a whole number from 1 to 64/);
  // Chromium itself names a refused request.
  assert.equal(troubles.splice(0).length, 1);
  await page.keyboard.press('Control+A');
  await page.keyboard.type('1');
  await page.keyboard.press('Tab');
  await page.keyboard.type('200');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Apply');
  await page.keyboard.press('Enter');
  await until(page, "document.querySelector('.live .alert').textContent === ''");
  api.counts.mostInFlight = 0;
  assert.equal(api.counts.started, FREE_PAGES + 4);
  await page.getByRole('button', { name: 'Resume' }).press('Enter');

  const { code, stderr } = await command.ended;
  assert.equal(code, 0, stderr);
  assert.equal(api.counts.mostInFlight, 1);
  assert.equal(api.counts.started, PAGES);
  await until(page, "performance.getEntriesByName('run-ended').length > 0");
  await until(page, "document.querySelector('#report .verdict') !== null");
  assert.match(await page.locator('.live .state').innerText(), /^The run has ended: proven\./);
  assert.equal(await page.locator('.live .muted').innerText(), '40 of 40 pages');
  assert.match(await page.locator('#report .verdict').innerText(), /All 40 pages are OK/);
  assert.match(await page.locator('section[aria-labelledby=pauses]').innerText(), /paused by you/);
  assert.ok(await page.getByRole('button', { name: 'Pause' }).isDisabled());
  assert.deepEqual(troubles, []);

  const archive = ArchiveReader.openReadOnly(join(folder, 'a.ndjson.everypage'));
  const { pauses, changes } = archive.paceNotes();
  archive.close();
  assert.deepEqual(
    pauses.map(({ cause, reason }) => [cause, reason]),
    [['user', 'paused by you']],
  );
  assert.ok(pauses[0]!.endedAt !== null);
  const last = changes.at(-1)!;
  assert.equal(last.concurrency, 1);
  assert.ok(Math.abs(last.perSecond! - 200) < 1);
});

test('without the token, by another host or from another origin nothing is shown and nothing changes', async (t) => {
  const { api, command, url } = await startWatchedRun(t);
  const { origin, host, pathname } = new URL(url);
  const own = { origin, 'content-type': 'application/json' };
  const pause = { method: 'POST', headers: own, body: '{"action":"pause"}' };
  const wrong = `${origin}/${'A'.repeat(pathname.length - 2)}/`;
  const refused: readonly (readonly [string, Asked])[] = [
    [`${origin}/`, {}],
    [`${origin}/events`, {}],
    [wrong, {}],
    [`${wrong}events`, {}],
    [`${origin}/controls`, pause],
    [`${wrong}controls`, pause],
    [url, { headers: { host: 'example.com' } }],
    [`${url}events`, { headers: { host: `everypage.example:${host.split(':')[1]}` } }],
    [
      `${url}controls`,
      { ...pause, headers: { ...own, host: 'example.com', origin: 'http://example.com' } },
    ],
    [`${url}controls`, { ...pause, headers: { ...own, origin: 'https://example.com' } }],
    [`${url}controls`, { ...pause, headers: { ...own, origin: 'null' } }],
    [`${url}controls`, { ...pause, headers: {} }],
    [`${url}events`, { headers: { origin: 'https://example.com' } }],
  ];
  for (const [asked, how] of refused) {
    const { status, text } = await ask(asked, how);
    assert.equal(status, 403, `${asked} ${JSON.stringify(how)}`);
    assert.ok(!text.includes(pathname.slice(1, -1)));
  }
  assert.equal((await ask(`${url}controls`, { method: 'GET' })).status, 404);
  for (const body of [
    '',
    '[]',
    '{"action":"stop"}',
    '{"action":"pace","concurrency":0,"perSecond":null}',
    '{"action":"pace","concurrency":"auto","perSecond":-1}',
    `"${'x'.repeat(2000)}"`,
  ]) {
    assert.equal((await ask(`${url}controls`, { ...pause, body })).status, 400, body);
  }
  assert.equal((await ask(url)).status, 200);
  const { status, text } = await ask(`${url}controls`, { ...pause, body: '{"action":"resume"}' });
  assert.equal(status, 200);
  const now = JSON.parse(text);
  assert.equal(now.isPaused, false);
  assert.deepEqual(now.pace, { concurrency: 4, perSecond: null });
  api.open();
  assert.equal((await command.ended).code, 0);
});

test('the token stands in no file, and the URL is told with -q and with --log-format json too', async (t) => {
  for (const flags of [['-q'], ['--log-format', 'json']]) {
    const { api, folder, command, url } = await startWatchedRun(t, flags);
    api.open();
    assert.equal((await command.ended).code, 0);
    const token = new URL(url).pathname.slice(1, -1);
    assert.ok(token.length >= 20);
    for (const name of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!name.isFile()) continue;
      assert.ok(!readFileSync(join(name.parentPath, name.name)).includes(token), name.name);
    }
  }
});

test('a port of --ui that is taken ends the command before any request', async (t) => {
  const api = await startGatedApi(t);
  const { port } = new URL(api.url);
  const { code, stderr } = await runCli(temporaryFolder(t), [
    api.url,
    '-o',
    'a.ndjson',
    '--ui',
    port,
  ]);
  assert.equal(code, 2);
  assert.match(stderr, /^everypage: --ui: .*EADDRINUSE.*\n$/);
  assert.equal(api.counts.started, 0);
});

test('a run that is paused for good ends by a signal, and the same command goes on', async (t) => {
  const { api, folder, command, url } = await startWatchedRun(t);
  const headers = { origin: new URL(url).origin };
  await ask(`${url}controls`, { method: 'POST', headers, body: '{"action":"pause"}' });
  api.open();
  command.child.kill('SIGINT');
  assert.equal((await command.ended).code, 130);
  const again = await runCli(folder, [api.url, '-o', 'a.ndjson', '-c', '4']);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(api.counts.started, PAGES);
});
