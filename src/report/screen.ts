import type { TerminalFacts, TextStream } from './reporter.ts';

/**
 * Standard error shared by lines that stay and, on a terminal, a few live lines below them that
 * are redrawn in place.
 */
export interface Screen {
  /** Writes one line that stays. */
  line(text: string): void;
  /** Replaces the live lines; `[]` takes them back. Nothing without a terminal. */
  live(lines: readonly string[]): void;
}

const eraseLine = '\u001b[2K';
const lineUp = '\u001b[1A';

export function createScreen(stream: TextStream, facts: TerminalFacts): Screen {
  let drawn: readonly string[] = [];

  const erase = () =>
    drawn.length === 0 ? '' : `\r${eraseLine}${`${lineUp}${eraseLine}`.repeat(drawn.length - 1)}`;

  return {
    line(text) {
      // One write, so that no half-drawn state is ever shown.
      stream.write(`${erase()}${text}\n${drawn.join('\n')}`);
    },
    live(lines) {
      if (!facts.isTerminal) return;
      if (drawn.length === 0 && lines.length === 0) return;
      stream.write(`${erase()}${lines.join('\n')}`);
      drawn = lines;
    },
  };
}
