/** The page of a report, in Chromium. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { runCliHere } from '../run/run-in-process.ts';
import { onRequestHead, startRawServer } from '../servers/raw-server.ts';
import { openReport, startBrowser, until, whyNoBrowser } from './browser.ts';
import { buildPageIfNeeded } from './built-page.ts';
import { startFlawedServer } from './flawed-server.ts';

process.env['NO_PROXY'] = '127.0.0.1';
const skip = whyNoBrowser;
const folder = mkdtempSync(join(tmpdir(), 'everypage-report-'));
const report = join(folder, 'run.html');
let browser: Browser;

before(async () => {
  if (skip) return;
  await buildPageIfNeeded();
  const { url, close } = await startFlawedServer();
  const words = [url, '--select', 'items', '-o', 'items.ndjson', '--report', 'run.html', '-q'];
  const { code, stderr } = await runCliHere(folder, words);
  close();
  assert.equal(code, 3, stderr);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a report begins with the verdict, draws all its parts, loads nothing and logs nothing', {
  skip,
}, async () => {
  const { page, troubles } = await openReport(browser, report);
  assert.match(await page.title(), /^incomplete: http:\/\/127\.0\.0\.1:\d+\/items\?page=\[1-60\]$/);
  const text = await page.locator('body').innerText();
  assert.match(text, /59 of 60 pages are OK; 1 is missing\./);
  assert.ok(text.indexOf('59 of 60') < text.indexOf('Throughput'));
  assert.deepEqual(await page.locator('h2').allInnerTexts(), [
    'Over time',
    'What came back',
    'Pauses',
    'Limits that headers stated',
    'Pages that failed',
    'Slowest pages',
    'Sizes of pages',
    'Types of the records',
  ]);
  assert.match(text, /policy "burst": 1,000 in 10 s.*policy "daily": 5,000,000 a day/s);
  await until(page, "document.querySelectorAll('.plot canvas').length === 4");
  const painted = await page.evaluate(`
    [...document.querySelectorAll('canvas')].map((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value) => value > 0);
    })`);
  assert.deepEqual(painted, [true, true, true, true, true]);
  assert.deepEqual(troubles, []);
  await page.close();
});

test('the policy of the page forbids all but its own script and style', { skip }, async () => {
  const html = readFileSync(report, 'utf8');
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)!;
  assert.match(
    policy!,
    /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/,
  );
  assert.ok(
    !/https?:\/\/(?!github\.com\/leeoniya)/.test(html.replace(/<script[^>]* id="data">[^<]*/, '')),
  );
  const { page, troubles } = await openReport(browser, report);
  await page.evaluate(`
    const script = document.createElement('script');
    try { script.textContent = 'window.isHacked = true'; document.body.append(script); } catch {}
    const image = document.createElement('img');
    image.src = 'https://api.example.com/a.png';
    document.body.append(image);`);
  assert.equal(await page.evaluate('window.isHacked'), undefined);
  assert.ok(troubles.length > 0, 'the browser says what it has refused');
  assert.ok(!troubles.some((text) => text.startsWith('loaded:')), troubles.join('\n'));
  await page.close();
});

test('each plot has the same numbers as a table, and the waterfall each attempt', {
  skip,
}, async () => {
  const { page } = await openReport(browser, report);
  for (const id of ['throughput', 'latency', 'in-flight', 'rate', 'waterfall']) {
    const figure = page.locator(`#${id}`);
    await figure.locator('details summary').click();
    // The table is made a moment after it is opened.
    await figure.locator('tbody tr').first().waitFor();
  }
  const rows = await page.locator('#waterfall tbody tr').allInnerTexts();
  assert.equal(rows.filter((row) => row.includes('200 OK')).length, 59);
  assert.equal(rows.filter((row) => row.includes('404 Not Found')).length, 1);
  await page.close();
});

test('a report is used with the keys alone, and its address keeps the range that is shown', {
  skip,
}, async () => {
  const { page, troubles } = await openReport(browser, report);
  let presses = 0;
  for (; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate("document.activeElement.matches('#waterfall canvas')")) break;
  }
  assert.ok(presses < 60, 'the waterfall has the focus after some Tabs');
  assert.equal(await page.locator('.controls .range').innerText(), 'The whole run');
  for (const key of ['+', '+', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
  await until(page, "location.hash.startsWith('#t=')");
  const hash = await page.evaluate('location.hash');
  await page.keyboard.press('e');
  const chosen = await page.locator('.chosen').innerText();
  assert.match(
    chosen,
    /items\?page=\d+[\s\S]*(?:404 Not Found|503 Service Unavailable|429 Too Many Requests)/,
  );
  await page.keyboard.press('0');
  await until(page, "location.hash === ''");
  assert.equal(await page.locator('.controls .range').innerText(), 'The whole run');
  const again = await openReport(browser, report, { hash: String(hash) });
  const [from, to] = /^#t=([\d.]+)-([\d.]+)$/.exec(String(hash))!.slice(1).map(Number);
  assert.ok(Math.abs(Number(await again.page.locator('#from').inputValue()) - from!) < 0.06);
  assert.ok(Math.abs(Number(await again.page.locator('#to').inputValue()) - to!) < 0.06);
  assert.deepEqual([...troubles, ...again.troubles], []);
  await page.close();
  await again.page.close();
});

test('a mouse drags the waterfall, selects in a plot, and shows an attempt', { skip }, async () => {
  const { page } = await openReport(browser, report);
  const range = page.locator('.controls .range');
  const plot = page.locator('#throughput .u-over');
  await plot.scrollIntoViewIfNeeded();
  const box = (await plot.boundingBox())!;
  const drag = async (y: number, from: number, to: number): Promise<void> => {
    await page.mouse.move(from, y);
    await page.mouse.down();
    await page.mouse.move((from + to) / 2, y, { steps: 3 });
    await page.mouse.move(to, y, { steps: 3 });
    await page.mouse.up();
  };
  const y = box.y + box.height / 2;
  await drag(y, box.x + box.width * 0.1, box.x + box.width * 0.4);
  await until(page, "document.querySelector('.range').textContent !== 'The whole run'");
  const selected = await range.innerText();
  const canvas = page.locator('#waterfall canvas');
  await canvas.scrollIntoViewIfNeeded();
  const wide = (await canvas.boundingBox())!;
  await drag(wide.y + 20, wide.x + 500, wide.x + 420);
  await until(page, `document.querySelector('.range').textContent !== ${JSON.stringify(selected)}`);
  await page.locator('.controls button', { hasText: 'All' }).click();
  await until(page, "document.querySelector('.range').textContent === 'The whole run'");
  await canvas.hover({ position: { x: 66, y: 6 } });
  assert.match(await page.locator('.tip').innerText(), /items\?page=/);
  await canvas.click({ position: { x: 66, y: 6 } });
  assert.match(await page.locator('.chosen').innerText(), /Took/);
  await page.close();
});

test('dark, light and paper have their own colours, and a small screen scrolls in one direction', {
  skip,
}, async () => {
  const background = 'getComputedStyle(document.body).backgroundColor';
  const { page } = await openReport(browser, report, { scheme: 'dark', width: 390 });
  const dark = await page.evaluate(background);
  await page.locator('.themes button', { hasText: 'light' }).click();
  const light = await page.evaluate(background);
  assert.notEqual(dark, light);
  assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true);
  await page.close();
  const bright = await openReport(browser, report);
  assert.equal(await bright.page.evaluate(background), light);
  const paper = await bright.page.pdf({ format: 'A4' });
  assert.ok(paper.length > 10_000);
  assert.deepEqual(bright.troubles, []);
  await bright.page.close();
});

