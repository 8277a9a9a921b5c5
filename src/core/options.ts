/** What a user may ask of a run, and what it means once resolved. */
import type { EventSink } from './events.ts';
import type { Method } from './page-request.ts';
import type { Pagination, PaginationStyle } from './pagination.ts';
import type { Secret } from './redact.ts';
import type { Rate } from './units.ts';

/** Formats of an output, by the names that `-f` takes. */
export const formatNames = ['ndjson', 'json'] as const;

export type FormatName = (typeof formatNames)[number];

/** A page as a pagination function sees it. */
export interface PageToContinue {
  /** As it was asked for: the credentials of the start URL's query are in it. */
  readonly url: string;
  readonly status: number;
  /** The kept response headers, names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Decoded bytes. */
  readonly body: Uint8Array;
  json<T = unknown>(): T;
}

/** What to ask for after a page: a URL, or one with its own body (JSON) or headers. */
export type NextRequest =
  | string
  | URL
  | {
      /** A relative one is resolved against the URL of the page that it follows. */
      readonly url: string | URL;
      /** Default: that of the page before; `POST` where there is a `body`. */
      readonly method?: Method;
      readonly body?: string | Uint8Array | null;
      /** Headers that say which page it is. */
      readonly headers?: Readonly<Record<string, string>>;
    };

/** Nothing means: no page follows this one. */
export type NextRequests = NextRequest | readonly NextRequest[] | undefined | null;

/**
 * A user's own pagination: what to ask for after `page`, nothing at the end. It must depend on the
 * page alone, because a run that goes on calls it again for the pages it has.
 */
export type NextPage = (page: PageToContinue) => NextRequests | Promise<NextRequests>;

/** What is known of a list's pagination; detection finds the rest. */
export interface PaginateOptions extends Partial<Omit<Pagination, 'style'>> {
  /** Default `auto`. */
  readonly style?: 'auto' | Exclude<PaginationStyle, 'function' | 'single'>;
  /** A named API's conventions (`everypage presets` lists them); the rest of the object wins. */
  readonly preset?: string;
  /** Runs disjoint ranges of a list in parallel: `created[gte]=2024-01-01..2024-12-31/30d`. */
  readonly split?: string;
}

export type Paginate =
  | 'auto'
  | 'none'
  | Exclude<PaginationStyle, 'function' | 'single'>
  | PaginateOptions
  | NextPage;

/**
 * Options of a run. All are optional; times are milliseconds, sizes are bytes.
 */
