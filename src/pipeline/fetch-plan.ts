import type { Clock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { ResolvedOptions } from '../core/options.ts';
import type { Pagination } from '../core/pagination.ts';
import type { Stop } from '../core/summary.ts';
import type { Transport } from '../http/transport.ts';
import type { LearningPlan } from '../plan/plan.ts';
import type { ArchiveThread } from './archive-thread.ts';
import type { BucketPaces } from './bucket-paces.ts';
import { type Counters, Dispatcher } from './dispatcher.ts';
import type { EarlyAnswers } from './early-answers.ts';
import type { Opened } from './messages.ts';
import type { PaceTeller } from './pace-teller.ts';
import { PageBatcher } from './page-batcher.ts';
import type { PendingPages } from './pending-pages.ts';
import type { Requester } from './requester.ts';

/** After a signal, what is in flight has this long to arrive. */
const DRAIN_MS = 10_000;
const KEEP_PACE_EVERY_MS = 5_000;

export interface FetchParts {
  readonly pending: PendingPages;
  readonly request: Requester;
  /** Null for a list: a plan that is known beforehand learns nothing. */
  readonly learning: Learning | null;
  readonly transport: Transport;
  readonly thread: ArchiveThread;
  readonly opened: Opened;
  /** Counted up while pages are fetched. */
  readonly counters: Counters;
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly paces: BucketPaces;
  readonly teller: PaceTeller;
}

/** What a plan that learns needs of the run. */
export interface Learning {
  readonly plan: LearningPlan;
  readonly pagination: Pagination;
  /** Response headers that its lessons need. */
  readonly pagingHeaders: readonly string[];
  /** Answers that came before there was a plan. */
  readonly early: EarlyAnswers;
}

export interface Fetching {
  /** Ends the fetching early: nothing starts, what is in flight has ten seconds. */
  stop(stop: Stop): void;
  /** Ends it at once with an error. */
  fail(error: unknown): void;
  /** Resolves with why it stopped, or null when every page of the plan has ended. */
  readonly done: Promise<Stop | null>;
}

/** Fetches every page of the plan that the archive does not hold. */
export function fetchPlan(parts: FetchParts): Fetching {
  const {
    pending,
    request,
    learning,
    transport,
    thread,
    opened,
    options,
    clock,
    emit,
    paces,
    teller,
  } = parts;
  let total: number | null = null;
  const dispatcher = new Dispatcher({
    options,
    clock,
    emit,
    paces,
    teller,
    counters: parts.counters,
    random: Math.random,
    storedBefore: (opened.resumed?.stored ?? 0) > 0,
    pagingHeaders: learning?.pagingHeaders ?? [],
    pastEnd: learning?.pagination.pastEnd ?? [],
    answered: (task) => learning?.early.takePage(task.key),
    attempt: async (task) => learning?.early.take(task.key) ?? request(task.request),
    learn:
      learning &&
      ((request, ended) => {
        learning.plan.learn(request, ended);
        const known = learning.plan.known();
        if (known !== null && known !== total) emit({ type: 'total', total: known });
        total = known;
      }),
  });
  const batcher = new PageBatcher(
    thread,
    (arrival, settled) => dispatcher.onSettled(arrival, settled),
    (error) => dispatcher.fail(error),
    (bytes) => transport.setHeldBytes(bytes),
  );

  let drain: NodeJS.Timeout | undefined;
  const stop = (why: Stop): void => {
    emit({ type: 'phase', phase: 'draining' });
    dispatcher.stop(why);
    const drainMs = why.kind === 'closed-pipe' ? 0 : DRAIN_MS;
    drain ??= setTimeout(() => void transport.close(), drainMs);
  };
  const deadline =
    options.deadlineMs === null
      ? undefined
      : setTimeout(stop, options.deadlineMs, { kind: 'deadline', deadlineMs: options.deadlineMs });

  const keepPace = () => thread.call('keepPace', paces.learned());

  async function fetchAll(): Promise<Stop | null> {
    emit({ type: 'phase', phase: 'fetching' });
    // A run that is killed has learned something too.
    const keeping = setInterval(
      () => void keepPace().catch((error) => dispatcher.fail(error)),
      KEEP_PACE_EVERY_MS,
    );
    try {
      await dispatcher.run(pending.batches(), batcher);
    } finally {
      clearTimeout(drain);
      clearTimeout(deadline);
      clearInterval(keeping);
    }
    await keepPace();
    if (dispatcher.stopped !== null) return dispatcher.stopped;
    const end = pending.end();
    if (end === null) return { kind: 'max-pages', maxPages: options.maxPages ?? 0 };
    if (end.count === 0 && learning === null) {
      throw new EverypageError('LIST_UNREADABLE', 'the list holds no URL; nothing was fetched');
    }
    if (learning === null) emit({ type: 'total', total: end.count });
    await thread.call('endPlan', end);
    return null;
  }

  return { stop, fail: (error) => dispatcher.fail(error), done: fetchAll() };
}
