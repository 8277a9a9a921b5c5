/** Gives the records of pages to a sink, and bears with what its code may do. */
import { EverypageError } from '../core/errors.ts';
import type { OpenSink, RecordSink, SinkPath, SinkRecord } from '../core/record-sink.ts';
import type { RecordExpressions } from '../core/table-options.ts';
import { compactRange } from '../decode/decode.ts';
import type { PageSource } from './format.ts';
import { firstLine, loadSink } from './load-sink.ts';
import { KEPT } from './output-error.ts';
import { createRecordTaker } from './page-records.ts';
import { createRecordShaper } from './shape-records.ts';
import type { Written } from './write-output.ts';

const BATCH_RECORDS = 1000;
const BATCH_BYTES = 1024 * 1024;
/** How long a sink may take to undo what it wrote. */
const ABORT_MS = 2000;
/** Any period holds the process. */
const HOLD_MS = 60_000;

/** The sink that one run or export writes to. */
export class SinkDestination {
  readonly name: string;
  readonly #path: SinkPath;
  readonly #open: OpenSink;
  readonly #abort = new AbortController();
  /** Whether what fails unseen in this thread can only be of the sink. */
  readonly #ownsThread: boolean;
  /** Rejects where nobody waits for the sink any more, or something of it failed unseen. */
  readonly #ended = Promise.withResolvers<never>();
  #sink: RecordSink | null = null;
  #isSettled = false;
  #unwatch = (): void => {};

  private constructor(path: SinkPath, open: OpenSink, ownsThread: boolean) {
    this.name = path.name;
    this.#ownsThread = ownsThread;
    this.#path = path;
    this.#open = open;
    this.#ended.promise.catch(() => {});
  }

  /**
   * @param ownsThread see `loadSinks`
   * @throws EverypageError USAGE where its module cannot be used
   */
  static async load(path: SinkPath, ownsThread: boolean): Promise<SinkDestination> {
    const restore = ownsThread ? refuseExit(() => {}) : () => {};
    try {
      return new SinkDestination(path, await held(loadSink(path)), ownsThread);
    } finally {
      restore();
    }
  }

  /**
   * Opens the sink, and gives it every record. They count once `commit` was called.
   *
   * @throws EverypageError OUTPUT_WRITE where the sink fails, CLOSED_PIPE after `leave`
   */
  async write(
    pages: PageSource,
    selection: string | null,
    facts: {
      readonly runId: string;
      readonly key: string | null;
      readonly expressions: RecordExpressions;
    },
  ): Promise<Written> {
    this.#watchStray();
    try {
      const sink = await this.#begin(facts);
      let batch: SinkRecord[] = [];
      let [batchBytes, records, bytes] = [0, 0, 0];
      const flush = async (): Promise<void> => {
        const full = batch;
        batch = [];
        batchBytes = 0;
        await this.#call('write', () => sink.write(full));
      };
      const take = createRecordTaker(selection);
      const shape = createRecordShaper(selection, facts.expressions);
      for await (const page of shape.pages(pages())) {
        const { source, spans } = take(page);
        const { place, url } = page;
        for (let at = 0; at < spans.length; at += 2) {
          const record = recordOf(compactRange(source, spans[at]!, spans[at + 1]!), { place, url });
          batch.push(record);
          records += 1;
          bytes += record.bytes.length;
          batchBytes += record.bytes.length;
          // The spans of a page are its own only until the next one is taken, which comes later.
          if (batch.length >= BATCH_RECORDS || batchBytes >= BATCH_BYTES) await flush();
        }
      }
      if (batch.length > 0) await flush();
      return { records, bytes, leftOut: shape.leftOut, notes: [] };
    } catch (error) {
      await this.abort(error);
      throw error;
    }
  }

  /** @throws EverypageError as `write` does */
  async commit(): Promise<void> {
    const sink = this.#sink;
    try {
      await this.#call('commit', () => sink?.commit?.());
      this.#isSettled = true;
    } catch (error) {
      await this.abort(error);
      throw error;
    } finally {
      this.#unwatch();
    }
  }

  /** Ends the wait for whatever the sink does. */
  leave(): void {
    this.#ended.reject(new EverypageError('CLOSED_PIPE', `${this.name} was left`));
    this.#abort.abort();
  }

  /** Has the sink undo what it wrote, unless it was committed; never fails. */
  async abort(reason: unknown): Promise<void> {
    const sink = this.#sink;
    if (sink === null || this.#isSettled) {
      this.#unwatch();
      return;
    }
    this.#isSettled = true;
    this.#abort.abort(reason);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ABORT_MS);
    });
    const undone = (async () => sink.abort?.(reason))().catch(() => {});
    await Promise.race([undone, late]);
    clearTimeout(timer);
    this.#unwatch();
  }

  async #begin(facts: {
    readonly runId: string;
    readonly key: string | null;
  }): Promise<RecordSink> {
    const { signal } = this.#abort;
    const { options } = this.#path;
    const opened: unknown = await this.#call('its function', () =>
      this.#open({ ...facts, options, signal }),
    );
    if (!isSink(opened)) {
      throw this.#failed('its function', 'it gave no object with a method write');
    }
    this.#sink = opened;
    return opened;
  }

  /** Runs code of the user's. */
  async #call<Result>(what: string, work: () => Result | Promise<Result>): Promise<Result> {
    const answer = (async () => work())();
    // It may still fail when it was left.
    answer.catch(() => {});
    try {
      return await held(Promise.race([answer, this.#ended.promise]));
    } catch (error) {
      if (error instanceof EverypageError && error.code === 'CLOSED_PIPE') throw error;
      throw this.#failed(what, firstLine(error), error);
    }
  }

  #failed(where: string, why: string, cause?: unknown): EverypageError {
    return new EverypageError('OUTPUT_WRITE', `${this.name} failed in ${where}: ${why}. ${KEPT}`, {
      cause,
    });
  }

  /**
   * What the sink does not wait for may fail too, also between its last write and its commit; the process of
   * a program has listeners of its own.
   */
  #watchStray(): void {
    if (!this.#ownsThread) return;
    const onError = (error: unknown): void => this.#ended.reject(error);
    const restoreExit = refuseExit(onError);
    process.on('uncaughtException', onError);
    process.on('unhandledRejection', onError);
    this.#unwatch = () => {
      this.#unwatch = () => {};
      restoreExit();
      process.off('uncaughtException', onError);
      process.off('unhandledRejection', onError);
    };
  }
}

/**
 * `process.exit` in a sink would end its thread, or the program with the sink's own exit code, as if all had
 * been written. Nothing else in these threads calls it while a sink is at work.
 *
 * @param onExit gets what it throws, since a sink may catch that
 * @returns puts it back
 */
function refuseExit(onExit: (error: Error) => void): () => void {
  const { exit } = process;
  process.exit = (code) => {
    const error = new Error(`it called process.exit(${code ?? ''})`);
    onExit(error);
    throw error;
  };
  return () => {
    process.exit = exit;
  };
}

/**
 * Keeps the process while code of the user's is waited for. A promise alone does not: an export would end
 * with exit code 0 and without a word.
 */
async function held<Result>(answer: Promise<Result>): Promise<Result> {
  const holding = setInterval(() => {}, HOLD_MS);
  try {
    return await answer;
  } finally {
    clearInterval(holding);
  }
}

function isSink(value: unknown): value is RecordSink {
  return typeof (value as { write?: unknown } | null | undefined)?.write === 'function';
}

function recordOf(bytes: Uint8Array, page: SinkRecord['page']): SinkRecord {
  const text = (): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  return { bytes, text, json: () => JSON.parse(text()), page };
}
