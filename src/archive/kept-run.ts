/**
 * What an archive keeps of its run: what was asked for, and how far it came.
 * What was asked for says whether two runs are the same, not how or for whom it was asked.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
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
  /** Records there must be, as the user says; null where that was not said. */
  readonly expect: number | null;
  /** What the output takes of each page of a list of URLs; null for whole pages. */
  readonly selection: string | null;
  readonly planCount: number | null;
  readonly planDigest: Uint8Array | null;
  readonly planEnd: PlanEnd | null;
  readonly pagination: Pagination | null;
  readonly verdict: VerdictName | null;
  readonly completedAt: number | null;
  readonly exportedAt: number | null;
}

/** As it stands in the table: JSON as text, and the verdict as whoever made the file wrote it. */
type KeptColumns = {
  readonly [K in keyof RunRow]: K extends 'specification'
    ? string
    : K extends 'planEnd' | 'pagination' | 'verdict'
      ? string | null
      : RunRow[K];
};

const verdictNames: Readonly<Record<VerdictName, true>> = {
  proven: true,
  complete: true,
  unverified: true,
  incomplete: true,
  drifted: true,
  capped: true,
};

export function readRun(connection: Connection): RunRow {
  const [row] = connection.objects<KeptColumns>(
    `SELECT fingerprint, specification, created_at AS createdAt, max_decoded_bytes AS maxDecodedBytes, expect,
       selection, plan_count AS planCount, plan_digest AS planDigest, plan_end AS planEnd, pagination, verdict,
       completed_at AS completedAt, exported_at AS exportedAt FROM run`,
  );
  if (row === undefined) throw connection.damaged('it does not say what was asked for');
  const { specification, planEnd, pagination, verdict } = row;
  if (verdict !== null && !isVerdictName(verdict)) {
    throw connection.damaged('its verdict is none that is known');
  }
  if (row.maxDecodedBytes < 1) throw connection.damaged('its limit on bodies is none');
  return {
    ...row,
    specification: readSpecification(specification, connection),
    planEnd: planEnd === null ? null : readPlanEnd(planEnd, connection),
    pagination: pagination === null ? null : readPagination(pagination, connection),
    verdict,
  };
}

/** Writes what may change during a run. */
export function writeRun(connection: Connection, run: RunRow): void {
  connection.writer(
    `UPDATE run SET max_decoded_bytes = ?, expect = ?, selection = ?, plan_count = ?, plan_digest = ?, plan_end = ?,
       pagination = ?, verdict = ?, completed_at = ?, exported_at = ?`,
  )(
    run.maxDecodedBytes,
    run.expect,
    run.selection,
    run.planCount,
    run.planDigest,
    run.planEnd === null ? null : JSON.stringify(run.planEnd),
    run.pagination === null ? null : JSON.stringify(run.pagination),
    run.verdict,
    run.completedAt,
    run.exportedAt,
  );
  writeRunChecksum(connection);
}

/** Covers all that the row says; to be written after each change of it. */
export function writeRunChecksum(connection: Connection): void {
  connection.writer('UPDATE run SET checksum = ?')(runChecksum(connection));
}

/** @throws EverypageError ARCHIVE_DAMAGED where the row is not as it was written */
export function checkRun(connection: Connection): void {
  const [checksum] = connection.query<[number | null]>('SELECT checksum FROM run').get()!;
  if (checksum === runChecksum(connection)) return;
  throw connection.damaged('what it says of its run is not what was written');
}

function runChecksum(connection: Connection): number {
  const row = connection.query<[string]>(
    `SELECT json_array(hex(fingerprint), specification, created_at, max_decoded_bytes, expect, selection, plan_count,
       hex(plan_digest), plan_end, pagination, verdict, completed_at, exported_at) FROM run`,
  );
  return crc32(row.get()![0]);
}

function isVerdictName(name: string): name is VerdictName {
  return Object.hasOwn(verdictNames, name);
}

/** SHA-256, 32 bytes. Equal for specifications that ask for the same pages. */
export function fingerprintOf(specification: RunSpecification): Uint8Array {
  // JSON quotes and nests, so no two specifications share a text; an array has no order of keys.
  const { sources, method, bodyDigest, headers, pagination, failWhen } = specification;
  const list: unknown[] = ['everypage 1', sources, method, bodyDigest, ordered(headers)];
  // As it was before there were these, so that unfinished archives without them go on.
  if (pagination !== null) list.push(pagination);
  if (failWhen !== undefined) list.push({ failWhen });
  const text = JSON.stringify(list);
  return new Uint8Array(createHash('sha256').update(text).digest());
}

/** RFC 9110, section 5.3: the order of fields with different names has no meaning. */
function ordered(headers: RunSpecification['headers']): RunSpecification['headers'] {
  return headers.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * What tells an archive's run from every other, for those who get its records: the same when it resumes, and
 * whenever it is read again.
 */
export function runIdOf({ fingerprint, createdAt }: RunRow): string {
  const hash = createHash('sha256').update(fingerprint).update(String(createdAt));
  return hash.digest('hex').slice(0, 32);
}

const MAX_URL_LINES = 5;

/**
 * Lines that say what differs between the run an archive is of and the one that is wanted; none
 * where the two have the same fingerprint.
 *
 * @example ['URL: was https://a.example/1, is https://a.example/2', 'method: was GET, is POST']
 */
export function differences(stored: RunSpecification, wanted: RunSpecification): string[] {
  return [
    ...differentUrls(stored.sources, wanted.sources),
    ...different('method', stored.method, wanted.method),
    ...different('body', digest(stored.bodyDigest), digest(wanted.bodyDigest)),
    ...differentHeaders(stored.headers, wanted.headers),
    ...different('--fail-when', stored.failWhen, wanted.failWhen),
    ...different('pagination', stored.pagination ?? undefined, wanted.pagination ?? undefined),
  ];
}

function differentUrls(stored: readonly string[], wanted: readonly string[]): string[] {
  const count = Math.max(stored.length, wanted.length);
  const lines: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = count === 1 ? 'URL' : `URL ${index + 1}`;
    lines.push(...different(name, stored[index], wanted[index]));
  }
  const more = lines.length - MAX_URL_LINES;
  return more > 1 ? [...lines.slice(0, MAX_URL_LINES), `and ${more} more URLs`] : lines;
}

function differentHeaders(
  stored: RunSpecification['headers'],
  wanted: RunSpecification['headers'],
): string[] {
  const names = new Set([...stored, ...wanted].map(([name]) => name));
  return [...names]
    .toSorted()
    .flatMap((name) =>
      different(`header ${name}`, headerValue(stored, name), headerValue(wanted, name)),
    );
}

function headerValue(headers: RunSpecification['headers'], wanted: string): string | undefined {
  const values = headers.filter(([name]) => name === wanted).map(([, value]) => value);
  // As JSON where there are several, since a value may hold a comma itself.
  return values.length > 1 ? JSON.stringify(values) : values[0];
}

function digest(hex: string | null): string | undefined {
  return hex === null ? undefined : `SHA-256 ${hex}`;
}

function different(name: string, was: string | undefined, is: string | undefined): string[] {
  return was === is ? [] : [`${name}: was ${was ?? 'not given'}, is ${is ?? 'not given'}`];
}
