import type { ArchiveThread } from '../archive-thread/archive-thread.ts';
import type { Opened } from '../archive-thread/messages.ts';
import type { Clock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { ResolvedOptions } from '../core/options.ts';
import type { Pagination } from '../core/pagination.ts';
import type { Stop } from '../core/summary.ts';
import type { Transport } from '../http/transport.ts';
import type { GrowingPlan } from '../plan/plan.ts';
import { type Counters, Dispatcher } from './dispatcher.ts';
import type { EarlyAnswers } from './early-answers.ts';
import type { LimiterRegistry } from './limiter-registry.ts';
import { PageBatcher } from './page-batcher.ts';
import type { PauseMonitor } from './pause-monitor.ts';
import type { PendingPages } from './pending-pages.ts';
import type { Requester } from './requester.ts';

/** After a signal, what is in flight has this long to arrive. */
const DRAIN_MS = 10_000;
const KEEP_PACE_EVERY_MS = 5_000;

export interface FetchParts {
  readonly pending: PendingPages;
  readonly request: Requester;
  /** Null for a list: a plan that is known beforehand learns nothing. */
  readonly growing: Growing | null;
  readonly transport: Transport;
  readonly thread: ArchiveThread;
  readonly opened: Opened;
  /** Counted up while pages are fetched. */
  readonly counters: Counters;
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly limiters: LimiterRegistry;
  readonly pauseMonitor: PauseMonitor;
}

/** What a plan that learns needs of the run. */
export interface Growing {
  readonly plan: GrowingPlan;
  readonly pagination: Pagination;
  /** Response headers that its page infos need. */
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
    growing,
    transport,
    thread,
    opened,
    options,
    clock,
    emit,
    limiters,
    pauseMonitor,
  } = parts;
  let total: number | null = null;
  const dispatcher = new Dispatcher({
    options,
    clock,
    emit,
    limiters,
    pauseMonitor,
    counters: parts.counters,
    random: Math.random,
    storedBefore: (opened.resumed?.stored ?? 0) > 0,
    pagingHeaders: growing?.pagingHeaders ?? [],
    pastEnd: growing?.pagination.pastEnd ?? [],
    answered: (task) => growing?.early.takePage(task.key),
    attempt: async (task) => growing?.early.take(task.key) ?? request(task.request),
    onPage:
      growing &&
      ((request, ended) => {
        growing.plan.onPage(request, ended);
        const known = growing.plan.known();
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

  const keepPace = () => thread.call('keepPace', limiters.learned());

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
    if (end.count === 0 && growing === null) {
      throw new EverypageError('LIST_UNREADABLE', 'the list holds no URL; nothing was fetched');
    }
    if (growing === null) emit({ type: 'total', total: end.count });
    await thread.call('endPlan', end);
    return null;
  }

  return { stop, fail: (error) => dispatcher.fail(error), done: fetchAll() };
}
