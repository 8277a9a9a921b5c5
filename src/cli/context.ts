import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { TransportInternals } from '../http/create-transport.ts';
import type { TextStream } from '../report/reporter.ts';
import type { SignalSource } from './signals.ts';
import type { TerminalStream } from './terminal.ts';

/** The process, as far as commands touch it; a test hands in its own. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Writable & TerminalStream;
  readonly stderr: TextStream & TerminalStream;
  readonly signals: SignalSource;
  readonly clock: Clock;
  /** What a test has in place of the resolver. */
  readonly network?: TransportInternals;
}
