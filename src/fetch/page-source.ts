/** Where a run's pages come from: a list that is known, or a list that pages by itself. */

import type { ArchiveThread } from '../archive-thread/archive-thread.ts';
import type { Opened } from '../archive-thread/messages.ts';
import type { Clock } from '../core/clock.ts';
import type { EventSink } from '../core/events.ts';
import type { PaginationFacts } from '../core/summary.ts';
import type { Transport } from '../http/transport.ts';
import type { Growing } from './fetch-plan.ts';
import type { LimiterRegistry } from './limiter-registry.ts';
import type { PauseMonitor } from './pause-monitor.ts';
import { type PendingPages, pendingPages } from './pending-pages.ts';
import type { Job } from './prepare.ts';
import { createListRequester, type Requester } from './requester.ts';

export interface PageSource {
  readonly pending: PendingPages;
  readonly request: Requester;
  /** Null for a list. */
  readonly growing: Growing | null;
  /** How the list was found to page; null for a list that is known. */
  readonly facts: PaginationFacts | null;
}

export interface SourceParts {
  readonly job: Job;
  readonly opened: Opened;
  readonly transport: Transport;
  readonly thread: ArchiveThread;
  readonly clock: Clock;
  readonly emit: EventSink;
  /** Counted up by pages that are fetched before there is a plan. */
  readonly counters: { retries: number };
  readonly limiters: LimiterRegistry;
  readonly pauseMonitor: PauseMonitor;
  /** Rejects when the run is stopped. */
  readonly sleep: (ms: number) => Promise<void>;
}

/** Pages of a list that is known. */
export function listSource(parts: SourceParts): PageSource {
  const { job, opened, thread } = parts;
  const pending = pendingPages(job.plan, thread, opened, job.options);
  const request = createListRequester({ ...parts, options: job.options }, pending.firstOrigin);
  return { pending, request, growing: null, facts: null };
}
