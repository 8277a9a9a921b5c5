/** The progress of a run, as a bar on a terminal or as plain lines; both say the same words. */
import type { Clock } from '../core/clock.ts';
import { escapeText } from '../core/escape.ts';
import { counted, formatBytes, formatCount, formatDuration } from '../core/units.ts';
import { createPainter, fitLine, type Segment } from './paint.ts';
import { createProgress, type ProgressSnapshot, type Wait } from './progress.ts';
import type { Reporter, Screen, TerminalFacts, Ticker } from './reporter.ts';
import { textWidth } from './text-width.ts';
import { formatRate } from './wording.ts';

const redrawMs = 100;
/** From here on a second line says more of the pace. */
const WIDE_COLUMNS = 100;
const widestBar = 40;
const narrowestBar = 8;
/** Time between plain lines. */
const periodMs = 10_000;

/** One or two lines on a terminal, redrawn ten times a second and erased at the end. */
export function createProgressBar(
  screen: Screen,
  facts: TerminalFacts,
  clock: Clock,
  ticker: Ticker,
): Reporter {
  const progress = createProgress(clock);
  const draw = () => screen.live(progressLines(progress.snapshot(), facts));
  const stop = ticker(redrawMs, draw);
  return {
    sink: progress.sink,
    close() {
      stop();
      screen.live([]);
    },
  };
}

/** The lines of the bar, each narrower than the terminal: a full one makes some terminals wrap. */
export function progressLines(
  snapshot: ProgressSnapshot,
  facts: Pick<TerminalFacts, 'color' | 'columns'>,
): readonly string[] {
  const columns = Math.max(1, facts.columns() - 1);
  const paint = createPainter(facts.color);
  const amount = amountText(snapshot);
  let pace = paceParts(snapshot).map((part) => `  ${part}`);
  // Parts that do not fit are left out, the least important first.
  while (pace.length > 1 && textWidth(amount + pace.join('')) > columns) pace = pace.slice(1);
  const words: Segment[] = [
    { text: amount, paint: 'bold' },
    { text: pace.join(''), paint: null },
  ];
  const wordsWidth = words.reduce((sum, word) => sum + textWidth(word.text), 0);
  const barWidth = Math.min(widestBar, columns - wordsWidth - 2);
  const { total } = snapshot;
  const there = pagesThere(snapshot);
  if (total !== null && barWidth >= narrowestBar) {
    const filled = total === 0 ? barWidth : Math.floor((Math.min(there, total) / total) * barWidth);
    words.unshift(
      { text: '━'.repeat(filled), paint: snapshot.failed > 0 ? 'yellow' : 'green' },
      { text: '─'.repeat(barWidth - filled), paint: 'dim' },
      { text: '  ', paint: null },
    );
  }
  const lines = [fitLine(words, columns, paint)];
  const trouble = troubleSegments(snapshot);
  const details =
    facts.columns() >= WIDE_COLUMNS ? [...trouble, ...detailSegments(snapshot)] : trouble;
  if (details.length > 0) lines.push(fitLine(separated(details), columns, paint));
  return lines;
}

/** For logs and pipes: one plain line every 10 s, nothing redrawn. */
export function createPlainProgress(screen: Screen, clock: Clock, ticker: Ticker): Reporter {
  const progress = createProgress(clock);
  const stop = ticker(periodMs, () => screen.line(plainProgressLine(progress.snapshot())));
  return { sink: progress.sink, close: stop };
}

export function plainProgressLine(snapshot: ProgressSnapshot): string {
  const trouble = separated(troubleSegments(snapshot))
    .map((segment) => segment.text)
    .join('');
  return [formatDuration(snapshot.elapsedMs), amountText(snapshot), ...paceParts(snapshot), trouble]
    .filter((part) => part !== '')
    .join('  ');
}

/** Rounded down, so that 100 % is said only when all are done. */
function percent(done: number, total: number): string {
  return total === 0 ? '100%' : `${Math.floor((done * 100) / total)}%`;
}

/** Whole seconds, so that a countdown does not flicker. */
function formatLeft(leftMs: number): string {
  return formatDuration(Math.ceil(leftMs / 1000) * 1000);
}

/** Pages that were stored. A page that failed is done, but not there. */
function pagesThere({ done, failed }: ProgressSnapshot): number {
  return done - failed;
}

function amountText(snapshot: ProgressSnapshot): string {
  const { total } = snapshot;
  const there = pagesThere(snapshot);
  if (total === null) return counted(there, 'page');
  return `${formatCount(there)}/${formatCount(total)} pages  ${percent(there, total)}`;
}

/** The most important comes last. */
function paceParts(snapshot: ProgressSnapshot): readonly string[] {
  const { pagesPerSecond, leftMs, phase, checked } = snapshot;
  if (phase === 'exporting') return ['writing the output'];
  if (phase === 'draining') return ['stopping: finishing requests'];
  const parts: string[] = [];
  if (phase === 'checking') parts.push(`checking again: ${formatCount(checked)}`);
  if (pagesPerSecond !== null) parts.push(`${formatRate(pagesPerSecond)} pages/s`);
  if (leftMs !== null && phase !== 'checking') parts.push(`${formatLeft(leftMs)} left`);
  return parts;
}

function waitText({ cause, reason, leftMs }: Wait): string {
  if (cause === 'user') return escapeText(reason);
  const what = WAITING[cause];
  const next = cause === 'limit' ? 'resumes' : 'asks again';
  const when = leftMs > 0 ? `, ${next} in ${formatLeft(leftMs)}` : '';
  return `${what}${when}: ${escapeText(reason)}`;
}

const WAITING: Readonly<Record<Exclude<Wait['cause'], 'user'>, string>> = {
  limit: 'paused',
  outage: 'waiting for the server',
  making: 'waiting for the server to finish',
};

/** Retries, failures and the current pause; empty if there are none. */
function troubleSegments(snapshot: ProgressSnapshot): readonly Segment[] {
  const { retries, failed, pause } = snapshot;
  const parts: Segment[] = [];
  if (pause !== null) {
    parts.push({ text: waitText(pause), paint: 'yellow' });
  }
  if (failed > 0) parts.push({ text: `${formatCount(failed)} failed`, paint: 'red' });
  if (retries > 0) parts.push({ text: counted(retries, 'retry', 'retries'), paint: null });
  return parts;
}

/** What the pace comes to in bytes, and the limit that the server states. */
function detailSegments({ bytesPerSecond, limit, phase }: ProgressSnapshot): readonly Segment[] {
  if (phase === 'exporting' || phase === 'draining') return [];
  const parts: Segment[] = [];
  if (bytesPerSecond !== null) {
    parts.push({ text: `${formatBytes(Math.round(bytesPerSecond))}/s`, paint: 'dim' });
  }
  if (limit !== null) parts.push({ text: escapeText(limit), paint: 'dim' });
  return parts;
}

function separated(parts: readonly Segment[]): readonly Segment[] {
  return parts.flatMap((part, index) =>
    index === 0 ? [part] : [{ text: ' · ', paint: 'dim' as const }, part],
  );
}
