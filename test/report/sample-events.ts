import type { RunEvent } from '../../src/core/events.ts';
import { complete } from './sample-summary.ts';

type PageEvent = Extract<RunEvent, { type: 'page' }>;

export function pageEvent(position: number, more: Partial<PageEvent> = {}): RunEvent {
  return {
    type: 'page',
    place: { branch: 0, position },
    method: 'GET',
    url: `https://a.example/?page=${position}`,
    state: 'stored',
    status: 200,
    code: null,
    reason: null,
    bodyBytes: 4900,
    durationMs: 34,
    attempts: 1,
    ...more,
  };
}

export function startEvent(total: number | null, stored = 0): RunEvent {
  return {
    type: 'start',
    total,
    archivePath: 'a.everypage.part',
    resumed: stored === 0 ? null : { stored, ageMs: 60_000 },
    exportOnly: false,
  };
}

export function pauseEvent(durationMs: number, reason: string): RunEvent {
  return {
    type: 'pause',
    limiter: 'https://a.example',
    cause: 'limit',
    reason,
    durationMs,
    untilWallTime: Date.UTC(2025, 0, 1) + durationMs,
  };
}

export function retryEvent(reason: string): RunEvent {
  return {
    type: 'retry',
    place: { branch: 0, position: 3 },
    method: 'GET',
    url: 'https://a.example/?page=3',
    attempt: 1,
    status: 503,
    code: 'HTTP_503',
    reason,
    durationMs: 40,
    delayMs: 1200,
  };
}

/** Every kind of event, with text that a hostile server could have sent. */
export function hostileEvents(hostile: string): readonly RunEvent[] {
  return [
    startEvent(5),
    { type: 'total', total: 6 },
    { type: 'phase', phase: 'fetching' },
    retryEvent(hostile),
    pauseEvent(4000, hostile),
    pageEvent(1, { url: `https://a.example/${hostile}` }),
    pageEvent(2, { state: 'failed', status: 404, reason: hostile }),
    { type: 'warning', code: 'ECHOED', message: hostile },
    { type: 'resume', limiter: hostile, ended: false },
    { type: 'end', summary: complete },
  ];
}

/** Moves the cursor, colours, rings, reverses the reading order, and ends a line. */
export const hostileText = '\u001b[2J\u001b[31mred\u0007\u009b1A\u202eback\nline\r\u0000';
