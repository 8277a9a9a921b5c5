/**
 * The report of 100,000 attempts: how large it is, how soon Chromium has drawn it, and how many frames a
 * second it moves with. `npm run bench:report`; the figures come from the browser's own performance API.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { reportArchive } from '../src/api/report-archive.ts';
import { Archive } from '../src/archive/archive.ts';
import type { AttemptRecord, PageRow, PauseRecord } from '../src/archive/archive-types.ts';
import { pageKey } from '../src/core/page-request.ts';
import { failedPage, sha256, specification, storedPage } from '../test/archive/sample-pages.ts';
import { openReport, startBrowser, whyNoBrowser } from '../test/report/browser.ts';
import { buildPageIfNeeded } from '../test/report/built-page.ts';

const ATTEMPTS = 100_000;
const MOST_BYTES = 5_000_000;
const MOST_OPEN_MS = 2_000;
const LEAST_FRAMES = 30;
const FRAMES = 120;
const BEGAN_AT = Date.UTC(2026, 10, 30, 8);
const LIMITER = 'https://api.example.com';

interface Frames {
  readonly perSecond: number;
  /** All but one in twenty take no longer. */
  readonly slowMs: number;
}

let seed = 1;
function random(): number {
  seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
  return seed / 0x7fffffff;
}

/** A run of twenty minutes at 20 requests at once, with refusals, pauses, errors and retries. */
function fill(archive: Archive): void {
  const lanes = new Float64Array(20).fill(BEGAN_AT);
  const pauses: PauseRecord[] = [];
  let attempts: AttemptRecord[] = [];
  let pages: PageRow[] = [];
  let made = 0;
  for (let position = 0; made < ATTEMPTS; position += 1) {
    const place = { branch: 0, position };
    const fails = random() < 0.001 ? 6 : random() < 0.04 ? 1 : 0;
    for (
      let number = 1;
      number <= Math.max(1, fails === 6 ? 6 : fails + 1);
      number += 1, made += 1
    ) {
      const lane = lanes.indexOf(Math.min(...lanes));
      const startedAt = lanes[lane]!;
      const durationMs = 40 + 160 * random() ** 4 + (random() < 0.01 ? 2_000 * random() : 0);
      const isOk = number > fails;
      const status = isOk ? 200 : random() < 0.5 ? 429 : 503;
      const outcome = isOk
        ? 'ok'
        : status === 429
          ? '429 Too Many Requests'
          : '503 Service Unavailable';
      const toldToWaitMs = status === 429 ? 5_000 : null;
      const bodyBytes = isOk ? Math.round(2_000 + 30_000 * random()) : 40;
      attempts.push({
        place,
        number,
        startedAt,
        durationMs,
        status,
        outcome,
        toldToWaitMs,
        bodyBytes,
      });
      lanes[lane] = startedAt + durationMs + 2;
      if (status === 429 && random() < 0.05) {
        const until = startedAt + durationMs + 5_000;
        lanes.fill(until);
        const reason = '429 Too Many Requests, Retry-After 5 s';
        const from = startedAt + durationMs;
        pauses.push({
          limiter: LIMITER,
          startedAt: from,
          until,
          endedAt: until,
          cause: 'limit',
          reason,
        });
      }
    }
    const url = `${LIMITER}/v2/organisations/example/items?per_page=100&page=${position + 1}`;
    const key = pageKey({ method: 'GET', url, body: null });
    const own = {
      key,
      url,
      startedAt: attempts.at(-1)!.startedAt,
      durationMs: attempts.at(-1)!.durationMs,
    };
    const body = new Uint8Array(Buffer.from(`{"id":${position}}`));
    pages.push(
      fails === 6
        ? failedPage(position, own)
        : storedPage(position, { ...own, body, hash: sha256(body), encoding: null }),
    );
    if (pages.length < 500) continue;
    archive.store(pages, attempts);
    [pages, attempts] = [[], []];
  }
  const changes = Array.from({ length: 400 }, (_, at) => ({
    limiter: LIMITER,
    at: BEGAN_AT + at * 2_000,
    concurrency: Math.min(20, 5 + at),
    perSecond: 80 + 20 * random(),
    statedPerSecond: 100,
    by: 'headers' as const,
  }));
  archive.store(pages, attempts, { pauses, changes });
  archive.endPlan(archive.counts().stored + archive.counts().failed, new Uint8Array(32));
}

