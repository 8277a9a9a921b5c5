import type { Clock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { ResolvedOptions } from '../core/options.ts';
import type { PageRequest } from '../core/page-request.ts';
import { Secret } from '../core/secret.ts';
import type { Stop } from '../core/summary.ts';
import type { Transport } from '../http/transport.ts';
import type { Plan } from '../plan/plan.ts';
import type { ArchiveThread } from './archive-thread.ts';
import { attemptPage } from './attempt.ts';
import { type Counters, Dispatcher } from './dispatcher.ts';
import type { Opened } from './messages.ts';
import { PageBatcher } from './page-batcher.ts';
import { pendingPages } from './pending-pages.ts';
import { createRequestHeaders, type Trust } from './request-headers.ts';

/** After a signal, what is in flight has this long to arrive. */
const DRAIN_MS = 10_000;

export interface FetchParts {
  readonly plan: Plan;
  readonly transport: Transport;
  readonly thread: ArchiveThread;
  readonly opened: Opened;
  /** Counted up while pages are fetched. */
  readonly counters: Counters;
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly emit: EventSink;
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
  const { plan, transport, thread, opened, options, clock, emit } = parts;
  const pending = pendingPages(plan, thread, opened, options);
  const context = {
    transport,
    headers: createRequestHeaders(options.headers),
    hasCredentials: options.headers.some(({ value }) => value instanceof Secret),
    allowOrigins: new Set(options.allowOrigins),
    wallTime: clock.wallTime,
  };
  const trustOf = trustChooser(pending.firstOrigin, context.hasCredentials, emit);
  const dispatcher = new Dispatcher({
    options,
    clock,
    emit,
    counters: parts.counters,
    random: Math.random,
    storedBefore: (opened.resumed?.stored ?? 0) > 0,
    attempt: ({ request, origin, path }) =>
      attemptPage(context, {
        method: request.method,
        origin,
        path,
        body: request.body,
        trust: trustOf(request, origin),
      }),
  });
  const batcher = new PageBatcher(
    thread,
    (arrival, rejection) => dispatcher.onSettled(arrival, rejection),
    (error) => dispatcher.fail(error),
  );

  let drain: NodeJS.Timeout | undefined;
  const stop = (why: Stop): void => {
    emit({ type: 'phase', phase: 'draining' });
    dispatcher.stop(why);
    drain ??= setTimeout(() => void transport.close(), DRAIN_MS);
  };
  const deadline =
    options.deadlineMs === null
      ? undefined
      : setTimeout(stop, options.deadlineMs, { kind: 'deadline', deadlineMs: options.deadlineMs });

  async function fetchAll(): Promise<Stop | null> {
    emit({ type: 'phase', phase: 'fetching' });
    try {
      await dispatcher.run(pending.batches(), batcher);
    } finally {
      clearTimeout(drain);
      clearTimeout(deadline);
    }
    if (dispatcher.stopped !== null) return dispatcher.stopped;
    const end = pending.end();
    if (end === null) return { kind: 'max-pages', maxPages: options.maxPages ?? 0 };
    if (end.count === 0) {
      throw new EverypageError('LIST_UNREADABLE', 'the list holds no URL; nothing was fetched');
    }
    emit({ type: 'total', total: end.count });
    await thread.call('endPlan', end);
    return null;
  }

  return { stop, fail: (error) => dispatcher.fail(error), done: fetchAll() };
}

/**
 * Credentials go to the origins that the user named: those of URL arguments, and that of the first
 * page. Any other origin in a list is fetched without them, and said once.
 */
function trustChooser(
  firstOrigin: () => string | null,
  hasCredentials: boolean,
  emit: EventSink,
): (request: PageRequest, origin: string) => Trust {
  if (!hasCredentials) return () => 'named';
  const named = new Set<string>();
  const warned = new Set<string>();
  return (request, origin) => {
    if (request.origin === null) named.add(origin);
    if (named.has(origin) || origin === firstOrigin()) return 'named';
    if (!warned.has(origin)) {
      warned.add(origin);
      emit({
        type: 'warning',
        code: 'WITHOUT_CREDENTIALS',
        message: `pages of ${origin} are fetched without your credentials: they were given for another origin`,
      });
    }
    return 'without-credentials';
  };
}
