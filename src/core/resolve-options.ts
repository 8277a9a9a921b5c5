import { isIP } from 'node:net';
import { checkOutputUrl } from './database-url.ts';
import { type EverypageError, expected, kindOf, usageError } from './errors.ts';
import { KnownCredentials, namedCredentials } from './known-credentials.ts';
import type { Header, Recheck, RunOptions } from './options.ts';
import { isSecretHeader, Secret } from './redact.ts';
import { resolvePaginate } from './resolve-paginate.ts';
import type { Strict } from './summary.ts';
import { tableOptions } from './table-options.ts';
import { parseRate } from './units.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const MIB = 1024 * 1024;

/** Sent by every request; the version is package.json's, held together by a test. */
export const VERSION = '0.1.0';

/** Every default other than "off" and "none". Each stands here only; help and docs print it from here. */
export const defaults = Object.freeze({
  concurrency: 'auto',
  retries: 5,
  retryMaxTimeMs: 5 * MINUTE,
  maxWaitMs: 60 * MINUTE,
  connectTimeoutMs: 10 * SECOND,
  idleTimeoutMs: 30 * SECOND,
  timeoutMs: 120 * SECOND,
  minBytesPerSecond: 100,
  maxBodyBytes: 64 * MIB,
  maxDecodedBytes: 128 * MIB,
} as const satisfies RunOptions);

/**
 * `RunOptions` with every default filled in and every value checked; frozen.
 *
 * @internal
 */
export type ResolvedOptions = ReturnType<typeof resolveOptions>;

/** How an API reports refusals, by its preset. */
interface Refusals {
  /** In the body of a 200. */
  readonly inSuccess: boolean;
  /** How long to wait if a refusal states no time. */
  readonly pauseMs: number | null;
}

/**
 * Fills in every default and checks every value.
 *
 * @throws EverypageError USAGE for a value that is not valid
 */
export function resolveOptions(options: RunOptions = {}) {
  const body =
    typeof options.body === 'string' ? Buffer.from(options.body) : (options.body ?? null);
  const method = options.method ?? (body === null ? 'GET' : 'POST');
  if (method !== 'GET' && method !== 'POST') {
    throw usageError(`the method ${String(method)} is not supported; only GET and POST read pages`);
  }
  if (method === 'GET' && body !== null) {
    throw usageError('a GET request has no body; use POST, or leave the data out');
  }
  const paginate = resolvePaginate(options.paginate);
  const headers = Object.freeze(resolveHeaders(options, body !== null));
  const secretParams = Object.freeze([...(options.secretParams ?? [])]);
  if (options.wholePages && (paginate.pinned.overlap ?? 0) > 0) {
    throw usageError(
      'with an overlap pages repeat records, and whole pages would hold them twice; leave out --overlap, or take records instead of pages',
    );
  }
  type Numeric = Exclude<keyof typeof defaults, 'concurrency'>;
  const count = (name: Numeric, least: number, most?: number) =>
    whole(name, options[name] ?? defaults[name], least, most);
  const time = (name: Numeric, leastMs: number) =>
    positive(name, options[name] ?? defaults[name], leastMs);
  return Object.freeze({
    /** None for nowhere. */
    outputs: Object.freeze(outputsOf(options.output)),
    table: tableOptions(options),
    manifest: options.manifest ?? null,
    /** Null: what the output's extension says, else NDJSON. */
    format: options.format ?? null,
    select: options.select ?? null,
    records: options.records ?? false,
    wholePages: options.wholePages ?? false,
    paginate,
    method,
    headers,
    body,
    literal: options.literal ?? false,
    /** As it was given: it may hold a user and password. */
    proxy: options.proxy === undefined ? null : new Secret(options.proxy),
    insecure: options.insecure ?? false,
    caFile: options.caFile ?? null,
    certFile: options.certFile ?? null,
    keyFile: options.keyFile ?? null,
    protocol: options.protocol ?? 'auto',
    concurrency: concurrencyOf(options.concurrency ?? defaults.concurrency),
    rate: options.rate === undefined ? null : parseRate(options.rate),
    retries: count('retries', 0, 1000),
    retryMaxTimeMs: time('retryMaxTimeMs', 1),
    maxWaitMs: time('maxWaitMs', 0),
    connectTimeoutMs: time('connectTimeoutMs', 1),
    idleTimeoutMs: time('idleTimeoutMs', 1),
    timeoutMs: time('timeoutMs', 1),
    minBytesPerSecond: count('minBytesPerSecond', 0),
    deadlineMs:
      options.deadlineMs === undefined ? null : positive('deadlineMs', options.deadlineMs),
    maxPages: options.maxPages === undefined ? null : whole('maxPages', options.maxPages, 1),
    maxBodyBytes: count('maxBodyBytes', 1),
    maxDecodedBytes: count('maxDecodedBytes', 1),
    archive: options.archive ?? null,
    resume: options.resume ?? false,
    fresh: options.fresh ?? false,
    keep: options.keep ?? true,
    allowIncomplete: options.allowIncomplete ?? false,
    expect: options.expect === undefined ? null : whole('expect', options.expect, 0),
    strict: strictOf(options.strict),
    recheck: recheckOf(options.recheck ?? 'auto'),
    prove: options.prove ?? false,
    refusals: { inSuccess: false, pauseMs: null } as Refusals,
    failWhen: options.failWhen ?? null,
    allowOrigins: Object.freeze((options.allowOrigins ?? []).map(originOf)),
    allowAddresses: Object.freeze((options.allowAddresses ?? []).map(addressBlock)),
    secretParams,
    /** Those of headers, body, URL arguments and proxy. */
    credentials: new KnownCredentials(
      namedCredentials({ headers, body, secretParams }, [], null),
      secretParams,
    ),
  });
}

