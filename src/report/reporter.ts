import type { EventSink } from '../core/events.ts';

/**
 * The contract of this folder: observers. They receive events and print something about them. They
 * know no run, no archive and no arguments, and import core/ only. Text that came from a server is
 * escaped here before it is written.
 */

/** Where text goes: standard error, or a collector in a test. */
export interface TextStream {
  write(text: string): unknown;
}

/** What a reporter must know about where its text goes. */
export interface TerminalFacts {
  /** Lines may be redrawn. */
  readonly isTerminal: boolean;
  readonly color: boolean;
  /** Asked at each redraw, since a window may be resized. */
  columns(): number;
}

export interface Reporter {
  readonly sink: EventSink;
  /** Stops its timer and takes back what it drew. */
  close(): void;
}

/** Calls `tick` every `periodMs` until the function it returned is called. */
export type Ticker = (periodMs: number, tick: () => void) => () => void;

/** A ticker on the real clock that keeps no process alive. */
export const systemTicker: Ticker = (periodMs, tick) => {
  const timer = setInterval(tick, periodMs);
  timer.unref();
  return () => clearInterval(timer);
};

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
