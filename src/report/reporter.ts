/**
 * The contract of this folder: observers. They are told events and say something about them; they
 * know no run, no archive and no arguments. They may import core/ and one another's plain parts.
 * Text that came from a server is escaped here before it is written.
 */
import type { EventSink } from '../core/events.ts';

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
