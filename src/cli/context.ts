/**
 * The process as commands see it: its streams, its terminal and colour, its signals. Nothing else asks
 * `process` for them.
 */
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import { outputError } from '../export/file-destination.ts';
import type { TransportInternals } from '../http/create-transport.ts';
import type { TerminalFacts, TextStream } from '../report/reporter.ts';
import { exitCodeOfSignal, type StopSignal } from './exit-code.ts';

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

/** What is used of `process.stderr` and `process.stdout`. */
export interface TerminalStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export type ColorWhen = 'auto' | 'always' | 'never';

export function describeTerminal(
  stream: TerminalStream,
  env: Readonly<Record<string, string | undefined>>,
  when: ColorWhen,
): TerminalFacts {
  const isTTY = stream.isTTY === true;
  // A dumb terminal (an editor's shell, a build log) shows cursor movements as text.
  const isTerminal = isTTY && env['TERM'] !== 'dumb';
  // https://no-color.org: any value that is not empty.
  const auto = isTerminal && !env['NO_COLOR'];
  return {
    isTerminal,
    color: when === 'always' || (when === 'auto' && auto),
    columns: () => stream.columns || 80,
  };
}

export interface SignalWatch {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  /** Which signal came first, or null. */
  received(): StopSignal | null;
  close(): void;
}

/** What is used of `process`. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
  exit(code: number): unknown;
}

const watched: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * The first signal aborts, and the run drains and commits; the second leaves at once, which the
 * archive makes safe.
 */
export function watchSignals(
  source: SignalSource,
  onFirst: (signal: StopSignal) => void,
  beforeExit: () => void,
): SignalWatch {
  const controller = new AbortController();
  let first: StopSignal | null = null;

  const listeners = watched.map((signal) => {
    const listener = () => {
      if (first !== null) {
        beforeExit();
        source.exit(exitCodeOfSignal(signal));
        return;
      }
      first = signal;
      onFirst(signal);
      controller.abort(new EverypageError('INTERRUPTED', `Stopped by ${signal}`));
    };
    source.on(signal, listener);
    return { signal, listener };
  });

  return {
    signal: controller.signal,
    received: () => first,
    close() {
      for (const { signal, listener } of listeners) source.off(signal, listener);
    },
  };
}

export interface StdoutSink {
  /**
   * Resolves when it has been written and more may come; rejects with `CLOSED_PIPE` once nobody reads,
   * with `OUTPUT_WRITE` where it cannot be written.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when everything has left the process, or nobody reads; rejects where it could not. */
  flush(): Promise<void>;
}

/**
 * Standard output with backpressure: a slow reader slows the export, not the memory. What was written is
 * known before more is: an archive may go once its records are out.
 */
export function createStdoutSink(stream: Writable): StdoutSink {
  /** The first: what comes after it says only that the stream is closed. */
  let failure: EverypageError | null = null;
  const failed = (cause: NodeJS.ErrnoException): EverypageError => {
    failure ??=
      cause.code === 'EPIPE' || cause.code === 'ERR_STREAM_DESTROYED'
        ? new EverypageError('CLOSED_PIPE', 'nobody reads standard output any more', { cause })
        : outputError('standard output', cause, 'The same command resumes once it can be written.');
    return failure;
  };
  stream.on('error', failed);

  const write = (bytes: Uint8Array | string): Promise<void> =>
    new Promise((resolve, reject) => {
      if (failure !== null) reject(failure);
      else stream.write(bytes, (error) => (error == null ? resolve() : reject(failed(error))));
    });

  return {
    write,
    async flush() {
      if (failure === null && stream.writableLength > 0) await write('').catch(() => undefined);
      if (failure !== null && failure.code !== 'CLOSED_PIPE') throw failure;
    },
  };
}

/** Writes text to standard output, and waits until it has left. */
export async function writeOut(
  { stdout }: Pick<CliContext, 'stdout'>,
  text: string,
): Promise<void> {
  const sink = createStdoutSink(stdout);
  await sink.write(Buffer.from(text));
  await sink.flush();
}
