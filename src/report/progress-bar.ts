import type { Clock } from '../core/clock.ts';
import { fitLine, type Segment, textWidth } from './fit-width.ts';
import { createPainter } from './paint.ts';
import { createProgress, type ProgressSnapshot } from './progress.ts';
import { amountText, paceText, pagesThere, troubleSegments } from './progress-line.ts';
import type { Reporter, TerminalFacts, Ticker } from './reporter.ts';
import type { Screen } from './screen.ts';

const redrawMs = 100;
const widestBar = 40;
const narrowestBar = 8;

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

/** The lines of the bar, each at most one column narrower than the terminal. */
export function progressLines(
  snapshot: ProgressSnapshot,
  facts: Pick<TerminalFacts, 'color' | 'columns'>,
): readonly string[] {
  // A line that fills the last column makes some terminals wrap.
  const columns = Math.max(1, facts.columns() - 1);
  const paint = createPainter(facts.color);
  const pace = paceText(snapshot);
  const words: Segment[] = [
    { text: amountText(snapshot), paint: 'bold' },
    { text: pace === '' ? '' : `  ${pace}`, paint: null },
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
  if (trouble.length > 0) lines.push(fitLine(trouble, columns, paint));
  return lines;
}