/** Of a page on which nothing moves. */
async function framesOf(page: Page): Promise<Frames> {
  const times = (await page.evaluate(`new Promise((resolve) => {
    const times = [];
    const frame = (now) => times.push(now) > ${FRAMES} ? resolve(times) : requestAnimationFrame(frame);
    requestAnimationFrame(frame);
  })`)) as number[];
  await page.close();
  return figuresOf(times);
}

/** While the waterfall is dragged. */
async function pan(page: Page): Promise<Frames> {
  const times = (await page.evaluate(`new Promise((resolve) => {
    const canvas = document.querySelector('#waterfall canvas');
    canvas.setPointerCapture = () => {};
    const at = (type, x) => canvas.dispatchEvent(
      new PointerEvent(type, { clientX: x, clientY: canvas.getBoundingClientRect().top + 50, pointerId: 1, button: 0, bubbles: true }));
    const times = [];
    const frame = (now) => {
      times.push(now);
      const n = times.length;
      if (n > ${FRAMES}) { at('pointerup', 600); resolve(times); return; }
      at('pointermove', 600 + 250 * Math.sin(n / 12));
      requestAnimationFrame(frame);
    };
    canvas.scrollIntoView({ block: 'center' });
    at('pointerdown', 600);
    requestAnimationFrame(frame);
  })`)) as number[];
  return figuresOf(times);
}

function figuresOf(times: readonly number[]): Frames {
  const gaps = times.slice(1).map((time, index) => time - times[index]!);
  gaps.sort((a, b) => a - b);
  const sum = gaps.reduce((all, ms) => all + ms, 0);
  return { perSecond: (1_000 * gaps.length) / sum, slowMs: gaps[Math.floor(0.95 * gaps.length)]! };
}

let isMissed = false;

function say(name: string, figure: string, isMet: boolean): void {
  isMissed ||= !isMet;
  console.log(`${isMet ? 'PASS  ' : 'MISSED'}  ${name}: ${figure}`);
}

if (whyNoBrowser !== false) throw new Error(whyNoBrowser);
await buildPageIfNeeded();
const folder = mkdtempSync(join(tmpdir(), 'everypage-bench-report-'));
try {
  const path = join(folder, 'a.everypage');
  const { archive } = Archive.openOrCreate(path, specification, BEGAN_AT, 2 ** 27);
  fill(archive);
  archive.close();
  const file = join(folder, 'report.html');
  const before = performance.now();
  const { html } = await reportArchive(path, { now: Date.now() });
  console.log(
    `made in ${Math.round(performance.now() - before)} ms, the check of all pages among it`,
  );
  writeFileSync(file, html);
  const { size } = statSync(file);
  say('size', `${(size / 1e6).toFixed(2)} MB of at most 5`, size <= MOST_BYTES);
  const browser = await startBrowser();
  const bare = await framesOf(await browser.newPage());
  console.log(`an empty page has ${bare.perSecond.toFixed(1)} frames/s on this machine now`);
  // What the system has to load of Chromium is no part of it.
  await (await openReport(browser, file)).page.close();
  const { page, troubles } = await openReport(browser, file);
  const drawnMs = (await page.evaluate(
    "performance.getEntriesByName('report-drawn')[0].startTime",
  )) as number;
  say('opened and drawn', `${Math.round(drawnMs)} ms of at most 2,000`, drawnMs <= MOST_OPEN_MS);
  const endSeconds = Number(await page.locator('#to').inputValue());
  for (const [name, part] of [
    ['half of the run', 0.5],
    ['a tenth', 0.1],
    ['a hundredth', 0.01],
  ] as const) {
    const [from, to] = [0.3 * endSeconds, (0.3 + part) * endSeconds];
    await page.evaluate(`location.hash = '#t=${from.toFixed(3)}-${to.toFixed(3)}'`);
    await page.waitForTimeout(400);
    const { perSecond, slowMs } = await pan(page);
    const figure = `${perSecond.toFixed(1)} frames/s of at least 30, 95 % of them within ${slowMs.toFixed(0)} ms`;
    say(`panned over ${name}`, figure, perSecond >= LEAST_FRAMES);
  }
  say('console', troubles.length === 0 ? 'silent' : troubles.join('\n'), troubles.length === 0);
  await browser.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = isMissed ? 1 : 0;
