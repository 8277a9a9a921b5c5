import { EverypageError } from '../core/errors.ts';
import { returnArchiveWorker, takeArchiveWorker } from './archive-worker.ts';
import type {
  Answer,
  Ask,
  CallName,
  FromThread,
  SentPage,
  ThrownError,
  ToThread,
} from './messages.ts';

/** What the main thread does with an export that comes to it. */
export interface ExportSink {
  bytes?(bytes: Uint8Array): Promise<void>;
  pages?(pages: readonly SentPage[], select: string | null): Promise<void>;
  /** The export cannot go on, or its sink threw. */
  failed(error: unknown): void;
}

interface Pending {
  readonly call: CallName;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The main thread's side of the archive thread, which owns the SQLite file, checks bodies and
 * exports. At 60 KB a page storing and checking costs more than fetching, so it has a core of its own.
 */
export class ArchiveThread {
  readonly #worker = takeArchiveWorker();
  readonly #pending = new Map<number, Pending>();
  readonly #sink: ExportSink;
  #lastId = 0;
  #fatal: unknown = null;
  /** Its session is over, and nothing of it goes on in the thread. */
  #isFinished = false;

  constructor(sink: ExportSink) {
    this.#sink = sink;
    this.#worker.on('message', (message: FromThread) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the archive thread ended')));
  }

  call<K extends CallName>(
    call: K,
    ask: Ask<K>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Answer<K>> {
    return new Promise((resolve, reject) => {
      if (this.#fatal !== null) {
        reject(this.#fatal);
        return;
      }
      this.#lastId += 1;
      this.#pending.set(this.#lastId, { call, resolve, reject });
      this.#worker.postMessage({ id: this.#lastId, call, ask }, transfer);
    });
  }

  /** Closes what was opened, where that did not come to its end. */
  async giveUp(): Promise<void> {
    if (this.#lastId > 0) await this.call('close', null).catch(() => {});
  }

  /** Ends the thread, or leaves it to the next run; what it has committed stays. */
  async close(): Promise<void> {
    const isFree = this.#isFinished || this.#lastId === 0;
    if (isFree && this.#fatal === null) returnArchiveWorker(this.#worker);
    else await this.#worker.terminate();
  }

  #receive(message: FromThread): void {
    switch (message.type) {
      case 'answer': {
        const pending = this.#take(message.id);
        this.#isFinished = pending?.call === 'finish';
        pending?.resolve(message.answer as never);
        return;
      }
      case 'error':
        this.#take(message.id)?.reject(revive(message.error));
        return;
      case 'bytes':
        this.#deliver(this.#sink.bytes?.(message.bytes));
        return;
      case 'pages':
        this.#deliver(this.#sink.pages?.(message.pages, message.select));
        return;
      case 'export-failed':
        this.#sink.failed(revive(message.error));
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #deliver(taken: Promise<void> | undefined): void {
    const answer = (ok: boolean): void => {
      this.#worker.postMessage({ call: 'taken', ok } satisfies ToThread);
    };
    Promise.resolve(taken).then(
      () => answer(true),
      (error) => {
        this.#sink.failed(error);
        answer(false);
      },
    );
  }

  #fail(error: unknown): void {
    if (this.#fatal !== null) return;
    this.#fatal = error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

function revive({ code, message }: ThrownError): EverypageError {
  return new EverypageError(code, message);
}
