/** The words of a progress line, shared by the bar and the plain lines. */
import { escapeText } from '../core/escape.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import type { Segment } from './fit-width.ts';
import type { ProgressSnapshot } from './progress.ts';
import { counted, formatRate } from './wording.ts';

/** Rounded down, so that 100 % is said only when all are done. */
function percent(done: number, total: number): string {
  return total === 0 ? '100%' : `${Math.floor((done * 100) / total)}%`;
}

/** Whole seconds, so that a countdown does not flicker. */
function formatLeft(leftMs: number): string {
  return formatDuration(Math.ceil(leftMs / 1000) * 1000);
}

/** Pages that came: one that failed is done, and is not there. */
export function pagesThere({ done, failed }: ProgressSnapshot): number {
  return done - failed;
}

export function amountText(snapshot: ProgressSnapshot): string {
  const { total } = snapshot;
  const there = pagesThere(snapshot);
  if (total === null) return counted(there, 'page');
  return `${formatCount(there)}/${formatCount(total)} pages  ${percent(there, total)}`;
}

export function paceText(snapshot: ProgressSnapshot): string {
  const { pagesPerSecond, leftMs, phase } = snapshot;
  if (phase === 'exporting') return 'writing the output';
  if (phase === 'draining') return 'stopping: finishing what is in flight';
  const parts: string[] = [];
  if (pagesPerSecond !== null) parts.push(`${formatRate(pagesPerSecond)} pages/s`);
  if (leftMs !== null) parts.push(`${formatLeft(leftMs)} left`);
  return parts.join('  ');
}

/** Retries, failures and the current pause; empty while there is nothing to say. */
export function troubleSegments(snapshot: ProgressSnapshot): readonly Segment[] {
  const { retries, failed, pause } = snapshot;
  const parts: Segment[] = [];
  if (pause !== null) {
    const reason = escapeText(pause.reason);
    const text =
      pause.leftMs > 0
        ? `paused, goes on in ${formatLeft(pause.leftMs)}: ${reason}`
        : `paused: ${reason}`;
    parts.push({ text, paint: 'yellow' });
  }
  if (failed > 0) parts.push({ text: `${formatCount(failed)} failed`, paint: 'red' });
  if (retries > 0) parts.push({ text: counted(retries, 'retry', 'retries'), paint: null });
  return parts.flatMap((part, index) =>
    index === 0 ? [part] : [{ text: ' · ', paint: 'dim' as const }, part],
  );
}
