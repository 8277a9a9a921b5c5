import { EverypageError } from '../core/errors.ts';
import { exitCodeOfSignal, type StopSignal } from './exit-code.ts';

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
