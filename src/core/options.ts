/**
 * The options of a run: as a user gives them, and with every default filled in.
 *
 * This folder holds the plain data that all others share, and what makes and prints it: options, events,
 * errors, page requests, summaries, units. It knows no concern of another folder and imports none.
 */
import {
  abortSignal,
  aFunction,
  boolean,
  either,
  namesAndValues,
  number,
  type OptionKinds,
  object,
  oneOf,
  outputs,
  string,
  strings,
  uint8Array,
} from './check-options.ts';
import type { EventSink } from './events.ts';
import type { Method } from './page-request.ts';
import type { Pagination, PaginationStyle } from './pagination.ts';
import type { Secret } from './redact.ts';
import type { Strict } from './summary.ts';
import { type AskedTable, tableKinds } from './table-options.ts';

/** Formats of an output, by the names that `-f` takes. */
export const formatNames = [
  'ndjson',
  'json',
  'csv',
  'tsv',
  'parquet',
  'sqlite',
  'duckdb',
  'postgres',
] as const;

/** @internal */
export const format = oneOf(formatNames);

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

/** What to request after a page: a URL, or a URL with its own body (JSON) or headers. */
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
 * A user's own pagination: what to request after `page`; nothing at the end. The answer must depend on
 * the page alone, because a run that resumes calls it again for the pages it has.
 */
export type NextPage = (page: PageToContinue) => NextRequests | Promise<NextRequests>;

/** What is known of a list's pagination. Detection finds the rest. */
export interface PaginateOptions extends Partial<Omit<Pagination, 'style'>> {
  /** Default `auto`. */
  readonly style?: 'auto' | Exclude<PaginationStyle, 'function' | 'single'>;
  /** What is known of a named API (`everypage presets` lists them). The rest of the object overrides it. */
  readonly preset?: string;
  /** Fetches separate ranges of a list in parallel: `created[gte]=2024-01-01..2024-12-31/30d`. */
  readonly split?: string;
}

export type Paginate =
  | 'auto'
  | 'none'
  | Exclude<PaginationStyle, 'function' | 'single'>
  | PaginateOptions
  | NextPage;

/** `auto`: up to 50 pages of lists that nothing else proves. `10%`: so many of the pages. */
export type Recheck = 'auto' | 'none' | 'all' | `${number}%`;

/**
 * Options of a run. All are optional; times are milliseconds, sizes are bytes.
 */
