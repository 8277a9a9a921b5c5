import type { DatabaseSync } from 'node:sqlite';
import type { VerdictName } from '../core/summary.ts';
import type { RunSpecification } from './archive-types.ts';
import { damaged, query } from './sqlite.ts';

/** The one row of table `run`. Times are milliseconds since 1970. */
export interface RunRow {
  readonly fingerprint: Uint8Array;
  readonly specification: RunSpecification;
  readonly createdAt: number;
  readonly planCount: number | null;
  readonly planDigest: Uint8Array | null;
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
  verdict: string | null,
  completedAt: number | null,
  exportedAt: number | null,
];

export function readRun(database: DatabaseSync, path: string): RunRow {
  const row = query<Columns>(
    database,
    `SELECT fingerprint, specification, created_at, plan_count, plan_digest, verdict,
       completed_at, exported_at FROM run`,
  ).get();
  if (row === undefined) throw damaged(path, 'it does not say what was asked for');
  const verdict = row[5];
  if (verdict !== null && verdict !== 'complete' && verdict !== 'incomplete') {
    throw damaged(path, 'its verdict is none that is known');
  }
  return {
    fingerprint: row[0],
    specification: readSpecification(row[1], path),
    createdAt: row[2],
    planCount: row[3],
    planDigest: row[4],
    verdict,
    completedAt: row[6],
    exportedAt: row[7],
  };
}

function readSpecification(text: string, path: string): RunSpecification {
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Falls through: not a specification.
  }
  if (!isSpecification(value)) throw damaged(path, 'its description of the run cannot be read');
  return value;
}

function isSpecification(value: unknown): value is RunSpecification {
  if (typeof value !== 'object' || value === null) return false;
  const { sources, method, bodyDigest, headers } = value as Record<string, unknown>;
  return (
    areStrings(sources) &&
    typeof method === 'string' &&
    (bodyDigest === null || typeof bodyDigest === 'string') &&
    Array.isArray(headers) &&
    headers.every((header) => areStrings(header) && header.length === 2)
  );
}

function areStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
