import type { AttemptKind } from './report-data.ts';

interface Attempt {
  readonly status: number | null;
  /** `ok`, or why it brought no page. */
  readonly outcome: string;
  readonly toldToWaitMs: number | null;
}

const NOT_READY = 202;
const TOO_MANY_REQUESTS = 429;

/** What became of an attempt, as the archive keeps it. */
export function kindOf({ status, outcome, toldToWaitMs }: Attempt): AttemptKind {
  if (outcome === 'ok') return 'ok';
  if (status === TOO_MANY_REQUESTS || (toldToWaitMs !== null && status !== NOT_READY)) {
    return 'refused';
  }
  if (status === null) return 'no-answer';
  return status >= 500 ? 'server-error' : 'not-a-page';
}
