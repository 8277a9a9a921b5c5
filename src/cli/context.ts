/**
 * The process as commands see it: its streams, its terminal and colour, its signals. Nothing else asks
 * `process` for them.
 */
import { fstatSync, readFileSync, statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { EverypageError, usageError } from '../core/errors.ts';
import type { FormatName } from '../core/options.ts';
import { outputError } from '../export/output-error.ts';
import type { TransportInternals } from '../http/create-transport.ts';
import {
  createScreen,
  type Screen,
  type TerminalFacts,
  type TextStream,
} from '../report/reporter.ts';
import { wrapText } from '../report/text-width.ts';
import { exitCodeOfSignal, type StopSignal } from './exit-code.ts';
import type { FlagValue } from './flags.ts';
import type { TypedArguments } from './typed-arguments.ts';

/** The parts of the process that commands use. A test passes its own. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Writable & TerminalStream;
  readonly stderr: TextStream & TerminalStream;
  readonly signals: SignalSource;
  readonly clock: Clock;
  /** The store that stands in the archive which a command gets: what its user calls it. */
  readonly store?: string;
  /** Only for tests, in place of the resolver. */
  readonly network?: TransportInternals;
}

/** The parts of `process.stderr` and `process.stdout` that are used. */
export interface TerminalStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export function describeTerminal(
  stream: TerminalStream,
  env: Readonly<Record<string, string | undefined>>,
  when: FlagValue<'color'>,
): TerminalFacts {
  const isTTY = stream.isTTY === true;
  // A dumb terminal (an editor's shell, a build log) shows cursor movements as text.
  const isTerminal = isTTY && env['TERM'] !== 'dumb';
  return {
    isTerminal,
    color: when === 'always' || (when === 'auto' && isColorWanted(isTerminal, env)),
    columns: () => stream.columns || 80,
  };
}

/**
 * What the environment says of colour: https://no-color.org, which counts most; https://force-color.org;
 * https://bixense.com/clicolors.
 */
function isColorWanted(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const { NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, CLICOLOR } = env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return !/^(?:0|false)$/i.test(FORCE_COLOR);
  if (CLICOLOR_FORCE && CLICOLOR_FORCE !== '0') return true;
  return isTerminal && CLICOLOR !== '0';
}

/**
 * Whatever holds a command up after a signal, it ends then: later than what is in flight is waited for.
 * A second signal, or this, is safe because of the archive.
 */
const LONGEST_STOP_MS = 11_000;

/** For what is still to be written when a run was stopped. */
export const LAST_WRITE_MS = 500;

export interface SignalWatch {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  /** Which signal came first, or null. */
  received(): StopSignal | null;
  close(): void;
}

/** The parts of `process` that are used. */
export interface SignalSource {
  on(signal: WatchedSignal, listener: () => void): unknown;
  off(signal: WatchedSignal, listener: () => void): unknown;
  exit(code: number): unknown;
}

/** Ctrl-Break on Windows; elsewhere it never comes. */
type WatchedSignal = StopSignal | 'SIGBREAK';

/** What each counts as. */
const watched: readonly (readonly [WatchedSignal, StopSignal])[] = [
  ['SIGINT', 'SIGINT'],
  ['SIGBREAK', 'SIGINT'],
  ['SIGTERM', 'SIGTERM'],
  ['SIGHUP', 'SIGHUP'],
];

/**
 * The first signal aborts: the run finishes the requests in flight and commits. The second leaves at once,
 * which is safe because of the archive.
 */
export function watchSignals(
  source: SignalSource,
  onFirst: (signal: StopSignal) => void = () => {},
  beforeExit: () => void = () => {},
): SignalWatch {
  const controller = new AbortController();
  let first: StopSignal | null = null;
  let ending: NodeJS.Timeout | undefined;
  const leave = (signal: StopSignal): void => {
    beforeExit();
    source.exit(exitCodeOfSignal(signal));
  };

  const listeners = watched.map(([watchedSignal, signal]) => {
    const listener = () => {
      if (first !== null) {
        leave(signal);
        return;
      }
      first = signal;
      ending = setTimeout(() => leave(signal), LONGEST_STOP_MS).unref();
      onFirst(signal);
      controller.abort(new EverypageError('INTERRUPTED', `Stopped by ${signal}`));
    };
    source.on(watchedSignal, listener);
    return { watchedSignal, listener };
  });

  return {
    signal: controller.signal,
    received: () => first,
    close() {
      clearTimeout(ending);
      for (const { watchedSignal, listener } of listeners) source.off(watchedSignal, listener);
    },
  };
}