export interface RunOptions extends AskedTable {
  /**
   * Where records go: a path ending in `.ndjson`, `.jsonl`, `.json`, `.csv` or `.tsv`, with `.gz` or `.zst`
   * behind it for a compressed file, in `.parquet`, `.db` or `.duckdb`, or in `.everypage` (archive alone); or the URL of a
   * database, `postgres://user@host/db?table=items`, whose password no result has. Several paths are written from
   * one fetch, and the archive stands beside the first. Default: nowhere.
   *
   * @example ['items.ndjson', 'items.csv.gz']
   */
  readonly output?: string | readonly string[];
  /**
   * A file that says what was asked, the verdict, the SHA-256 of every output and a Merkle root over the
   * pages: `verifyManifest` and `sha256sum -c` read it. It is written when the outputs are. Default: none.
   */
  readonly manifest?: string;
  /** Overrides what the output's extension says. */
  readonly format?: FormatName;
  /**
   * Where the records are in a page: a dotted path (`data.items`), `@` for a page that is itself
   * the list, or a JMESPath expression. Default: for a paginated list the records that are found,
   * else one record a page: the whole page.
   */
  readonly select?: string;
  /** Find the records by structure in lists and ranges too. Default false. */
  readonly records?: boolean;
  /** One record a page, the whole page, for a paginated list too. Default false. */
  readonly wholePages?: boolean;
  /**
   * How the list is paginated: `auto` finds out; a style is used as it is; an object gives what
   * detection need not find; a function says what to request next. Default: `auto` for one URL
   * without a range, `none` for everything else.
   */
  readonly paginate?: Paginate;
  /** Default `GET`, or `POST` if `body` is given. A POST is expected to read only, so it may be retried. */
  readonly method?: Method;
  /** Own headers. Default: `accept: application/json` and a `user-agent`. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
  /** `user:password` for Basic authentication. */
  readonly user?: string;
  /** Use URL strings exactly as given: no ranges, no sets. Default false. */
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
   * Most requests in flight at once, 1 to 1,000. Default `auto`: it starts with 5 to each origin and
   * raises concurrency while throughput grows, to 64 at most.
   */
  readonly concurrency?: number | 'auto';
  /** Most requests to an origin in a time: `10/s`, `5/15s`, `1000/h`. Default: what the server allows. */
  readonly rate?: string;
  /** Retries of one page after its first attempt. Default 5. */
  readonly retries?: number;
  /** Longest time for one page, all attempts together; pauses do not count. Default 5 min. */
  readonly retryMaxTimeMs?: number;
  /** Longest wait that a server may ask for; if it asks for more, the run stops. Default 1 h. */
  readonly maxWaitMs?: number;
  /** Longest time to open a connection. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Longest silence within an attempt. Default 30 s. */
  readonly idleTimeoutMs?: number;
  /** Longest attempt. Default 120 s. */
  readonly timeoutMs?: number;
  /** Bytes a second. A body that is slower for a whole `idleTimeoutMs` is given up and tried again. Default 100; 0 for no limit. */
  readonly minBytesPerSecond?: number;
  /** Longest time for the run; then it stops, and can be resumed. Default: none. */
  readonly deadlineMs?: number;
  /** Most pages to request in this run; then it stops, and can be resumed. Default: none. */
  readonly maxPages?: number;
  /** Largest body as it is received. Default 64 MiB. */
  readonly maxBodyBytes?: number;
  /** Largest body after decompression. Default 128 MiB. */
  readonly maxDecodedBytes?: number;
  /** Where the archive is. Default: beside the output; without one, see `resume`. */
  readonly archive?: string;
  /**
   * Without `output` and `archive`: keep an unfinished archive in the state folder, so that the same
   * call resumes. Such an archive has one run at a time. Default false: the archive is temporary, and
   * only this run sees it. A run with `output` or `archive` always resumes.
   */
  readonly resume?: boolean;
  /** Discard an unfinished archive and start again. Default false. */
  readonly fresh?: boolean;
  /** Keep the archive when the output is written. Default true beside an output file. */
  readonly keep?: boolean;
  /** Write the output and succeed even if pages failed. Default false. */
  readonly allowIncomplete?: boolean;
  /** Number of records there must be; any other is `incomplete`. Default: what the server says. */
  readonly expect?: number;
  /**
   * The least verdict that writes the output: `complete` (or `true`) does not take what could not be
   * checked, `proven` takes nothing less. Default: none, `unverified` does.
   */
  readonly strict?: Strict | boolean;
  /** Which pages of a list are read again at its end, to see whether it changed. Default `auto`. */
  readonly recheck?: Recheck;
  /** Read the whole list again until two readings agree. Default false. */
  readonly prove?: boolean;
  /**
   * A JMESPath expression. A page of which it is true has failed, whatever its status: `ok == false`. It
   * is tried again, and then fails. Default: what the preset says, else none.
   */
  readonly failWhen?: string;
  /** Origins that redirects and next links may lead to; they get none of your credentials and headers. Default none. */
  readonly allowOrigins?: readonly string[];
  /** Private addresses (`10.0.0.5`, `10.0.0.0/8`) that a public server may lead to. Default none. */
  readonly allowAddresses?: readonly string[];
  /** More query parameters to treat as credentials. */
  readonly secretParams?: readonly string[];
  /** Stops the run. What is stored stays, and the same call resumes, unless the archive is temporary. */
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
  /** What was given; `style` is among it if the kind is `style`. */
  readonly pinned: Partial<Pagination>;
  readonly preset: string | null;
  readonly split: string | null;
  readonly next: NextPage | null;
}

/**
 * What each option of a run takes.
 *
 * @internal
 */
export const runOptions: OptionKinds<Required<RunOptions>> = {
  ...tableKinds,
  output: outputs,
  manifest: string,
  format,
  select: string,
  records: boolean,
  wholePages: boolean,
  paginate: either('a string, an object or a function', string, object, aFunction),
  method: oneOf(['GET', 'POST']),
  headers: namesAndValues,
  body: either(
    'a string or a Uint8Array (JSON.stringify makes a string of an object)',
    string,
    uint8Array,
  ),
  user: string,
  literal: boolean,
  proxy: string,
  insecure: boolean,
  caFile: string,
  certFile: string,
  keyFile: string,
  protocol: oneOf(['auto', 'http1', 'http2']),
  concurrency: either('a number or "auto"', number, oneOf(['auto'])),
  rate: string,
  retries: number,
  retryMaxTimeMs: number,
  maxWaitMs: number,
  connectTimeoutMs: number,
  idleTimeoutMs: number,
  timeoutMs: number,
  minBytesPerSecond: number,
  deadlineMs: number,
  maxPages: number,
  maxBodyBytes: number,
  maxDecodedBytes: number,
  archive: string,
  resume: boolean,
  fresh: boolean,
  keep: boolean,
  allowIncomplete: boolean,
  expect: number,
  strict: either('true, false, "complete" or "proven"', boolean, oneOf(['complete', 'proven'])),
  recheck: string,
  prove: boolean,
  failWhen: string,
  allowOrigins: strings,
  allowAddresses: strings,
  secretParams: strings,
  signal: abortSignal,
  onEvent: aFunction,
};
