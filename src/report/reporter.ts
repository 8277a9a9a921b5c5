import type { EventSink } from '../core/events.ts';
import { wrapText } from './text-width.ts';

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
  /** Writes lines that stay; on a terminal they are broken between words. */
  line(text: string): void;
  /** Replaces the live lines; `[]` takes them back. Nothing without a terminal. */
  live(lines: readonly string[]): void;
}

/**
 * All from the beginning of the line on. The space is there because tmux keeps what is erased from the
 * first place of its window on.
 */
const ERASE = '\r \u001b[J\r\u001b[K';

export function createScreen(stream: TextStream, facts: TerminalFacts): Screen {
  let drawn: readonly string[] = [];

  /**
   * The cursor waits where the live lines begin. A window that becomes narrower breaks them into more rows,
   * and some terminals do not: from there everything below is erased either way.
   */
  const draw = (): string => {
    if (drawn.length === 0) return '';
    const up = drawn.length === 1 ? '' : `\u001b[${drawn.length - 1}A`;
    return `${drawn.join('\n')}\r${up}`;
  };
  const erase = (): string => (drawn.length === 0 ? '' : ERASE);

  return {
    line(text) {
      const shown = facts.isTerminal ? wrapText(text, facts.columns()) : text;
      // One write, so that no half-drawn state is ever shown.
      stream.write(`${erase()}${shown}\n${draw()}`);
    },
    live(lines) {
      if (!facts.isTerminal) return;
      if (drawn.length === 0 && lines.length === 0) return;
      const erased = erase();
      drawn = lines;
      stream.write(`${erased}${draw()}`);
    },
  };
}