/** Resolves at the first signal: for a server that answers until then. */
export function untilStopped({ signal }: SignalWatch): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}

/** Windows says EOF of a pipe whose reader has gone. */
const CLOSED: ReadonlySet<string> = new Set(['EPIPE', 'EOF', 'ERR_STREAM_DESTROYED']);

export interface StdoutSink {
  /**
   * Resolves when the bytes are written. Rejects with `CLOSED_PIPE` if the reader has gone, with
   * `OUTPUT_WRITE` if they cannot be written.
   */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Resolves when everything has left the process, or the reader has gone, or after `mostMs`. Rejects if
   * it cannot be written.
   */
  flush(mostMs?: number): Promise<void>;
}

/**
 * Node opens the null device in the place of a standard output that is closed (`>&-`), for reading and
 * writing; a shell opens it for writing only. Linux alone says which it was (proc_pid_fdinfo(5)).
 */
function leadsNowhere({ fd }: { readonly fd?: unknown }): boolean {
  if (typeof fd !== 'number' || process.platform !== 'linux') return false;
  try {
    if (fstatSync(fd).rdev !== statSync('/dev/null').rdev) return false;
    const [, flags = ''] =
      /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
    return (Number.parseInt(flags, 8) & 3) === 2;
  } catch {
    return false;
  }
}

/**
 * Standard output with backpressure: a slow reader slows the export and fills no memory. Each write is
 * known to have succeeded before the next one, because the archive may be removed after the last.
 *
 * @param format what is written; null for text
 * @throws EverypageError USAGE where it is closed, or a terminal that would get what is no text
 */
export function createStdoutSink(
  stream: Writable & TerminalStream,
  format: FormatName | null = null,
): StdoutSink {
  if (format === 'parquet' && stream.isTTY === true) {
    throw usageError(
      'parquet is no text, and standard output is a terminal; name a file: -o items.parquet',
    );
  }
  if (leadsNowhere(stream as { fd?: unknown })) {
    throw usageError(
      'standard output is closed, or thrown away by the program that started this one, so what is written there is lost; name a file with -o, or throw it away with -o /dev/null',
    );
  }
  /** The first failure. Later ones only say that the stream is closed. */
  let failure: EverypageError | null = null;
  const failed = (cause: NodeJS.ErrnoException): EverypageError => {
    failure ??= CLOSED.has(cause.code ?? '')
      ? new EverypageError('CLOSED_PIPE', 'the reader of standard output has gone', { cause })
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
    async flush(mostMs) {
      if (failure === null && stream.writableLength > 0) {
        const written = write('').catch(() => undefined);
        await (mostMs === undefined ? written : withinTime(written, mostMs));
      }
      if (failure !== null && failure.code !== 'CLOSED_PIPE') throw failure;
    },
  };
}

/** Resolves with the work, or when the time is over. */
export async function withinTime(work: Promise<unknown>, mostMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, mostMs);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}

/** Standard error, for what a command says to people. */
export function openScreen(
  typed: TypedArguments,
  { stderr, env }: Pick<CliContext, 'stderr' | 'env'>,
): Screen {
  return createScreen(stderr, describeTerminal(stderr, env, typed.value('color')));
}

/** Text for people, broken between words where it goes to a terminal. */
export function fitTerminal(
  stream: TerminalStream,
  env: Readonly<Record<string, string | undefined>>,
  words: string,
): string {
  const { isTerminal, columns } = describeTerminal(stream, env, 'never');
  return isTerminal ? wrapText(words, columns()) : words;
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
