/** What a user may ask of a run, and what it means once resolved. */
import type { EventSink } from './events.ts';
import type { Method } from './page-request.ts';
import type { Secret } from './secret.ts';

/**
 * Options of a run. All are optional; times are milliseconds, sizes are bytes.
 */
export interface RunOptions {
  /** Where records go: a path ending in `.ndjson`, `.jsonl`, `.json` or `.everypage` (archive alone). Default: nowhere. */
  readonly output?: string;
  /** Overrides what the output's extension says. */
  readonly format?: 'ndjson' | 'json';
  /** Dotted path to the records in a page (`data.items`). Default: one record a page, the whole page. */
  readonly select?: string;
  /** Default `GET`, or `POST` where `body` is given. A POST is taken as a read and may be retried. */
  readonly method?: Method;
  /** Own headers. Default: `accept: application/json` and a `user-agent`. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
  /** `user:password` for Basic authentication. */
  readonly user?: string;
  /** Take URL strings as they stand: no ranges, no sets. Default false. */
  readonly literal?: boolean;
  /** Proxy URL; `''` for none. Default: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment. */
  readonly proxy?: string;
  /** Accept any certificate. Default false. */
  readonly insecure?: boolean;
  /** PEM files: own authority, client certificate, its key. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Default `auto`: by ALPN, HTTP/2 first. */
  readonly protocol?: 'auto' | 'http1' | 'http2';
  /** Most requests in flight at once. Default 5, at most 1,000. */
  readonly concurrency?: number;
  /** Retries of one page after its first attempt. Default 5. */
  readonly retries?: number;
  /** Longest one page may take over all its attempts, pauses not counted. Default 5 minutes. */
  readonly retryMaxTimeMs?: number;
  /** Longest the run waits for a deadline that a server stated. Default 1 hour. */
  readonly maxWaitMs?: number;
  /** Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Longest silence within an attempt. Default 30 s. */
  readonly idleTimeoutMs?: number;
  /** Longest attempt. Default 120 s. */
  readonly timeoutMs?: number;
  /** Longest run; then it stops, resumable. Default: none. */
  readonly deadlineMs?: number;
  /** Most pages this run may request; then it stops, resumable. Default: none. */
  readonly maxPages?: number;
  /** Largest body on the wire. Default 64 MiB. */
  readonly maxBodyBytes?: number;
  /** Largest body after decoding. Default 256 MiB. */
  readonly maxDecodedBytes?: number;
  /** Where the archive is. Default: beside the output, or in the state folder. */
  readonly archive?: string;
  /** Discard an unfinished archive and begin again. Default false. */
  readonly fresh?: boolean;
  /** Keep the archive once the output is written. Default true beside an output file. */
  readonly keep?: boolean;
  /** Write the output and end well although pages failed. Default false. */
  readonly allowIncomplete?: boolean;
  /** Origins that redirects may lead to; they get no credentials and no own headers. Default none. */
  readonly allowOrigins?: readonly string[];
  /** More query parameters to treat as credentials. */
  readonly secretParams?: readonly string[];
  /** Stops the run; what is stored stays and the same call goes on. */
  readonly signal?: AbortSignal;
  readonly onEvent?: EventSink;
}

export interface Header {
  /** Lower case. */
  readonly name: string;
  readonly value: string | Secret;
}

/** `RunOptions` with every default filled in and every value checked; frozen. */
export interface ResolvedOptions {
  readonly output: string | null;
  /** Null: what the output's extension says, NDJSON where there is none. */
  readonly format: 'ndjson' | 'json' | null;
  readonly select: string | null;
  readonly method: Method;
  readonly headers: readonly Header[];
  readonly body: Uint8Array | null;
  readonly literal: boolean;
  readonly proxy: string | null;
  readonly insecure: boolean;
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly protocol: 'auto' | 'http1' | 'http2';
  readonly concurrency: number;
  readonly retries: number;
  readonly retryMaxTimeMs: number;
  readonly maxWaitMs: number;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly timeoutMs: number;
  readonly deadlineMs: number | null;
  readonly maxPages: number | null;
  readonly maxBodyBytes: number;
  readonly maxDecodedBytes: number;
  readonly archive: string | null;
  readonly fresh: boolean;
  readonly keep: boolean;
  readonly allowIncomplete: boolean;
  readonly allowOrigins: readonly string[];
  readonly secretParams: readonly string[];
}
