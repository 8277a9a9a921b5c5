/**
 * The page of a report. It reads the data that stands in it and draws it. What a live view gets over a
 * connection goes through `show` too.
 */
import { formatDuration } from '../../core/units.ts';
import { REPORT_VERSION, type ReportData } from '../report-data.ts';
import { element } from './dom.ts';
import { createOverTime } from './over-time.ts';
import { overview } from './overview.ts';
import { setTheme } from './palette.ts';
import { answers, failedPages, pauses, sizes, slowestPages, types } from './tables.ts';
import { TimeRange } from './time-range.ts';
import { unpackReport } from './unpack.ts';

void start();

async function start(): Promise<void> {
  const root = document.getElementById('report')!;
  try {
    show(root, await unpackReport(document.getElementById('data')!.textContent));
  } catch (error) {
    const text = `This report cannot be shown: ${error instanceof Error ? error.message : error}`;
    root.replaceChildren(element('p', { class: 'notice', role: 'alert' }, text));
    throw error;
  } finally {
    root.removeAttribute('aria-busy');
  }
}

/** Draws all of the data in the place of what stands there. */
function show(root: HTMLElement, data: ReportData): void {
  const { facts } = data;
  if (facts.version !== REPORT_VERSION) throw new Error('it was made by another everypage');
  document.title = `${facts.verdict.name}: ${facts.sources[0] ?? facts.archive}`;
  const range = new TimeRange(facts.totals.activeMs);
  const overTime = data.attempts.page.length === 0 ? null : createOverTime(data, range);
  const redraw = (): void => overTime?.redraw();
  const parts = [
    overview(facts, redraw),
    overTime?.node ?? null,
    answers(facts),
    pauses(facts, range),
    failedPages(facts, range),
    slowestPages(facts, range),
    sizes(facts.sizes),
    types(facts),
    footer(data),
  ];
  root.replaceChildren(...parts.filter((part) => part !== null));
  redraw();
  redrawWhenNeeded(root, redraw);
  performance.mark('report-drawn');
}

function redrawWhenNeeded(root: HTMLElement, redraw: () => void): void {
  let width = root.clientWidth;
  new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    redraw();
  }).observe(root);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  // Paper is white.
  let theme: string | undefined;
  addEventListener('beforeprint', () => {
    theme = document.documentElement.dataset['theme'];
    setTheme('light');
    redraw();
  });
  addEventListener('afterprint', () => {
    setTheme(theme === 'light' || theme === 'dark' ? theme : 'auto');
    redraw();
  });
}

function footer({ facts }: ReportData): HTMLElement {
  const { madeBy, madeAt, totals } = facts;
  const made = new Date(madeAt).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  return element(
    'footer',
    {},
    element(
      'p',
      {},
      `Made by ${madeBy} on ${made}, from what the archive holds of ${formatDuration(totals.activeMs)}. This page loads nothing and sends nothing.`,
    ),
  );
}
