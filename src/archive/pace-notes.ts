/** What an archive keeps of when and how fast it was asked: the pauses, and each change of the pace. */
import type { PaceChange, PaceNotes, PauseRecord } from './archive-types.ts';
import type { Connection } from './sqlite.ts';

type PauseRow = [
  limiter: string,
  startedAt: number,
  until: number,
  endedAt: number | null,
  cause: PauseRecord['cause'],
  reason: string,
];

type ChangeRow = [
  limiter: string,
  at: number,
  concurrency: number,
  perSecond: number | null,
  statedPerSecond: number | null,
  by: PaceChange['by'],
];

/** A pause that was written before, when it began, is replaced. */
export function writePaceNotes(connection: Connection, { pauses, changes }: PaceNotes): void {
  if (pauses.length > 0) {
    const write = connection.writer('INSERT OR REPLACE INTO pause VALUES (?, ?, ?, ?, ?, ?)');
    for (const { limiter, startedAt, until, endedAt, cause, reason } of pauses) {
      write(limiter, whole(startedAt), whole(until), endedAt && whole(endedAt), cause, reason);
    }
  }
  if (changes.length === 0) return;
  const write = connection.writer('INSERT OR REPLACE INTO pace_change VALUES (?, ?, ?, ?, ?, ?)');
  for (const { limiter, at, concurrency, perSecond, statedPerSecond, by } of changes) {
    write(limiter, whole(at), concurrency, perSecond, statedPerSecond, by);
  }
}

/** All of them, the oldest first. */
export function readPaceNotes(connection: Connection): PaceNotes {
  const pauses = connection.query<PauseRow>(
    'SELECT limiter, started_at, until, ended_at, cause, reason FROM pause ORDER BY started_at',
  );
  const changes = connection.query<ChangeRow>(
    'SELECT limiter, at, concurrency, per_second, stated_per_second, set_by FROM pace_change ORDER BY at',
  );
  return {
    pauses: pauses.all().map(([limiter, startedAt, until, endedAt, cause, reason]) => ({
      limiter,
      startedAt,
      until,
      endedAt,
      cause,
      reason,
    })),
    changes: changes.all().map(([limiter, at, concurrency, perSecond, statedPerSecond, by]) => ({
      limiter,
      at,
      concurrency,
      perSecond,
      statedPerSecond,
      by,
    })),
  };
}

/** The columns hold whole milliseconds. */
function whole(ms: number): number {
  return Math.round(ms);
}
