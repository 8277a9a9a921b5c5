import type { Clock } from '../core/clock.ts';
import { formatDuration } from '../core/units.ts';
import { createProgress, type ProgressSnapshot } from './progress.ts';
import { amountText, paceText, troubleSegments } from './progress-line.ts';
import type { Reporter, Ticker } from './reporter.ts';
import type { Screen } from './screen.ts';

const periodMs = 10_000;

/** For logs and pipes: one plain line every 10 s, nothing redrawn. */
export function createPlainProgress(screen: Screen, clock: Clock, ticker: Ticker): Reporter {
  const progress = createProgress(clock);
  const stop = ticker(periodMs, () => screen.line(plainProgressLine(progress.snapshot())));
  return { sink: progress.sink, close: stop };
}

export function plainProgressLine(snapshot: ProgressSnapshot): string {
  const trouble = troubleSegments(snapshot)
    .map((segment) => segment.text)
    .join('');
  return [formatDuration(snapshot.elapsedMs), amountText(snapshot), paceText(snapshot), trouble]
    .filter((part) => part !== '')
    .join('  ');
}
