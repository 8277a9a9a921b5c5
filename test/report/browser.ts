/** Debian's Chromium, driven by playwright-core. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const EXECUTABLE = process.env['CHROMIUM'] ?? PATHS.find((path) => existsSync(path));

/** For the `skip` of a test: false, or what is to be installed. */
export const whyNoBrowser =
  EXECUTABLE === undefined
    ? 'there is no Chromium; on Debian: apt-get install chromium (or set CHROMIUM to its path)'
    : false;

export async function startBrowser(): Promise<Browser> {
  // Its sandbox does not start as root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: EXECUTABLE!, args });
}

export interface OpenedPage {
  readonly page: Page;
  /** What the page wrote to the console, threw, and loaded besides itself. */
  readonly troubles: string[];
}

/** Opens a file, and waits until the report is drawn. */
export async function openReport(
  browser: Browser,
  path: string,
  { hash = '', width = 1280, scheme = 'light' as 'light' | 'dark' } = {},
): Promise<OpenedPage> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
  const troubles: string[] = [];
  page.on('console', (message) => troubles.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const url = pathToFileURL(path).href;
  page.on('response', (response) => {
    if (response.url().split('#')[0] !== url) troubles.push(`loaded: ${response.url()}`);
  });
  await page.goto(url + hash);
  await until(page, "performance.getEntriesByName('report-drawn').length > 0");
  return { page, troubles };
}

const LOOK_EVERY_MS = 20;
const MOST_MS = 20_000;

/** Waits until an expression is true in the page, whose policy does not let it wait by itself. */
export async function until(page: Page, expression: string): Promise<void> {
  for (let waited = 0; waited < MOST_MS; waited += LOOK_EVERY_MS) {
    if (await page.evaluate(expression)) return;
    await page.waitForTimeout(LOOK_EVERY_MS);
  }
  throw new Error(`never true: ${expression}`);
}
