import type { Worker } from 'node:worker_threads';
import { EverypageError } from '../core/errors.ts';
import { returnArchiveWorker, startArchiveWorker, takeArchiveWorker } from './archive-worker.ts';
import type {
  Answer,
  Ask,
  CallName,
  FromThread,
  OpenRequest,
  SentPage,
  ThrownError,
  ToThread,
} from './messages.ts';
import { loadSession } from './serve-archive.ts';
import { type ArchivePort, serveHere } from './serve-here.ts';

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

interface Unsent {
  readonly message: ToThread;
  readonly transfer: readonly ArrayBuffer[];
}

/** From connecting on. A server that takes longer to answer leaves time to open the archive meanwhile. */
const OPEN_AFTER_MS = 20;

/**
 * The main thread's side of the archive thread, which owns the SQLite file, checks bodies and
 * exports. At 60 KB a page storing and checking costs more than fetching, so it has a core of its own.
 *
 * One page, or a short list, takes less time than a thread needs to come up. So what may be one page
 * (`mayBeOnePage`) has its archive on the same thread, with the same calls and answers: it is opened while the
 * answer is waited for, or when the page is there. `beginThread` begins the thread once it is known that there
 * is more than a short list.
 */
export class ArchiveThread {
  readonly #sink: ExportSink;
  readonly #pending = new Map<number, Pending>();
  readonly #unsent: Unsent[] = [];
  /** Where calls go; null before the first one. */
  #port: ArchivePort | null = null;
  /** Null where the archive has no thread of its own. */
  #worker: Worker | null = null;
  /** What was opened on this thread and holds nothing yet. */
  #opened: OpenRequest | null = null;
  #openTimer: NodeJS.Timeout | undefined;
  #lastId = 0;
  #fatal: unknown = null;
  /** Its session is over, and nothing of it goes on in the thread. */
  #isFinished = false;
  /** To be said before the first call. */
  mayBeOnePage = false;

  constructor(sink: ExportSink) {
    this.#sink = sink;
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
      // Name and request belong together, which TypeScript does not see through a union.
      const message = { id: this.#lastId, call, ask } as ToThread;
      if (this.#port === null) this.#unsent.push({ message, transfer });
      else this.#port.postMessage(message, transfer);
      if (!this.mayBeOnePage) this.beginThread();
      else if (call === 'open') this.#openSoon(ask as OpenRequest);
      else this.#beginHere();
    });
  }

  /** There are many pages. An archive that holds nothing yet is opened anew, on the thread. */
  beginThread(): void {
    this.mayBeOnePage = false;
    clearTimeout(this.#openTimer);
    if (this.#worker !== null || (this.#port !== null && this.#opened === null)) return;
    this.#worker = takeArchiveWorker();
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the archive thread ended')));
    if (this.#port === null || this.#opened === null) this.#begin(this.#worker);
    else void this.#openAnew(this.#port, this.#opened, this.#worker);
  }

  #openSoon(ask: OpenRequest): void {
    this.#opened = ask;
    // If the session cannot be loaded, the first call reports that.
    setImmediate(() => void loadSession().catch(() => {}));
    this.#openTimer = setTimeout(() => {
      this.#begin(serveHere());
      // It comes up on another core, should there be many pages.
      startArchiveWorker();
    }, OPEN_AFTER_MS);
  }

  #beginHere(): void {
    this.#opened = null;
    clearTimeout(this.#openTimer);
    if (this.#port === null) this.#begin(serveHere());
  }

  async #openAnew(here: ArchivePort, ask: OpenRequest, worker: Worker): Promise<void> {
    const closed = this.call('close', null).catch(() => {});
    // Calls wait until the file is let go.
    this.#port = null;
    this.call('open', ask).catch((error) => this.#sink.failed(error));
    await closed;
    here.on('message', () => {});
    this.#begin(worker);
  }

  #begin(port: ArchivePort): void {
    this.#port = port;
    port.on('message', (message: FromThread) => this.#receive(message));
    for (const { message, transfer } of this.#unsent.splice(0)) port.postMessage(message, transfer);
  }

  /** Closes what was opened, where that did not come to its end. */
  async giveUp(): Promise<void> {
    clearTimeout(this.#openTimer);
    const isOpen = this.#port !== null || this.#worker !== null;
    if (isOpen) await this.call('close', null).catch(() => {});
  }

  /** Ends the thread, or leaves it to the next run; what it has committed stays. */
  async close(): Promise<void> {
    clearTimeout(this.#openTimer);
    if (this.#worker === null) return;
    if (this.#isFinished && this.#fatal === null) returnArchiveWorker(this.#worker);
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
      this.#port?.postMessage({ call: 'taken', ok });
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
