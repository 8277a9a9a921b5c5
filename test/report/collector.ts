import type { Clock } from '../../src/core/clock.ts';
import type { TerminalFacts, Ticker } from '../../src/report/reporter.ts';

/** A stream that keeps what was written to it. */
export function createCollector() {
  let text = '';
  return {
    write(more: string) {
      text += more;
      return true;
    },
    text: () => text,
    lines: () => text.split('\n').slice(0, -1),
  };
}

export function terminal(columns: number, color = false): TerminalFacts {
  return { isTerminal: true, color, columns: () => columns };
}

export const noTerminal: TerminalFacts = { isTerminal: false, color: false, columns: () => 80 };

/** A clock and a ticker that stand still until `advance`. */
export function createFakeTime() {
  let nowMs = 0;
  const ticks = new Set<{ periodMs: number; nextMs: number; tick: () => void }>();
  const clock: Clock = { now: () => nowMs, wallTime: () => Date.UTC(2025, 0, 1) + nowMs };
  const ticker: Ticker = (periodMs, tick) => {
    const entry = { periodMs, nextMs: nowMs + periodMs, tick };
    ticks.add(entry);
    return () => ticks.delete(entry);
  };
  return {
    clock,
    ticker,
    advance(byMs: number) {
      const end = nowMs + byMs;
      for (;;) {
        const due = [...ticks].filter(({ nextMs }) => nextMs <= end);
        const next = due.sort((a, b) => a.nextMs - b.nextMs)[0];
        if (next === undefined) break;
        nowMs = next.nextMs;
        next.nextMs += next.periodMs;
        next.tick();
      }
      nowMs = end;
    },
  };
}

/** What a terminal shows after it obeyed line feeds, returns, erasures and moves up. */
export function renderTerminal(text: string): readonly string[] {
  const rows: string[] = [''];
  let row = 0;
  let column = 0;
  for (const token of terminalTokens(text)) {
    if (token === '\n') {
      row += 1;
      column = 0;
      rows[row] ??= '';
    } else if (token === '\r') {
      column = 0;
    } else if (token === '\u001b[2K') {
      rows[row] = '';
    } else if (token === '\u001b[1A') {
      row -= 1;
    } else if (!token.startsWith('\u001b')) {
      rows[row] = rows[row]!.padEnd(column).slice(0, column) + token + rows[row]!.slice(column + 1);
      column += 1;
    }
  }
  return rows;
}

/** Characters, and escape sequences as one. */
function* terminalTokens(text: string): Iterable<string> {
  for (const [index, part] of text.split('\u001b[').entries()) {
    const sequence = index === 0 ? '' : (/^\d*[A-Za-z]/.exec(part)?.[0] ?? '');
    if (sequence !== '') yield `\u001b[${sequence}`;
    yield* part.slice(sequence.length);
  }
}
