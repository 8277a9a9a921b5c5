import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Archive } from '../../src/archive/archive.ts';
import type { AttemptRecord, PageRow, RunSpecification } from '../../src/archive/archive-types.ts';
import type { PageInfo } from '../../src/core/page-info.ts';
import { pageKey } from '../../src/core/page-request.ts';

export const specification: RunSpecification = {
  pagination: null,
  sources: ['https://api.example.com/items?page=[1-500]'],
  method: 'GET',
  bodyDigest: null,
  headers: [['accept', 'application/json']],
};

export const BORN_AT = 1_763_800_000_000;

/** A folder of its own for a test, removed when the test ends. */
export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'everypage-archive-'));
  context.after(() => {
    // A test may have made it read-only.
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export const MAX_DECODED_BYTES = 1_000_000;

export function openOrCreate(path: string): { archive: Archive; created: boolean } {
  return Archive.openOrCreate(path, specification, BORN_AT, MAX_DECODED_BYTES);
}

/** Where there is none yet. */
export function createArchive(path: string): Archive {
  const { archive, created } = openOrCreate(path);
  assert.ok(created);
  return archive;
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

/** A body that can be told from every other by its position, and whose hash shows a torn one. */
export function sampleBody(position: number, bodyBytes = 200): Uint8Array {
  const head = `{"position":${position},"fill":"`;
  return new TextEncoder().encode(
    `${head}${'x'.repeat(Math.max(0, bodyBytes - head.length - 2))}"}`,
  );
}

export function storedPage(position: number, change: Partial<PageRow> = {}): PageRow {
  const body = sampleBody(position);
  const url = `https://api.example.com/items?page=${position + 1}`;
  return {
    place: { branch: 0, position },
    key: pageKey({ method: 'GET', url, body: null }),
    url,
    state: 'stored',
    status: 200,
    headers: '{"content-type":"application/json"}',
    encoding: null,
    body,
    hash: sha256(body),
    records: 1,
    pageInfo: null,
    keys: [],
    code: null,
    reason: null,
    attempts: 1,
    startedAt: BORN_AT + position,
    durationMs: 12.25,
    ...change,
  };
}

export function failedPage(position: number, change: Partial<PageRow> = {}): PageRow {
  return storedPage(position, {
    state: 'failed',
    status: 503,
    headers: null,
    body: null,
    hash: null,
    records: null,
    code: 'HTTP_503',
    reason: 'HTTP 503',
    attempts: 6,
    ...change,
  });
}

export function attemptAt(position: number, change: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    place: { branch: 0, position },
    number: 1,
    startedAt: BORN_AT + position,
    durationMs: 3.5,
    status: 200,
    outcome: 'ok',
    toldToWaitMs: null,
    bodyBytes: 2000,
    ...change,
  };
}

export function storedPages(from: number, to: number): PageRow[] {
  return Array.from({ length: to - from }, (_, index) => storedPage(from + index));
}

/** The info of a page of a paginated list; `records` is all it has to say. */
export function pageInfoOf(records: number, change: Partial<PageInfo> = {}): PageInfo {
  return {
    records,
    next: null,
    more: null,
    total: null,
    totalIsLowerBound: false,
    totalPages: null,
    echoedSize: null,
    echoedPosition: null,
    digest: null,
    firstKey: null,
    lastKey: null,
    nextSeenAt: null,
    recordsSeenAt: null,
    ...change,
  };
}
