import type { ExportSink } from '../archive-thread/archive-thread.ts';
import { EverypageError } from '../core/errors.ts';
import type { Stop } from '../core/summary.ts';
import type { Engine } from './engine.ts';
import type { OutputSinks } from './output-sinks.ts';

/** What ends a run early from outside: the caller's signal, a closed pipe, an export that cannot go on. */
export class RunControl {
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#stopFor(stopOf(this.#signal?.reason));
  #engine: Engine | null = null;
  #stop: Stop | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    if (signal?.aborted) this.#stop = stopOf(signal.reason);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** The engine that is to be stopped; what came before it is made up for. */
  attach(engine: Engine): Engine {
    this.#engine = engine;
    if (this.#stop !== null) engine.stop(this.#stop);
    if (this.#failure !== null) engine.dispatcher.fail(this.#failure.error);
    return engine;
  }

  /** Who takes what the archive thread exports; where it cannot go on, the run is ended. */
  exportSink({ stdout, pages }: OutputSinks): ExportSink {
    return {
      bytes: async (bytes) => stdout?.write(bytes),
      pages: async (sent, select) => pages?.(sent, select),
      failed: (error) => this.fail(error),
    };
  }

  close(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#engine?.ended();
  }

  /** The run cannot go on; if the reader of the output has gone, it stops. */
  readonly fail = (error: unknown): void => {
    if (error instanceof EverypageError && error.code === 'CLOSED_PIPE') {
      this.#stopFor({ kind: 'closed-pipe' });
      return;
    }
    this.#failure ??= { error };
    this.#engine?.dispatcher.fail(error);
  };

  #stopFor(stop: Stop): void {
    this.#stop ??= stop;
    this.#engine?.stop(stop);
  }
}

/** A reader who has left says so in the reason: nobody waits for what is still in flight. */
function stopOf(reason: unknown): Stop {
  const isLeft = reason instanceof EverypageError && reason.code === 'CLOSED_PIPE';
  return { kind: isLeft ? 'closed-pipe' : 'aborted' };
}
