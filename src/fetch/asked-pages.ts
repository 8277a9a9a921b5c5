/** Pages that are asked for one by one before there is a plan: those that show how the list pages. */
import type { KnownCredentials } from '../core/known-credentials.ts';
import type { PageRequest } from '../core/page-request.ts';
import { type BodyCheck, faulty, withDigest } from '../decode/check-body.ts';
import { freeSpans, pageValue } from '../decode/decode.ts';
import { singleHeader } from '../http/outcome.ts';
import { joinChunks } from '../http/response-body.ts';
import type { PageView } from '../plan/detect/discover.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { PageSink, PageSource } from './page-flow.ts';
import { type Attempt, createTask, type FinalAttempt, type Task } from './task.ts';

/** Gets a page. A failure is an answer too, except for the first page. */
export type Ask = (request: PageRequest) => Promise<PageView>;

/** Whether a page says of itself that it failed, so that it is none. */
export type FailureCheck = (page: Uint8Array, request: PageRequest) => boolean;

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

interface Answer {
  readonly task: Task;
  readonly final: FinalAttempt;
  /** Decoded; null where it is no page. */
  readonly body: Uint8Array | null;
}

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
    if (answer.body === null && !isGuess) throw new FirstPageMissing(answer.task, answer.final);
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
    let body: Uint8Array | null = null;
    if (final.state === 'stored') {
      const encoding = singleHeader(final.headers?.['content-encoding']);
      // A large body is freed when it is sent to the archive: nobody looks at the page any more.
      const joined = joinChunks(final.chunks);
      const [whole] = joined;
      final.chunks = joined;
      const verdict = this.#check(whole, encoding);
      if (!verdict.ok) {
        this.#dispatcher.rejected(task, final, verdict);
        return;
      }
      freeSpans(verdict.found);
      if (this.#isFailure(verdict.decoded, task.request)) {
        const fault = faulty('unlike', 'the page says that it failed', verdict.decoded);
        this.#dispatcher.rejected(task, final, withDigest(fault, whole));
        return;
      }
      body = verdict.decoded;
    }
    const answer = { task, final, body };
    this.#answers.push(answer);
    this.#dispatcher.done();
    this.#answer.resolve(answer);
  }

  flush(): void {}

  /**
   * The page with this key and how it ended, once: a second request is meant to get a new answer. A failed
   * guess says nothing of the list, unless its status means that there is no such page.
   */
  take(key: Uint8Array, pastEnd: readonly number[]): Task | null {
    const own = ({ task }: Answer): boolean => Buffer.compare(task.key, key) === 0;
    // The first page may be asked for twice, and be refused then.
    const stored = this.#answers.findLastIndex(
      (answer) => answer.final.state === 'stored' && own(answer),
    );
    const failed = this.#answers.findLastIndex(({ task, final }) => {
      const isPast = final.status !== null && pastEnd.includes(final.status);
      return (!task.isGuess || isPast) && own({ task, final, body: null });
    });
    const at = stored === -1 ? failed : stored;
    const [answer] = at === -1 ? [] : this.#answers.splice(at, 1);
    return answer === undefined ? null : { ...answer.task, ended: answer.final };
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

function pageView(request: PageRequest, { final, body }: Answer): PageView {
  return {
    request,
    status: final.status ?? 0,
    headers: plainHeaders(final),
    body: body ?? new Uint8Array(0),
    json: body === null ? undefined : pageValue(body),
  };
}
