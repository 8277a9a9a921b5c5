/**
 * Writes docs/report-*.png: the report of a real run against the demo's API, in Chromium. Run it with
 * `npm run picture:report`; it needs a built dist/.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { startDemoServer } from '../src/demo/demo-server.ts';
import { openReport, startBrowser, whyNoBrowser } from '../test/report/browser.ts';

const ROOT = join(import.meta.dirname, '..');
const WIDE = { width: 1280, height: 1020 };
const MARGIN = 20;
const NARROW = { width: 390, height: 1020 };

/** The report of 3,000 pages from an API with a rate limit and with faults. */
async function runWithReport(folder: string): Promise<string> {
  const server = await startDemoServer({ pages: 3_000, ratePerSecond: 90, burst: 250 });
  try {
    writeFileSync(join(folder, 'ca.pem'), server.ca);
    const words = ['--cacert', 'ca.pem', '--select', 'data.items', '-o', 'items.ndjson', '-q'];
    const command = [join(ROOT, 'bin/everypage.cjs'), server.url, ...words, '--report', 'run.html'];
    const child = spawn(process.execPath, command, {
      cwd: folder,
      stdio: 'inherit',
      env: { ...process.env, NO_PROXY: 'localhost' },
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`the run ended with exit code ${code}`);
    return join(folder, 'run.html');
  } finally {
    await server.close();
  }
}

async function take(
  browser: Browser,
  report: string,
  size: typeof WIDE,
  scheme: 'light' | 'dark',
): Promise<void> {
  const { page } = await openReport(browser, report, { scheme, width: size.width });
  await page.setViewportSize(size);
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(ROOT, `docs/report-${size.width}-${scheme}.png`) });
  await page.close();
}

/** A run that goes on, was paused for a while, and was slowed. */
async function takeLive(browser: Browser, folder: string): Promise<void> {
  const server = await startDemoServer({ pages: 3_000, ratePerSecond: 90, burst: 250 });
  writeFileSync(join(folder, 'ca.pem'), server.ca);
  const words = ['--cacert', 'ca.pem', '--select', 'data.items', '-o', 'live.ndjson', '-q', '--ui'];
  const child = spawn(process.execPath, [join(ROOT, 'bin/everypage.cjs'), server.url, ...words], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NO_PROXY: 'localhost' },
  });
  try {
    let said = '';
    for await (const part of child.stderr) {
      said += part;
      if (/^ui: \S+\n/m.test(said)) break;
    }
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.goto(/^ui: (\S+)$/m.exec(said)![1]!);
    await page.waitForTimeout(6_000);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.waitForTimeout(2_000);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByLabel('Requests a second').fill('60');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.waitForTimeout(10_000);
    await page.screenshot({ path: join(ROOT, 'docs/report-live.png') });
    await page.close();
  } finally {
    child.kill('SIGKILL');
    await server.close();
  }
}

/** A part of the run, attempt by attempt, with one that brought no page. */
async function takeWaterfall(browser: Browser, report: string): Promise<void> {
  const { page } = await openReport(browser, report, { hash: '#t=0.9-1.7' });
  await page.locator('#waterfall canvas').press('e');
  await page.waitForTimeout(500);
  const figure = page.locator('#waterfall');
  const { x, y, width, height } = (await figure.boundingBox())!;
  const top = y + Number(await page.evaluate('scrollY'));
  await page.screenshot({
    path: join(ROOT, 'docs/report-waterfall.png'),
    clip: { x: x - MARGIN, y: top - MARGIN, width: width + 2 * MARGIN, height: height + MARGIN },
    fullPage: true,
  });
  await page.close();
}

if (whyNoBrowser !== false) throw new Error(whyNoBrowser);
const folder = mkdtempSync(join(tmpdir(), 'everypage-report-picture-'));
const browser = await startBrowser();
try {
  await takeLive(browser, folder);
  if (process.argv.includes('--live')) process.exit(0);
  const report = await runWithReport(folder);
  for (const size of [WIDE, NARROW]) {
    for (const scheme of ['light', 'dark'] as const) await take(browser, report, size, scheme);
  }
  await takeWaterfall(browser, report);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
