/** Pages that are asked for one by one before there is a plan: those that show how the list pages. */
import type { KnownCredentials } from '../core/known-credentials.ts';
import type { PageRequest } from '../core/page-request.ts';
import { type BodyCheck, faulty, withDigest } from '../decode/check-body.ts';
import { freeSpans, pageValue } from '../decode/decode.ts';
import { singleHeader } from '../http/outcome.ts';
import { freeChunks, joinChunks } from '../http/response-body.ts';
import type { PageView } from '../plan/detect/discover.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { PageSink, PageSource } from './page-flow.ts';
import { type Attempt, createTask, type FinalAttempt, type Task } from './task.ts';

/** Gets a page. A failure is an answer too, except for the first page. */
export type Ask = (request: PageRequest) => Promise<PageView>;

/** Whether a page, as `pageValue` has it, says itself that it failed, so that it is none. */
export type FailureCheck = (page: unknown, request: PageRequest) => boolean;

/** The first page did not come, so nothing can be found out. */
export class FirstPageMissing extends Error {
  readonly task: Task;
  readonly final: FinalAttempt;

  constructor(task: Task, final: FinalAttempt) {
    super('the first page did not come');
    this.task = task;
    this.final = final;
  }
}

/** A body that is a page. A server that ignores parameters gives one page to each guess: it is held once. */
interface HeldPage {
  /** As it came off the wire, in one chunk. */
  readonly wire: readonly [Uint8Array];
  readonly encoding: string | null;
  /** Decoded. */
  readonly body: Uint8Array;
  /** See `pageValue`. */
  readonly json: unknown;
}

interface Answer {
  readonly task: Task;
  readonly final: FinalAttempt;
  /** Null where it is no page. */
  readonly page: HeldPage | null;
}

/** From here on a page that is held for several answers is given to one of them, and not copied. */
const LARGE_BYTES = 1024 * 1024;

/**
 * A source that grows by one page whenever the page before has ended, and the sink of these pages. It
 * keeps them, so that the run does not fetch them again.
 */
export class AskedPages implements PageSource, PageSink {
  readonly attempt: Attempt;
  /** Bounded by the few pages that detection may ask for. */
  readonly heldPages = 0;
  readonly heldBytes = 0;
  readonly #dispatcher: Pick<Dispatcher, 'rejected' | 'done'>;
  readonly #check: BodyCheck;
  readonly #isFailure: FailureCheck;
  readonly #credentials: KnownCredentials;
  #next = Promise.withResolvers<Task | null>();
  #answer = Promise.withResolvers<Answer>();
  readonly #answers: Answer[] = [];

  constructor(
    attempt: Attempt,
    check: BodyCheck,
    isFailure: FailureCheck,
    credentials: KnownCredentials,
    dispatcher: Pick<Dispatcher, 'rejected' | 'done'>,
  ) {
    this.attempt = attempt;
    this.#check = check;
    this.#isFailure = isFailure;
    this.#credentials = credentials;
    this.#dispatcher = dispatcher;
  }

  /** The final attempts so far, in the order in which pages were asked for. */
  readonly finals = (): readonly FinalAttempt[] => this.#answers.map(({ final }) => final);

  /** One page at a time. The first that is asked for must come: `FirstPageMissing` where it does not. */
  readonly ask: Ask = async (request) => {
    const isGuess = this.#answers.length > 0;
    this.#answer = Promise.withResolvers();
    this.#next.resolve(createTask(request, this.#credentials, isGuess));
    const answer = await this.#answer.promise;
    if (answer.page === null && !isGuess) throw new FirstPageMissing(answer.task, answer.final);
    return pageView(request, answer);
  };

  /** Nothing more will be asked for. */
  close(): void {
    this.#next.resolve(null);
  }

  async *tasks(): AsyncGenerator<readonly Task[]> {
    for (let task = await this.#next.promise; task !== null; task = await this.#next.promise) {
      this.#next = Promise.withResolvers();
      yield [task];
    }
  }