test('text of a server that is markup, script, controls or a megabyte is text in a report', {
  skip,
}, async (t) => {
  const markup = '</script><script>window.isHacked=1</script><img src=x onerror=window.isHacked=1>';
  const megabyte = 'k'.repeat(1024 * 1024);
  const answers: Readonly<Record<string, readonly [head: string, body: string]>> = {
    '1': [`418 ${markup}`, JSON.stringify({ error: markup })],
    '2': [
      `200 OK\r\nX-RateLimit-Policy: ${markup}\r\nX-Request-Id: ${markup}`,
      JSON.stringify([
        { [markup]: 1, [megabyte]: '\u001b[31m\u202e', '<!--': { '<svg onload=alert(1)>': 2 } },
      ]),
    ],
    '3': [`429 ${markup}\r\nRetry-After: 0`, ''],
    '4': [`500 ${megabyte.slice(0, 15_000)}`, JSON.stringify({ message: markup + megabyte })],
  };
  const asked = new Map<string, number>();
  const server = await startRawServer((socket) =>
    onRequestHead(socket, (head) => {
      const which = /n=(\d)/.exec(head)![1]!;
      const nth = (asked.get(which) ?? 0) + 1;
      asked.set(which, nth);
      const [first, body] = which === '3' && nth > 1 ? ['200 OK', '[]'] : answers[which]!;
      socket.write(
        `HTTP/1.1 ${first}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    }),
  );
  t.after(() => server.close());
  const path = encodeURI('/</script><b>x</b>').replaceAll('%3C', '<').replaceAll('%3E', '>');
  const urls = ['1', '2', '3', '4'].map(
    (n) => `${server.origin}${path}?n=${n}&q=<img src=x onerror=alert(1)>`,
  );
  const words = [
    ...urls,
    '-g',
    '--select',
    '@',
    '--archive',
    'hostile.everypage',
    '--report',
    'hostile.html',
    '--retry',
    '1',
    '-q',
  ];
  const { stderr } = await runCliHere(folder, words);
  const { page, troubles } = await openReport(browser, join(folder, 'hostile.html'));
  for (const summary of await page.locator('summary').all()) await summary.click();
  await page.locator('#waterfall canvas').press('n');
  const text = await page.locator('body').innerText();
  assert.match(text, /onerror/, stderr);
  assert.match(text, /<svg onload=alert\(1\)>/);
  assert.ok(text.length < 200_000, `${text.length} characters are shown`);
  const made =
    'img, b[onclick], iframe, object, embed, svg, a, form, link, base, template, audio, video';
  assert.equal(await page.locator(made).count(), 0);
  assert.equal(await page.locator('script').count(), 2);
  assert.equal(await page.evaluate('window.isHacked'), undefined);
  const withHandlers = `[...document.querySelectorAll('*')].filter((it) => it.getAttributeNames().some((name) => name.startsWith('on'))).length`;
  assert.equal(await page.evaluate(withHandlers), 0);
  assert.doesNotMatch(text, /[^\n\t\P{Cc}]|\p{Bidi_Control}/u);
  assert.deepEqual(troubles, []);
  await page.close();
});

test('an archive without a page has a report that says so', { skip }, async (t) => {
  const server = await startRawServer((socket) => socket.destroy());
  t.after(() => server.close());
  const words = [
    `${server.origin}/a`,
    '--archive',
    'none.everypage',
    '--report',
    'none.html',
    '--retry',
    '0',
    '-q',
  ];
  const { code } = await runCliHere(folder, words);
  assert.equal(code, 3);
  const { page, troubles } = await openReport(browser, join(folder, 'none.html'));
  const text = await page.locator('body').innerText();
  assert.match(text, /The page failed|No page was fetched|missing/);
  assert.match(text, /no answer/);
  assert.deepEqual(troubles, []);
  await page.close();
});
