import type { PageState } from '../archive/archive-types.ts';
import type { ArrivedPage } from '../archive-thread/messages.ts';
import type { PageCode } from '../core/errors.ts';
import type { RawResponse } from '../http/transport.ts';
import { keptHeaders, pickHeaders, singleHeader } from './kept-headers.ts';
import type { Task } from './task.ts';

export interface Timing {
  /** Wall time, for the archive. */
  readonly startedAt: number;
  /** Monotonic, for the gate. */
  readonly sentAt: number;
  readonly durationMs: number;
}

/** Why a page did not come. */
export interface Why {
  readonly code: PageCode | null;
  readonly reason: string;
}

interface HeaderNames {
  /** Headers that say how the list goes on. */
  readonly pagingHeaders: readonly string[];
  readonly secretParams: readonly string[];
}

/** What the archive is told of a page whose last attempt this was. */
export function arrivedPage(
  task: Task,
  state: PageState,
  response: RawResponse | null,
  why: Why | null,
  timing: Timing,
  { pagingHeaders, secretParams }: HeaderNames,
): ArrivedPage {
  const page: ArrivedPage = {
    place: task.request.place,
    url: task.shownUrl,
    state,
    status: response?.status ?? null,
    headers: response === null ? null : keptHeaders(response.headers, secretParams),
    encoding: response === null ? null : singleHeader(response.headers['content-encoding']),
    bodyBytes: response?.bodyBytes ?? 0,
    code: why?.code ?? null,
    reason: why?.reason ?? null,
    attempts: task.attempts,
    startedAt: timing.startedAt,
    durationMs: timing.durationMs,
    log: task.log,
  };
  if (pagingHeaders.length === 0 || response === null) return page;
  return { ...page, paging: pickHeaders(response.headers, pagingHeaders) };
}

/** Keeps a try that did not end its page. */
export function logTry(
  task: Task,
  { startedAt, durationMs }: Pick<Timing, 'startedAt' | 'durationMs'>,
  outcome: string,
  toldToWaitMs: number | null,
  status: number | null,
): void {
  const { place } = task.request;
  const number = task.log.length + 1;
  task.log.push({ place, number, startedAt, durationMs, status, outcome, toldToWaitMs });
}
