/**
 * Limits that are said in a body: an error in a 200 (Slack, GraphQL, MediaWiki), a 403 that is no
 * question of rights (GitHub, Google, Salesforce), a wait beside the message (Discord, Telegram).
 *
 * Decoding and parsing are the caller's. In a success only the shapes of errors count, because a
 * record may hold any word; in an error its message counts too.
 */
import type { Limit } from '../../core/hint.ts';

export interface LimitInBody {
  /** The request was refused; false where the body only tells how much is left. */
  readonly isRefusal: boolean;
  /** What it says to wait, or what is known of such a refusal; null where neither. */
  readonly waitMs: number | null;
  readonly limits: readonly Limit[];
  /** The server's code, or `rate limit`: plain words, safe to show. */
  readonly reason: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Codes as vendors write them, in lower case and without what is neither letter nor digit. */
const CODES = new Set([
  '429',
  'apiratelimitexceeded',
  'dailylimitexceeded',
  'maxlag',
  'overratelimit',
  'quotaexceeded',
  'ratelimit',
  'ratelimited',
  'ratelimitexceeded',
  'requestlimitexceeded',
  'resourceexhausted',
  'slowdown',
  'throttled',
  'throttling',
  'throttleviolation',
  'throttlingexception',
  'toomanyrequests',
  'userratelimitexceeded',
]);
const CODE_FIELDS = [
  ...['code', 'type', 'status', 'reason', 'errorCode', 'error_code', 'error'],
  ...['error_name', 'errorName'],
];
const MESSAGE_FIELDS = [
  ...['message', 'error', 'error_description', 'detail', 'title', 'info', 'msg'],
  ...['error_message', 'errorMessage'],
];
const LONGEST_MESSAGE = 500;
const MOST_ERRORS = 10;

const LIMIT_WORDS =
  /rate[ -]?limit(?:s|ing)? (?:was |is |has been )?(?:exceeded|reached|hit)|exceeded (?:[^ ]{1,30} ){0,5}rate[ -]?limit|too many requests|request(?:s)? limit (?:was |has been )?(?:exceeded|reached)|quota (?:was |has been )?exceeded/i;
/** `more requests available in 30 seconds`. */
const SECONDS_IN_WORDS = /\b(?:in|after|for) (\d{1,7}) sec(?:ond)?s?\b/i;
const SECONDARY_WORDS = /secondary rate limit|abuse detection/i;
/** GitHub: "wait for at least one minute" where the secondary limit says no time. */
const SECONDARY_WAIT_MS = 60_000;
/** MediaWiki's advice for a lag that names no time. */
const MAXLAG_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 31 * 86_400_000;

/**
 * @param json the parsed body, or its text where it is not JSON
 * @param isSuccess whether the status was 2xx
 */
export function limitInBody(json: unknown, isSuccess: boolean): LimitInBody | null {
  if (typeof json === 'string') return isSuccess ? null : inMessage(json, null);
  const root = fieldsOf(Array.isArray(json) ? json[0] : json);
  if (root === null || (isSuccess && Array.isArray(json))) return null;

  const errors = errorsOf(root);
  const limits = costLimits(root);
  const waitMs = waitIn([root, ...errors]) ?? costWaitMs(root);
  const code = codeIn(isSuccess ? errors : [root, ...errors]);
  if (code !== null) {
    const known = code === 'maxlag' ? MAXLAG_WAIT_MS : null;
    return { isRefusal: true, waitMs: waitMs ?? known, limits, reason: code };
  }
  if (!isSuccess) {
    for (const fields of [root, ...errors]) {
      for (const name of MESSAGE_FIELDS) {
        const text = own(fields, name);
        const said = typeof text === 'string' ? inMessage(text, waitMs) : null;
        if (said !== null) return { ...said, limits };
      }
    }
  }
  // A wait is an order only beside an error; in a list it may be anybody's field.
  if (statedWait(root) !== null && (!isSuccess || isError(root))) {
    return { isRefusal: true, waitMs, limits, reason: 'rate limit' };
  }
  return limits.length === 0 ? null : { isRefusal: false, waitMs: null, limits, reason: '' };
}

function inMessage(text: string, waitMs: number | null): LimitInBody | null {
  const start = text.slice(0, LONGEST_MESSAGE);
  const refusal = { isRefusal: true, limits: [] };
  if (SECONDARY_WORDS.test(start)) {
    return { ...refusal, waitMs: waitMs ?? SECONDARY_WAIT_MS, reason: 'secondary rate limit' };
  }
  if (!LIMIT_WORDS.test(start)) return null;
  const said = SECONDS_IN_WORDS.exec(start)?.[1] ?? null;
  return { ...refusal, waitMs: waitMs ?? secondsMs(said), reason: 'rate limit' };
}

/** Where errors stand: `error`, `errors[]` and, for Google, `error.errors[]`; Slack's `ok: false` is one itself. */
function errorsOf(root: Fields): readonly Fields[] {
  const errors: Fields[] = [];
  if (own(root, 'ok') === false || own(root, 'success') === false) errors.push(root);
  const error = fieldsOf(own(root, 'error'));
  if (error !== null) errors.push(error);
  for (const list of [own(root, 'errors'), error === null ? undefined : own(error, 'errors')]) {
    if (!Array.isArray(list)) continue;
    for (const each of list.slice(0, MOST_ERRORS)) {
      const fields = fieldsOf(each);
      if (fields === null) continue;
      errors.push(fields);
      const extensions = fieldsOf(own(fields, 'extensions'));
      if (extensions !== null) errors.push(extensions);
    }
  }
  return errors;
}

function isError(root: Fields): boolean {
  const { error, errors } = { error: own(root, 'error'), errors: own(root, 'errors') };
  const states = error !== undefined && error !== null && error !== false;
  return states || Array.isArray(errors) || own(root, 'ok') === false;
}

function codeIn(all: readonly Fields[]): string | null {
  for (const fields of all) {
    for (const name of CODE_FIELDS) {
      const value = own(fields, name);
      if (typeof value !== 'string' && typeof value !== 'number') continue;
      const code = String(value);
      if (code.length > 60 || !CODES.has(code.toLowerCase().replace(/[^a-z0-9]/g, ''))) continue;
      return code.replace(/[^\w .-]/g, '');
    }
  }
  return null;
}

const SECONDS_FIELDS = ['retry_after', 'retryAfter', 'retry_after_seconds', 'wait_seconds'];
const MS_FIELDS = ['retry_after_ms', 'retryAfterMs'];

function waitIn(all: readonly Fields[]): number | null {
  for (const fields of all) {
    const waitMs = statedWait(fields) ?? retryDelayMs(fields);
    if (waitMs !== null) return waitMs;
  }
  return null;
}

function statedWait(fields: Fields): number | null {
  for (const name of SECONDS_FIELDS) {
    const waitMs = secondsMs(own(fields, name));
    if (waitMs !== null) return waitMs;
  }
  for (const name of MS_FIELDS) {
    const waitMs = positive(own(fields, name), 1);
    if (waitMs !== null) return waitMs;
  }
  // Telegram.
  const parameters = fieldsOf(own(fields, 'parameters'));
  return parameters === null ? null : positive(own(parameters, 'retry_after'), 1_000);
}

/** Google's `RetryInfo` among the details: `"retryDelay": "30s"`. */
function retryDelayMs(fields: Fields): number | null {
  const details = own(fields, 'details');
  if (!Array.isArray(details)) return null;
  for (const each of details.slice(0, MOST_ERRORS)) {
    const detail = fieldsOf(each);
    const delay = detail === null ? undefined : own(detail, 'retryDelay');
    const match = typeof delay === 'string' ? /^(\d{1,7}(?:\.\d{1,9})?)s$/.exec(delay) : null;
    if (match !== null) return positive(Number(match[1]), 1_000);
  }
  return null;
}

/** Milliseconds of a number of seconds, or of its text; null for what is no wait. */
export function secondsMs(value: unknown): number | null {
  return positive(value, 1_000);
}

/** Texts of digits too. */
function positive(value: unknown, unitMs: number): number | null {
  const isDigits = typeof value === 'string' && /^\d{1,9}(?:\.\d{1,9})?$/.test(value);
  const number = isDigits ? Number(value) : value;
  if (typeof number !== 'number') return null;
  // Up: 64.57 s are a little less than 64,570 ms in binary, and nothing may start early.
  const ms = Math.ceil(number * unitMs);
  return ms > 0 && ms <= LONGEST_WAIT_MS ? ms : null;
}

interface Cost {
  /** Points of a query like this one. */
  readonly cost: number;
  readonly most: number;
  readonly available: number;
  readonly perSecond: number;
}

/** Shopify's GraphQL: `extensions.cost`, in points, which a query spends several of. */
function costOf(root: Fields): Cost | null {
  const extensions = fieldsOf(own(root, 'extensions'));
  const cost = extensions === null ? null : fieldsOf(own(extensions, 'cost'));
  const status = cost === null ? null : fieldsOf(own(cost, 'throttleStatus'));
  if (cost === null || status === null) return null;
  const actual = own(cost, 'actualQueryCost');
  const numbers = {
    // A query is admitted by what it asks for, and pays what it took.
    cost: typeof actual === 'number' ? actual : own(cost, 'requestedQueryCost'),
    most: own(status, 'maximumAvailable'),
    available: own(status, 'currentlyAvailable'),
    perSecond: own(status, 'restoreRate'),
  };
  const isWhole = Object.values(numbers).every(
    (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= 1e9,
  );
  return isWhole ? (numbers as Cost) : null;
}

function costLimits(root: Fields): readonly Limit[] {
  const points = costOf(root);
  if (points === null || points.perSecond === 0 || points.cost === 0) return [];
  const { cost, most, available, perSecond } = points;
  const quota = Math.floor(most / cost);
  if (quota === 0) return [];
  return [
    {
      policy: 'cost',
      quota,
      remaining: Math.min(quota, Math.floor(available / cost)),
      resetMs: null,
      windowMs: (quota * cost * 1_000) / perSecond,
    },
  ];
}

/** Until the points of this query are there again. */
function costWaitMs(root: Fields): number | null {
  const points = costOf(root);
  if (points === null || points.perSecond === 0) return null;
  return positive((points.cost - points.available) / points.perSecond, 1_000);
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : null;
}

function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
