/** Medians, ratios, and whether the bars are met. */
import type { Run } from './measure.ts';
import type { SetName } from './pages.ts';

export interface Scenario {
  readonly set: SetName;
  readonly pages: number;
  readonly concurrency: number;
  /** There and back; 0 is loopback without the proxy. */
  readonly delayMs: number;
}

export interface Row {
  readonly scenario: Scenario;
  readonly client: string;
  readonly runs: readonly Run[];
}

export interface Figures {
  readonly wallSeconds: number;
  readonly pagesPerSecond: number;
  readonly cpuMicrosPerPage: number;
  readonly peakMiB: number;
}

export interface Bar {
  readonly name: string;
  readonly verdict: 'PASS' | 'MISSED' | 'NOT RUN';
  readonly figure: string;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** Medians of a row, or null where any of its runs is void. */
export function figuresOf(row: Row): Figures | null {
  if (row.runs.length === 0 || row.runs.some((run) => run.voidReason !== null)) return null;
  const { pages } = row.scenario;
  const wallSeconds = median(row.runs.map((run) => run.wallSeconds));
  return {
    wallSeconds,
    pagesPerSecond: pages / wallSeconds,
    cpuMicrosPerPage: (median(row.runs.map((run) => run.cpuSeconds)) / pages) * 1e6,
    peakMiB: median(row.runs.map((run) => run.peakMiB)),
  };
}

export function titleOf({ set, pages, concurrency, delayMs }: Scenario): string {
  const where = delayMs === 0 ? 'loopback' : `behind ${delayMs} ms`;
  const count = `${pages.toLocaleString('en')} page${pages === 1 ? '' : 's'}`;
  return `${count} of ${set === '5k' ? 5 : 60} KB, ${concurrency} at a time, ${where}`;
}

/** Pages ÷ concurrency × latency: what no client can beat. */
const idealSeconds = ({ pages, concurrency, delayMs }: Scenario): number =>
  (Math.ceil(pages / concurrency) * delayMs) / 1000;

export function tableOf(rows: readonly Row[]): string {
  const reference = rows.find((row) => row.client === 'curl to files');
  const base = reference ? figuresOf(reference) : null;
  const cells = [
    ['client', 'pages/s', '× curl', 'CPU µs/page', '× curl', 'peak MiB', 'wall s', 'from–to'],
  ];
  const notes: string[] = [];
  for (const row of rows) {
    const figures = figuresOf(row);
    if (figures === null) {
      const reason = row.runs.find((run) => run.voidReason !== null)?.voidReason ?? 'not run';
      cells.push([row.client, 'VOID', '', '', '', '', '', '']);
      notes.push(`${row.client}: ${reason}`);
      continue;
    }
    const { pagesPerSecond, cpuMicrosPerPage, peakMiB, wallSeconds } = figures;
    const walls = row.runs.map((run) => run.wallSeconds);
    cells.push([
      row.client,
      pagesPerSecond.toFixed(0),
      base ? (pagesPerSecond / base.pagesPerSecond).toFixed(2) : '',
      cpuMicrosPerPage.toFixed(0),
      base ? (cpuMicrosPerPage / base.cpuMicrosPerPage).toFixed(2) : '',
      peakMiB.toFixed(0),
      wallSeconds.toFixed(2),
      [Math.min(...walls), Math.max(...walls)].map((wall) => wall.toFixed(2)).join('–'),
    ]);
  }
  const widths = cells[0]!.map((_, at) => Math.max(...cells.map((line) => line[at]!.length)));
  const lines = cells.map((line) =>
    line
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join('  '),
  );
  const scenario = rows[0]?.scenario;
  if (scenario && scenario.delayMs > 0 && scenario.pages > 1) {
    notes.push(`ideal ${idealSeconds(scenario).toFixed(2)} s`);
  }
  return [...lines, ...notes].join('\n');
}

/** The bars of the main job, each judged on medians of wall time, start-up included. */
export function barsOf(rows: readonly Row[]): Bar[] {
  const bars: Bar[] = [];
  const find = (scenario: Scenario, client: string): Figures | null => {
    const row = rows.find((it) => it.scenario === scenario && it.client === client);
    return row ? figuresOf(row) : null;
  };
  const judge = (name: string, ratio: number, needed: number, isAtLeast: boolean): void => {
    const isMet = isAtLeast ? ratio >= needed : ratio <= needed;
    const verdict = Number.isNaN(ratio) ? 'NOT RUN' : isMet ? 'PASS' : 'MISSED';
    const figure = Number.isNaN(ratio) ? '' : `${ratio.toFixed(2)}×`;
    bars.push({ name: `${name} ${isAtLeast ? '≥' : '≤'}${needed}×`, verdict, figure });
  };
  const ratio = (scenario: Scenario, other: string): number => {
    const mine = find(scenario, 'everypage');
    const theirs = find(scenario, other);
    return mine && theirs ? mine.pagesPerSecond / theirs.pagesPerSecond : Number.NaN;
  };
  for (const scenario of new Set(rows.map((row) => row.scenario))) {
    const title = titleOf(scenario);
    if (scenario.pages === 1) continue;
    if (scenario.set === '5k' && scenario.delayMs === 0) {
      judge(`${title}: pages/s of curl to files`, ratio(scenario, 'curl to files'), 0.6, true);
      judge(`${title}: pages/s of httpx`, ratio(scenario, 'httpx'), 5, true);
    } else if (scenario.set === '5k') {
      const ideal = idealSeconds(scenario);
      const wall = find(scenario, 'everypage')?.wallSeconds ?? Number.NaN;
      const alone = rows.find((row) => row.scenario.pages === 1 && row.client === 'everypage');
      const firstPage = (alone && figuresOf(alone)?.wallSeconds) ?? Number.NaN;
      const lessStartUp = (wall - firstPage + scenario.delayMs / 1000) / ideal;
      judge(`${title}: wall of ideal`, wall / ideal, 1.15, false);
      if (!Number.isNaN(lessStartUp)) {
        const bar = bars.pop()!;
        bars.push({ ...bar, figure: `${bar.figure} (${lessStartUp.toFixed(2)}× less start-up)` });
      }
    } else if (scenario.delayMs > 0) {
      judge(`${title}: pages/s of curl to files`, ratio(scenario, 'curl to files'), 0.9, true);
    }
  }
  return bars;
}
