/** What an archive keeps of its run: the one row of table `run`, and the pace of each limiter. */
import type { PlanEnd } from '../core/page-info.ts';
import type { Pagination } from '../core/pagination.ts';
import type { VerdictName } from '../core/summary.ts';
import type { RunSpecification } from './archive-types.ts';
import { readPagination, readPlanEnd, readSpecification } from './kept-json.ts';
import type { Connection } from './sqlite.ts';

/** The one row of table `run`. Times are milliseconds since 1970. */
export interface RunRow {
  readonly fingerprint: Uint8Array;
  readonly specification: RunSpecification;
  readonly createdAt: number;
  /** No body in the archive is larger once decoded. */
  readonly maxDecodedBytes: number;
  readonly planCount: number | null;
  readonly planDigest: Uint8Array | null;
  readonly planEnd: PlanEnd | null;
  readonly pagination: Pagination | null;
  readonly verdict: VerdictName | null;
  readonly completedAt: number | null;
  readonly exportedAt: number | null;
}

type Columns = [
  fingerprint: Uint8Array,
  specification: string,
  createdAt: number,
  maxDecodedBytes: number,
  planCount: number | null,
  planDigest: Uint8Array | null,
  planEnd: string | null,
  pagination: string | null,
  verdict: string | null,
  completedAt: number | null,
  exportedAt: number | null,
];

const verdictNames: Readonly<Record<VerdictName, true>> = {
  complete: true,
  unverified: true,
  incomplete: true,
  drifted: true,
  capped: true,
};

export function readRun(connection: Connection): RunRow {
  const row = connection
    .query<Columns>(
      `SELECT fingerprint, specification, created_at, max_decoded_bytes, plan_count, plan_digest,
         plan_end, pagination, verdict, completed_at, exported_at FROM run`,
    )
    .get();
  if (row === undefined) throw connection.damaged('it does not say what was asked for');
  const [fingerprint, specification, createdAt, maxDecodedBytes, ...changing] = row;
  const [planCount, planDigest, planEnd, pagination, verdict, completedAt, exportedAt] = changing;
  if (verdict !== null && !isVerdictName(verdict)) {
    throw connection.damaged('its verdict is none that is known');
  }
  if (maxDecodedBytes < 1) throw connection.damaged('its limit on bodies is none');
  return {
    fingerprint,
    specification: readSpecification(specification, connection),
    createdAt,
    maxDecodedBytes,
    planCount,
    planDigest,
    planEnd: planEnd === null ? null : readPlanEnd(planEnd, connection),
    pagination: pagination === null ? null : readPagination(pagination, connection),
    verdict,
    completedAt,
    exportedAt,
  };
}

/** Writes what may change during a run. */
export function writeRun(connection: Connection, run: RunRow): void {
  connection.writer(
    `UPDATE run SET max_decoded_bytes = ?, plan_count = ?, plan_digest = ?, plan_end = ?,
       pagination = ?, verdict = ?, completed_at = ?, exported_at = ?`,
  )(
    run.maxDecodedBytes,
    run.planCount,
    run.planDigest,
    run.planEnd === null ? null : JSON.stringify(run.planEnd),
    run.pagination === null ? null : JSON.stringify(run.pagination),
    run.verdict,
    run.completedAt,
    run.exportedAt,
  );
}

function isVerdictName(name: string): name is VerdictName {
  return Object.hasOwn(verdictNames, name);
}

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
