/** Notes pauses and changes of the pace for the archive, which keeps them with the next batch of pages. */
import type { PaceChange, PaceNotes, PauseRecord } from '../archive/archive-types.ts';
import type { Clock } from '../core/clock.ts';
import type { RunEvent } from '../core/events.ts';
import type { KnownCredentials } from '../core/known-credentials.ts';
import type { LimiterRegistry } from './limiter-registry.ts';

/** Rates that headers allow change with every answer: what differs less is noted as the same. */
const SAME_RATE = 0.05;
/** And so often at most, which bounds the rows of a run that lasts for days. */
const RATE_EVERY_MS = 1_000;

interface PaceLogParts {
  readonly clock: Clock;
  readonly limiters: Pick<LimiterRegistry, 'paces'>;
  readonly credentials: Pick<KnownCredentials, 'withholdIn'>;
}

export class PaceLog {
  readonly #parts: PaceLogParts;
  /** The pause of each limiter that has not ended. */
  readonly #open = new Map<string, PauseRecord>();
  readonly #lastChange = new Map<string, PaceChange>();
  /** By limiter and beginning: a pause that grew since the last batch is one row. */
  readonly #pauses = new Map<string, PauseRecord>();
  #changes: PaceChange[] = [];

  constructor(parts: PaceLogParts) {
    this.#parts = parts;
  }

  /** Takes in an event about a pause; all others are nothing to it. */
  readonly event = (event: RunEvent): void => {
    switch (event.type) {
      case 'pause':
      case 'pause-extended': {
        const { limiter, cause, reason } = event;
        const open = this.#open.get(limiter);
        // When a pause of the user's ends is known when it has.
        const untilWallTime = event.untilWallTime ?? this.#parts.clock.wallTime();
        const startedAt = open?.startedAt ?? untilWallTime - (event.durationMs ?? 0);
        const until = Math.max(untilWallTime, open?.until ?? untilWallTime);
        this.#note({ limiter, startedAt, until, endedAt: null, cause, reason });
        return;
      }
      case 'resume': {
        const open = this.#open.get(event.limiter);
        if (open === undefined) return;
        const endedAt = this.#parts.clock.wallTime();
        this.#note({ ...open, until: open.cause === 'user' ? endedAt : open.until, endedAt });
        this.#open.delete(event.limiter);
      }
    }
  };

  #note(pause: PauseRecord): void {
    this.#open.set(pause.limiter, pause);
    this.#pauses.set(`${pause.limiter} ${pause.startedAt}`, pause);
  }

  /** Pauses that have not ended. */
  get open(): readonly PauseRecord[] {
    return [...this.#open.values()];
  }

  /** What is new since it was last called; null where nothing is. Looks at the pace of each limiter. */
  take(): PaceNotes | null {
    this.#look();
    if (this.#pauses.size === 0 && this.#changes.length === 0) return null;
    const notes = { pauses: [...this.#pauses.values()], changes: this.#changes };
    this.#pauses.clear();
    this.#changes = [];
    return this.#parts.credentials.withholdIn(notes);
  }

  #look(): void {
    const { clock, limiters } = this.#parts;
    const at = clock.wallTime();
    for (const pace of limiters.paces(clock.now())) {
      const change = { ...pace, at };
      const last = this.#lastChange.get(pace.limiter);
      if (last !== undefined && isSame(last, change)) continue;
      this.#lastChange.set(pace.limiter, change);
      this.#changes.push(change);
    }
  }
}

function isSame(last: PaceChange, now: PaceChange): boolean {
  if (now.concurrency !== last.concurrency || now.by !== last.by) return false;
  if (now.at - last.at < RATE_EVERY_MS) return true;
  return isNear(last.perSecond, now.perSecond) && isNear(last.statedPerSecond, now.statedPerSecond);
}

function isNear(last: number | null, now: number | null): boolean {
  if (last === null || now === null) return last === now;
  return Math.abs(now - last) <= SAME_RATE * last;
}
