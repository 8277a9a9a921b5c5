/** What an archive keeps of the pace: what was measured of each limiter, the pauses, and each change. */
import type { PaceNotes } from './archive-types.ts';
import type { Connection } from './sqlite.ts';

/**
 * What a run measured of each limiter, by the limiter's name, so that one that goes on begins where
 * it was. What an entry holds is pace/'s.
 */
export type KeptPace = Readonly<Record<string, unknown>>;

/** Entries that cannot be read are left out: they only spare some measuring. */
export function readPace(connection: Connection): KeptPace {
  const rows = connection.query<[string, string]>('SELECT limiter, state FROM pace').all();
  return Object.fromEntries(rows.flatMap(([limiter, text]) => entryOf(limiter, text)));
}

function entryOf(limiter: string, text: string): [string, unknown][] {
  try {
    return [[limiter, JSON.parse(text)]];
  } catch {
    return [];
  }
}

export function writePace(connection: Connection, kept: KeptPace): void {
  const write = connection.writer('INSERT OR REPLACE INTO pace VALUES (?, ?)');
  for (const [limiter, state] of Object.entries(kept)) write(limiter, JSON.stringify(state));
}

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
  return {
    pauses: connection.objects(
      'SELECT limiter, started_at AS startedAt, until, ended_at AS endedAt, cause, reason FROM pause ORDER BY started_at',
    ),
    changes: connection.objects(
      `SELECT limiter, at, concurrency, per_second AS perSecond, stated_per_second AS statedPerSecond,
         set_by AS "by" FROM pace_change ORDER BY at`,
    ),
  };
}

/** The columns hold whole milliseconds. */
function whole(ms: number): number {
  return Math.round(ms);
}
