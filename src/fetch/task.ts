import type { AttemptRecord } from '../archive/archive-types.ts';
import type { PageRequest } from '../core/page-request.ts';

/** One page on its way: its request and what has been tried so far. */
export interface Task {
  readonly request: PageRequest;
  /** `https://host:port` */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  readonly key: Uint8Array;
  /** Redacted. */
  readonly shownUrl: string;
  /** Attempts that count: refusals (429) and requests the server never processed do not. */
  attempts: number;
  /** Spent in attempts and backoff, pauses left out: what `--retry-max-time` bounds. */
  spentMs: number;
  /** Tries that did not end the page, to be archived with it. */
  readonly log: AttemptRecord[];
}

export function createTask(request: PageRequest, key: Uint8Array, shownUrl: string): Task {
  // The plan has normalised the URL, so the path begins at the first slash after `https://`.
  const pathAt = request.url.indexOf('/', 8);
  return {
    request,
    origin: request.url.slice(0, pathAt),
    path: request.url.slice(pathAt),
    key,
    shownUrl,
    attempts: 0,
    spentMs: 0,
    log: [],
  };
}