export interface RunOptions {
  /** Where records go: a path ending in `.ndjson`, `.jsonl`, `.json` or `.everypage` (archive alone). Default: nowhere. */
  readonly output?: string;
  /** Overrides what the output's extension says. */
  readonly format?: FormatName;
  /**
   * Where the records stand in a page: a dotted path (`data.items`), `@` for a page that is itself
   * the list, or a JMESPath expression. Default: the records found where the list is paginated,
   * else one record a page, the whole page.
   */
  readonly select?: string;
  /** Find the records by structure in lists and ranges too. Default false. */
  readonly records?: boolean;
  /** One record a page, the whole page, where the list is paginated too. Default false. */
  readonly wholePages?: boolean;
  /**
   * How the list goes on from its first page: `auto` finds out, a style pages that way, an object
   * pins what detection need not find, a function says what to ask for next. Default: `auto` for one
   * URL without a range, `none` for everything else.
   */
  readonly paginate?: Paginate;
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
  /**
   * Most requests in flight at once, 1 to 1,000. Default `auto`: for each origin it begins with 5,
   * and finds out how many are of use, 64 at most.
   */
  readonly concurrency?: number | 'auto';
  /** Most requests to an origin in a time: `10/s`, `5/15s`, `1000/h`. Default: what the server allows. */
  readonly rate?: string;
  /** Retries of one page after its first attempt. Default 5. */
  readonly retries?: number;
  /** Longest one page may take over all its attempts, pauses not counted. Default 5 min. */
  readonly retryMaxTimeMs?: number;
  /** Longest the run waits for a deadline that a server stated. Default 1 h. */
  readonly maxWaitMs?: number;
  /** Longest time to open a connection. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Longest silence within an attempt. Default 30 s. */
  readonly idleTimeoutMs?: number;
  /** Longest attempt. Default 120 s. */
  readonly timeoutMs?: number;
  /** A body that comes slower, over a whole `idleTimeoutMs`, is given up and tried again. Default 100; 0 for no limit. */
  readonly minBytesPerSecond?: number;
  /** Longest run; then it stops, resumable. Default: none. */
  readonly deadlineMs?: number;
  /** Most pages this run may request; then it stops, resumable. Default: none. */
  readonly maxPages?: number;
  /** Largest body on the wire. Default 64 MiB. */
  readonly maxBodyBytes?: number;
  /** Largest body after decoding. Default 128 MiB. */
  readonly maxDecodedBytes?: number;
  /** Where the archive is. Default: beside the output, or in the state folder. */
  readonly archive?: string;
  /** Discard an unfinished archive and begin again. Default false. */
  readonly fresh?: boolean;
  /** Keep the archive once the output is written. Default true beside an output file. */
  readonly keep?: boolean;
  /** Write the output and end well although pages failed. Default false. */
  readonly allowIncomplete?: boolean;
  /** Records there must be; another number is `incomplete`. Default: what the server says. */
  readonly expect?: number;
  /** Where nothing could be checked against, leave the output as it was. Default false. */
  readonly strict?: boolean;
  /** Read the whole list again until two readings agree. Default false. */
  readonly repair?: boolean;
  /**
   * JMESPath; a page of which it is true is no page, whatever its status: `ok == false`. It is tried
   * again, and fails. Default: what the preset says, else none.
   */
  readonly failWhen?: string;
  /** Origins that redirects and next links may lead to; they get no credentials and no own headers. Default none. */
  readonly allowOrigins?: readonly string[];
  /** Addresses (`10.0.0.5`, `10.0.0.0/8`) that are not public and that a public server may lead to. Default none. */
  readonly allowAddresses?: readonly string[];
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

/** What the user said of pagination. */
export interface ResolvedPaginate {
  /** `default`: nothing, so it depends on the URL. */
  readonly kind: 'default' | 'none' | 'auto' | 'style' | 'function';
  /** What was pinned, `style` among it where the kind is `style`. */
  readonly pinned: Partial<Pagination>;
  readonly preset: string | null;
  readonly split: string | null;
  readonly next: NextPage | null;
}

/** `RunOptions` with every default filled in and every value checked; frozen. */
export interface ResolvedOptions {
  readonly output: string | null;
  /** Null: what the output's extension says, NDJSON where there is none. */
  readonly format: FormatName | null;
  readonly select: string | null;
  readonly records: boolean;
  readonly wholePages: boolean;
  readonly paginate: ResolvedPaginate;
  readonly method: Method;
  readonly headers: readonly Header[];
  readonly body: Uint8Array | null;
  readonly literal: boolean;
  /** As it was given: it may hold a user and password. */
  readonly proxy: Secret | null;
  readonly insecure: boolean;
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly protocol: 'auto' | 'http1' | 'http2';
  readonly concurrency: number | 'auto';
  readonly rate: Rate | null;
  readonly retries: number;
  readonly retryMaxTimeMs: number;
  readonly maxWaitMs: number;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly timeoutMs: number;
  readonly minBytesPerSecond: number;
  readonly deadlineMs: number | null;
  readonly maxPages: number | null;
  readonly maxBodyBytes: number;
  readonly maxDecodedBytes: number;
  readonly archive: string | null;
  readonly fresh: boolean;
  readonly keep: boolean;
  readonly allowIncomplete: boolean;
  readonly expect: number | null;
  readonly strict: boolean;
  readonly repair: boolean;
  /** What is known of how this API refuses: by its preset. */
  readonly refusals: {
    /** In the body of a 200. */
    readonly inSuccess: boolean;
    /** How long to wait where a refusal names no time. */
    readonly pauseMs: number | null;
  };
  readonly failWhen: string | null;
  readonly allowOrigins: readonly string[];
  readonly allowAddresses: readonly string[];
  readonly secretParams: readonly string[];
}
