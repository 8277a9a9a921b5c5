import type { DatabaseSync } from 'node:sqlite';
import type { PlanEnd } from '../core/page-info.ts';
import type { Pagination } from '../core/pagination.ts';
import type { VerdictName } from '../core/summary.ts';
import type { RunSpecification } from './archive-types.ts';
import { readPagination, readPlanEnd, readSpecification } from './kept-json.ts';
import { damaged, query, writer } from './sqlite.ts';

/** The one row of table `run`. Times are milliseconds since 1970. */
export interface RunRow {
  readonly fingerprint: Uint8Array;
  readonly specification: RunSpecification;
  readonly createdAt: number;
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

export function readRun(database: DatabaseSync, path: string): RunRow {
  const row = query<Columns>(
    database,
    `SELECT fingerprint, specification, created_at, plan_count, plan_digest, plan_end, pagination,
       verdict, completed_at, exported_at FROM run`,
  ).get();
  if (row === undefined) throw damaged(path, 'it does not say what was asked for');
  const [fingerprint, specification, createdAt, planCount, planDigest, ...changing] = row;
  const [planEnd, pagination, verdict, completedAt, exportedAt] = changing;
  if (verdict !== null && !isVerdictName(verdict)) {
    throw damaged(path, 'its verdict is none that is known');
  }
  return {
    fingerprint,
    specification: readSpecification(specification, path),
    createdAt,
    planCount,
    planDigest,
    planEnd: planEnd === null ? null : readPlanEnd(planEnd, path),
    pagination: pagination === null ? null : readPagination(pagination, path),
    verdict,
    completedAt,
    exportedAt,
  };
}

/** Writes what may change during a run. */
export function writeRun(database: DatabaseSync, run: RunRow): void {
  writer(
    database,
    `UPDATE run SET plan_count = ?, plan_digest = ?, plan_end = ?, pagination = ?, verdict = ?,
         completed_at = ?, exported_at = ?`,
  ).run(
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
