import type { FailedPage, RecordEvidence, Summary, Verdict } from '../../src/core/summary.ts';

const written = {
  destination: 'items.ndjson',
  records: 25_000,
  bytes: 12_400_000,
  leftOut: 0,
  partial: false,
};

export const complete: Summary = {
  verdict: {
    name: 'proven',
    planned: 500,
    stored: 500,
    failed: 0,
    pending: 0,
    beyondEnd: 0,
    end: 'list',
    reasons: [],
    evidence: [],
    records: null,
  },
  pagination: null,
  readings: 1,
  stop: null,
  fetched: 500,
  failures: [],
  retries: 3,
  pausedMs: 4000,
  outageMs: 0,
  durationMs: 14_200,
  bodyBytes: 2_500_000,
  connections: { 'HTTP/1.1': 0, 'HTTP/2': 1 },
  pace: [
    {
      limiter: 'https://a.example',
      by: 'latency',
      perSecond: null,
      concurrency: 24,
      windowMs: null,
    },
  ],
  output: written,
  outputs: [written],
  archivePath: 'items.ndjson.everypage',
};

export function failedPage(position: number): FailedPage {
  return {
    place: { branch: 0, position },
    url: `https://a.example/?page=${position}`,
    status: 404,
    code: 'HTTP_404',
    reason: 'Not Found',
    attempts: 1,
  };
}

export const incomplete: Summary = {
  ...complete,
  verdict: {
    ...complete.verdict,
    name: 'incomplete',
    stored: 463,
    failed: 37,
    reasons: ['37 pages failed'],
    evidence: [],
  },
  failures: Array.from({ length: 20 }, (_, index) => failedPage(index)),
  output: null,
  outputs: [],
  archivePath: 'items.ndjson.everypage.part',
};

/** The verdict of 14 pages with 137 records. */
export function pagedVerdict(
  change: Partial<Verdict> = {},
  records: Partial<RecordEvidence> = {},
): Verdict {
  return {
    name: 'complete',
    planned: 14,
    stored: 14,
    failed: 0,
    pending: 0,
    beyondEnd: 1,
    end: 'total',
    reasons: [],
    evidence: [],
    records: {
      fetched: 137,
      counts: 'list',
      written: records.fetched ?? 137,
      output: 'records',
      totalAtStart: 137,
      totalAtEnd: 137,
      unique: 137,
      duplicates: 0,
      sharedKeys: [],
      gaps: [],
      changed: [],
      restarts: [],
      ...records,
    },
    ...change,
  };
}
