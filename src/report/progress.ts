import type { Clock } from '../core/clock.ts';
import type { EventSink, PauseCause, Phase } from '../core/events.ts';
import { isRecheck, placeName } from '../core/page-request.ts';

/** Where a run stands at one moment. */
export interface ProgressSnapshot {
  readonly phase: Phase;
  readonly total: number | null;
  /** Pages in a final state, those of earlier runs included. */
  readonly done: number;
  readonly failed: number;
  /** Pages that were read again. */
  readonly checked: number;
  readonly retries: number;
  readonly elapsedMs: number;
  /** Smoothed over about 5 s, pauses included; null before the first page. */
  readonly pagesPerSecond: number | null;
  /** Bodies as they came, smoothed in the same way. */
  readonly bytesPerSecond: number | null;
  /** What a server says about its limit, as it last said it; null if none does. */
  readonly limit: string | null;
  /** Null if it is not known. */
  readonly leftMs: number | null;
  /** The longest wait; `making`: for a page that the server is still making. */
  readonly pause: Wait | null;
}

export interface Wait {
  readonly cause: PauseCause | 'making';
  readonly reason: string;
  /** Infinity for a pause of the user's. */
  readonly leftMs: number;
}

export interface Progress {
  readonly sink: EventSink;
  /** Advances the smoothed rate to now. */
  snapshot(): ProgressSnapshot;
}

const smoothingMs = 5000;

export function createProgress(clock: Clock): Progress {
  const startedAt = clock.now();
  /** By limiter, or by the place of a page that is waited for, which no limiter is called. */
  const pauses = new Map<string, Omit<Wait, 'leftMs'> & { readonly until: number }>();
  let phase: ProgressSnapshot['phase'] = 'fetching';
  let total: number | null = null;
  let done = 0;
  let failed = 0;
  let checked = 0;
  let retries = 0;
  let fetched = 0;
  let hasPaused = false;

  let sampledAt = startedAt;
  let sampledFetched = 0;
  let bytes = 0;
  let sampledBytes = 0;
  let averageBytes = 0;
  let limit: string | null = null;
  // An exponential average with the weight it has gathered, so that it is unbiased from the start.
  let average = 0;
  let weight = 0;

  function sample(now: number): void {
    const elapsedMs = now - sampledAt;
    if (elapsedMs <= 0) return;
    const rate = ((fetched - sampledFetched) * 1000) / elapsedMs;
    const byteRate = ((bytes - sampledBytes) * 1000) / elapsedMs;
    const share = 1 - Math.exp(-elapsedMs / smoothingMs);
    average += (rate - average) * share;
    averageBytes += (byteRate - averageBytes) * share;
    weight += (1 - weight) * share;
    sampledAt = now;
    sampledFetched = fetched;
    sampledBytes = bytes;
  }

  function longestPause(now: number): Wait | null {
    let longest: { cause: Wait['cause']; reason: string; until: number } | null = null;
    for (const pause of pauses.values()) {
      if (longest === null || pause.until > longest.until) longest = pause;
    }
    if (longest === null) return null;
    const { cause, reason, until } = longest;
    return { cause, reason, leftMs: Math.max(0, until - now) };
  }

  return {
    sink(event) {
      switch (event.type) {
        case 'start':
          total = event.total;
          done = event.resumed?.stored ?? 0;
          if (event.exportOnly) phase = 'exporting';
          break;
        case 'total':
          total = event.total;
          break;
        case 'page':
          fetched += 1;
          bytes += event.bodyBytes;
          pauses.delete(placeName(event.place));
          if (isRecheck(event.place)) checked += 1;
          else if (event.state !== 'beyond-end') {
            done += 1;
            if (event.state === 'failed') failed += 1;
          }
          break;
        case 'not-ready':
          pauses.set(placeName(event.place), {
            cause: 'making',
            reason: event.reason,
            until: clock.now() + event.delayMs,
          });
          break;
        case 'retry':
          retries += 1;
          break;
        case 'pause':
        case 'pause-extended':
          // A pause by the user says nothing about the pace of the rest.
          hasPaused ||= event.cause !== 'user';
          pauses.set(event.limiter, {
            cause: event.cause,
            reason: event.reason,
            until: clock.now() + (event.durationMs ?? Number.POSITIVE_INFINITY),
          });
          break;
        case 'resume':
          pauses.delete(event.limiter);
          break;
        case 'limit':
          limit = event.said;
          break;
        case 'phase':
          phase = event.phase;
          break;
      }
    },
    snapshot() {
      const now = clock.now();
      const pause = longestPause(now);
      sample(now);
      const pagesPerSecond = fetched > 0 && weight > 0 ? average / weight : null;
      const remaining = total === null ? null : Math.max(0, total - done);
      // Under a limit, fetching and pausing alternate: only the whole run's mean holds both.
      const steady = hasPaused ? (fetched * 1000) / (now - startedAt) : pagesPerSecond;
      const leftMs =
        remaining === null || steady === null || !(steady > 1e-6) || pause?.cause === 'user'
          ? null
          : (remaining / steady) * 1000 + (pause?.leftMs ?? 0);
      return {
        phase,
        total,
        // An empty page past the end is not part of the list.
        done: total === null ? done : Math.min(done, total),
        failed,
        checked,
        retries,
        elapsedMs: now - startedAt,
        pagesPerSecond,
        bytesPerSecond: fetched > 0 && weight > 0 ? averageBytes / weight : null,
        limit,
        leftMs,
        pause,
      };
    },
  };
}
