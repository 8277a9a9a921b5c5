/** The report on the page: drawn from data, and drawn again where newer data comes. */
import { formatDuration } from '../../core/units.ts';
import { REPORT_VERSION, type ReportData } from '../report-data.ts';
import { element } from './dom.ts';
import { failedPages, slowestPages } from './listed-pages.ts';
import { createOverTime, type OverTime } from './over-time.ts';
import { overview } from './overview.ts';
import { setTheme, themeNow } from './palette.ts';
import { answers, limits, pauses, sizes, types } from './tables.ts';
import { TimeRange } from './time-range.ts';

export class ReportView {
  readonly #root: HTMLElement;
  #range: TimeRange | null = null;
  #overTime: OverTime | null = null;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#redrawWhenNeeded();
  }

  /** Somebody reads or operates a part of it, which would be another one after the next drawing. */
  get isInUse(): boolean {
    const selected = getSelection();
    return (
      this.#root.contains(document.activeElement) ||
      this.#root.querySelector('.plot:hover, .canvas:hover') !== null ||
      (selected?.isCollapsed === false && this.#root.contains(selected.anchorNode))
    );
  }

  /**
   * Draws all of the data in place of the present view. What was opened stays open, and the range
   * stays where it is.
   *
   * @param isLive of a run that goes on
   */
  show(data: ReportData, isLive = false): void {
    const { facts } = data;
    if (facts.version !== REPORT_VERSION) throw new Error('it was made by another everypage');
    // Of a run that goes on, the title says what it does.
    if (!isLive) {
      document.title = `${facts.verdict.name}: ${facts.sources[0] ?? facts.archive}`;
    }
    const root = this.#root;
    const opened = new Set([...root.querySelectorAll('details[open]')].map(nameOf));
    this.#overTime?.dispose();
    this.#range ??= new TimeRange(facts.totals.activeMs);
    this.#range.begin(facts.totals.activeMs);
    const range = this.#range;
    const overTime = data.attempts.page.length === 0 ? null : createOverTime(data, range);
    this.#overTime = overTime;
    const redraw = (): void => overTime?.redraw();
    const parts = [
      overview(facts, redraw, isLive),
      overTime?.node ?? null,
      answers(facts),
      pauses(facts, range),
      limits(facts),
      failedPages(facts, range),
      slowestPages(facts, range),
      sizes(facts.sizes),
      types(facts),
      isLive ? null : footer(data),
    ];
    root.replaceChildren(...parts.filter((part) => part !== null));
    for (const details of root.querySelectorAll('details')) {
      if (opened.has(nameOf(details))) details.open = true;
    }
    overTime?.draw(isLive);
  }

  #redrawWhenNeeded(): void {
    const root = this.#root;
    const redraw = (): void => this.#overTime?.redraw();
    let width = root.clientWidth;
    new ResizeObserver(() => {
      if (root.clientWidth === width) return;
      width = root.clientWidth;
      redraw();
    }).observe(root);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
    // Paper is white.
    let theme = themeNow();
    addEventListener('beforeprint', () => {
      theme = themeNow();
      setTheme('light');
      this.#overTime?.redraw(true);
    });
    addEventListener('afterprint', () => {
      setTheme(theme);
      redraw();
    });
  }
}

/** Where it stands, and what it says. */
function nameOf(details: Element): string {
  const place = details.closest('[id], [aria-labelledby]');
  const summary = details.querySelector('summary');
  return `${place?.id || place?.getAttribute('aria-labelledby')} ${summary?.textContent}`;
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