/** Defaults first, then the user's own, which replace a default of the same name. */
function resolveHeaders(options: RunOptions, hasBody: boolean): Header[] {
  const given = options.headers ?? [];
  const pairs: (readonly [string, string])[] =
    Symbol.iterator in given ? [...given] : Object.entries(given);
  const own = pairs.map(([name, value]): Header => {
    const lower = String(name).trim().toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower)) {
      throw usageError(`${JSON.stringify(name)} is not a header name`);
    }
    if (typeof value !== 'string') {
      throw usageError(`headers: expected a string as the value of ${lower}, got ${kindOf(value)}`);
    }
    // A line break would end the field and begin another (RFC 9110 §5.5); the value may be a secret, so it is not shown.
    if (/[\r\n\0]/.test(value)) {
      throw usageError(`the value of header ${lower} holds a line break or NUL; take it out`);
    }
    const text = value.trim();
    return { name: lower, value: text !== '' && isSecretHeader(lower) ? new Secret(text) : text };
  });
  const defaults: Header[] = [
    { name: 'accept', value: 'application/json' },
    { name: 'accept-encoding', value: 'gzip, br, zstd' },
    { name: 'user-agent', value: `everypage/${VERSION}` },
  ];
  if (hasBody) defaults.push({ name: 'content-type', value: 'application/json' });
  if (options.user !== undefined) {
    const basic = Buffer.from(options.user).toString('base64');
    defaults.push({ name: 'authorization', value: new Secret(`Basic ${basic}`) });
  }
  const ownNames = new Set(own.map(({ name }) => name));
  // An empty value takes a default away, as in curl's -H 'Accept:'.
  const sent = own.filter(({ value }) => value !== '');
  return [...defaults.filter(({ name }) => !ownNames.has(name)), ...sent];
}

/**
 * The paths and URLs of an option that may be one, several or none.
 *
 * @throws EverypageError USAGE for the URL of what is no output
 */
export function outputsOf(output: RunOptions['output']): readonly string[] {
  if (output === undefined) return [];
  const outputs = typeof output === 'string' ? [output] : [...output];
  outputs.forEach(checkOutputUrl);
  return outputs;
}

function concurrencyOf(value: number | 'auto'): number | 'auto' {
  return value === 'auto' ? value : whole('concurrency', value, 1, 1000);
}

/** @throws EverypageError USAGE for another word */
export function strictOf(value: Strict | boolean | undefined = false): Strict | null {
  if (value === true) return 'complete';
  if (value === false) return null;
  if (value === 'complete' || value === 'proven') return value;
  throw namedError('strict', expected('complete or proven', value));
}

/** @throws EverypageError USAGE for what is no such value */
export function recheckOf(value: string): Recheck {
  if (value === 'auto' || value === 'none' || value === 'all') return value;
  const percent = /^(\d{1,3}(?:\.\d+)?)%$/.exec(value);
  const share = Number(percent?.[1]);
  if (share > 0 && share <= 100) return `${share}%`;
  throw expected('auto, none, all or a share such as 10%', value);
}

function whole(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const range =
    most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
  throw namedError(name, expected(`a whole number ${range}`, value));
}

function positive(name: string, value: number, least = 1): number {
  if (Number.isFinite(value) && value >= least) return value;
  throw namedError(name, expected(`a time of ${least} ms or more`, value));
}

function namedError(name: string, { message }: EverypageError): EverypageError {
  return usageError(`${name}: ${message}`);
}

/** Throws `EverypageError` `USAGE` for text that is no origin. */
export function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url.origin;
  throw expected('an origin such as https://host or https://host:port', text);
}

/** Throws `EverypageError` `USAGE` for text that is no address. */
export function addressBlock(text: string): string {
  const [, network = '', bits] = /^\[?([^/\]]*)\]?(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? [];
  const family = isIP(network.replace(/%.*$/s, 'x'));
  const longest = family === 4 ? 32 : 128;
  if (family !== 0 && (bits === undefined || Number(bits) <= longest)) {
    return bits === undefined ? network : `${network}/${bits}`;
  }
  throw expected('an address such as 10.0.0.5, or a block such as 10.0.0.0/8', text);
}