  add(task: Task, final: FinalAttempt): void {
    const page = final.state === 'stored' ? this.#pageOf(task, final) : null;
    if (final.state === 'stored' && page === null) return;
    const answer = { task, final, page };
    this.#answers.push(answer);
    this.#dispatcher.done();
    this.#answer.resolve(answer);
  }

  /** Null where it was rejected. */
  #pageOf(task: Task, final: FinalAttempt): HeldPage | null {
    const encoding = singleHeader(final.headers?.['content-encoding']);
    const page = this.#held(final, encoding) ?? this.#checked(task, final, encoding);
    if (page === null || !this.#isFailure(page.json, task.request)) return page;
    const fault = faulty('unlike', 'the page says that it failed', page.body);
    this.#dispatcher.rejected(task, final, withDigest(fault, page.wire[0]));
    return null;
  }

  /** The page of an earlier answer with the same bytes; null where there is none. */
  #held(final: FinalAttempt, encoding: string | null): HeldPage | null {
    for (const { page } of this.#answers) {
      if (page === null || page.encoding !== encoding || !isMadeOf(page.wire[0], final)) continue;
      freeChunks(final.chunks);
      final.chunks = page.wire;
      return page;
    }
    return null;
  }

  #checked(task: Task, final: FinalAttempt, encoding: string | null): HeldPage | null {
    // A large body is freed when it is sent to the archive: nobody looks at the page any more.
    const wire = joinChunks(final.chunks);
    final.chunks = wire;
    const verdict = this.#check(wire[0], encoding);
    if (!verdict.ok) {
      this.#dispatcher.rejected(task, final, verdict);
      return null;
    }
    freeSpans(verdict.found);
    const body = verdict.decoded;
    return { wire, encoding, body, json: pageValue(body) };
  }

  flush(): void {}

  /**
   * The page with this key and how it ended, once: a second request is meant to get a new answer. A failed
   * guess says nothing about the list, unless its status means that there is no such page.
   */
  take(key: string, pastEnd: readonly number[]): Task | null {
    const own = ({ task }: Answer): boolean => task.key === key;
    // The first page may be asked for twice, and be refused then.
    const stored = this.#answers.findLastIndex(
      (answer) => answer.final.state === 'stored' && own(answer),
    );
    const failed = this.#answers.findLastIndex(({ task, final }) => {
      const isPast = final.status !== null && pastEnd.includes(final.status);
      return (!task.isGuess || isPast) && own({ task, final, page: null });
    });
    const at = stored === -1 ? failed : stored;
    const [answer] = at === -1 ? [] : this.#answers.splice(at, 1);
    if (answer === undefined) return null;
    if (answer.page !== null) this.#share(answer.page);
    return { ...answer.task, ended: answer.final };
  }

  /** Whoever takes a page may free its memory: others get a copy of it, or ask again where it is large. */
  #share(page: HeldPage): void {
    const [wire] = page.wire;
    const isLarge = wire.length > LARGE_BYTES;
    for (const [index, { page: other, final }] of [...this.#answers.entries()].reverse()) {
      if (other !== page) continue;
      if (isLarge) this.#answers.splice(index, 1);
      else final.chunks = [Buffer.from(wire)];
    }
  }
}

export function plainHeaders(final: FinalAttempt): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(final.headers ?? {})) {
    // HTTP/2 keeps its pseudo-headers, which are no strings, among them.
    const text = name.startsWith(':') ? null : singleHeader(value);
    if (text !== null) headers[name] = text;
  }
  return headers;
}

function pageView(request: PageRequest, { final, page }: Answer): PageView {
  return {
    request,
    status: final.status ?? 0,
    headers: plainHeaders(final),
    body: page?.body ?? new Uint8Array(0),
    json: page?.json,
  };
}

function isMadeOf(wire: Uint8Array, { bodyBytes, chunks }: FinalAttempt): boolean {
  if (wire.length !== bodyBytes) return false;
  let at = 0;
  return chunks.every((chunk) => {
    const from = at;
    at += chunk.length;
    return Buffer.compare(chunk, wire.subarray(from, at)) === 0;
  });
}
