/** A made-up API for the tests of detection, and what it takes to read its list whole. */
import assert from 'node:assert/strict';
import type { PageRequest } from '../../src/core/page-request.ts';
import type { Pagination } from '../../src/core/pagination.ts';
import type { PageView } from '../../src/plan/detect/page-view.ts';
import { MAX_REQUESTS } from '../../src/plan/detect/try-candidates.ts';
import { items, startAt, viewOf } from './detect-pages.ts';
import { type DetectedRun, runDetected } from './detect-run.ts';

interface Reply {
  readonly json: unknown;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Api = (query: URLSearchParams, request: PageRequest) => Reply;

export const HOST = 'https://api.example';

export const serve =
  (api: Api) =>
  async (request: PageRequest): Promise<PageView> => {
    const { json, status, headers } = api(new URL(request.url).searchParams, request);
    return viewOf(request, json, headers, status);
  };

export const LENGTH = 137;
const lines = items(0, LENGTH).map((item) => JSON.stringify(item));

export const number = (text: string | null, otherwise: number): number => Number(text ?? otherwise);

/** The records from a place on, as a page of twenty. */
export const pageFrom = (at: number): object[] => items(at, Math.min(LENGTH, at + 20));

export interface Asked {
  readonly path?: string;
  /** Of a POST. */
  readonly body?: string;
  readonly pinned?: Partial<Pagination>;
}

/** Reads the list as a run would, and expects every record of it once and in order. */
export async function readWhole(api: Api, asked: Asked | string = {}): Promise<DetectedRun> {
  const {
    path = '/things',
    body = null,
    pinned = {},
  } = typeof asked === 'string' ? { path: asked } : asked;
  const run = await runDetected(startAt(`${HOST}${path}`, body), serve(api), pinned);
  assert.deepEqual(run.records, lines, run.found.evidence.join('; '));
  assert.ok(run.found.responses.length <= MAX_REQUESTS);
  return run;
}
