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

/** A terminal as far as the reports use one. Its lines are broken anew when its width changes. */
export function createTerminal(width: number) {
  let columns = width;
  const lines: string[] = [''];
  let line = 0;
  let at = 0;
  const up = (): void => {
    if (at >= columns) at -= columns;
    else {
      line -= 1;
      at += Math.floor(Math.max(0, lines[line]!.length - 1) / columns) * columns;
    }
  };
  return {
    write(text: string): void {
      for (const token of terminalTokens(text)) {
        const [, count = '1', name] = /^.\[(\d*)([A-Z])$/.exec(token) ?? [];
        if (token === '\n') {
          line += 1;
          at = 0;
          lines[line] ??= '';
        } else if (token === '\r') at -= at % columns;
        else if (name === 'A') for (let row = 0; row < Number(count); row++) up();
        else if (name === 'J')
          lines.splice(line, Number.POSITIVE_INFINITY, lines[line]!.slice(0, at));
        else if (name === 'K') lines[line] = lines[line]!.slice(0, at);
        else if (!token.startsWith('\u001b')) {
          const old = lines[line]!;
          lines[line] = old.padEnd(at).slice(0, at) + token + old.slice(at + 1);
          at += 1;
        }
      }
    },
    resize(newWidth: number): void {
      columns = newWidth;
    },
    rows: (): readonly string[] =>
      lines.flatMap((text) => {
        const rows = Math.max(1, Math.ceil(text.length / columns));
        return Array.from({ length: rows }, (_, row) =>
          text.slice(row * columns, (row + 1) * columns),
        );
      }),
  };
}

/** What a wide terminal shows of a text. */
export function renderTerminal(text: string): readonly string[] {
  const terminal = createTerminal(1000);
  terminal.write(text);
  return terminal.rows();
}

/** Characters, and escape sequences as one. */
function* terminalTokens(text: string): Iterable<string> {
  for (const [index, part] of text.split('\u001b[').entries()) {
    const sequence = index === 0 ? '' : (/^\d*[A-Za-z]/.exec(part)?.[0] ?? '');
    if (sequence !== '') yield `\u001b[${sequence}`;
    yield* part.slice(sequence.length);
  }
}
