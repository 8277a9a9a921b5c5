/** One page on its way: its request, its attempts, and what goes to the archive in the end. */
import type { AttemptRecord } from '../archive/archive-types.ts';
import type { ArrivedPage } from '../archive-thread/messages.ts';
import type { PageCode } from '../core/errors.ts';
import type { Hint } from '../core/hint.ts';
import type { KnownCredentials } from '../core/known-credentials.ts';
import { keyText, type PageRequest } from '../core/page-request.ts';
import { type Outcome, singleHeader } from '../http/outcome.ts';
import type { HeaderValues, Protocol, RawResponse, TransportFault } from '../http/transport.ts';
import { keptHeaders } from './kept-headers.ts';

export interface Task {
  readonly request: PageRequest;
  /** `https://host:port` */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  /** See `keyText`. */
  readonly key: string;
  /** Redacted, as it is stored and shown. */
  readonly shownUrl: string;
  /** Detection guesses that there may be such a page: any answer is one, and none stops the run. */
  readonly isGuess: boolean;
  /** Attempts that count: refusals (429) and requests the server never processed do not. */
  attempts: number;
  /** Spent in attempts and backoff, pauses left out: what `--retry-max-time` bounds. */
  spentMs: number;
  /** What of both was spent since the server was last seen to be up: given back where it is down. */
  doubtful: Spent;
  /** Outages that began while it was asked for. */
  outages: number;
  /** How often an error of it was a refusal by a limit. */
  refusals: number;
  /** How often the server was still making it. */
  notReady: number;
  /** Digest of the last body that was no page; null before there was one. */
  rejected: string | null;
  /** It came empty though it is expected: what comes now counts (`Expectation`). */
  isAskedAgain: boolean;
  /** Attempts that did not end the page, to be archived with it. */
  log: readonly AttemptRecord[];
  /** Detection has fetched the page already, and so it ended. */
  readonly ended: FinalAttempt | null;
}

interface Spent {
  readonly attempts: number;
  readonly spentMs: number;
  /** When the last of these attempts was sent. */
  readonly sentAt: number;
}

const NOTHING_SPENT: Spent = { attempts: 0, spentMs: 0, sentAt: 0 };
const NO_LOG: readonly AttemptRecord[] = [];

/** What one attempt brought. */
export interface AttemptResult {
  readonly outcome: Outcome;
  readonly response: RawResponse | null;
  /** What went wrong where there is no response, or null. */
  readonly fault: TransportFault | null;
  /** What the response says about limits, or null where there is none. */
  readonly hint: Hint | null;
  /** Credentials in headers: they went with the request, or were given for another origin. Absent or null: there are none. */
  readonly credentials?: 'sent' | 'withheld' | null;
}

/** Makes one attempt at a page. Never throws for the network. */
export type Attempt = (task: Task) => Promise<AttemptResult>;

export interface Timing {
  /** Wall time, for the archive. */
  readonly startedAt: number;
  /** Monotonic, for the pause gate. */
  readonly sentAt: number;
  readonly durationMs: number;
}

/** Why a page did not come. */
export interface Why {
  readonly code: PageCode | null;
  readonly reason: string;
}

/** The attempt with which a page has ended, as far as the network can tell. */
export interface FinalAttempt {
  readonly state: 'stored' | 'failed';
  readonly status: number | null;
  readonly headers: HeaderValues | null;
  readonly protocol: Protocol | null;
  readonly hint: Hint | null;
  /** Of `chunks`. */
  readonly bodyBytes: number;
  /** Of the body that came, also where it is no page. */
  readonly receivedBytes: number;
  /** The body as it came off the wire; none where the page failed. */
  chunks: readonly Uint8Array[];
  /** Null where it is stored. */
  readonly why: Why | null;
  readonly timing: Timing;
}

/** What is particular to the list that a page belongs to. */
export interface ListTraits {
  /** Response headers that say what comes next; none for a list of URLs. */
  readonly pagingHeaders: readonly string[];
  /** Statuses that mean, for a speculative page, that it is past the end. */
  readonly pastEnd: readonly number[];
  readonly credentials: KnownCredentials;
}

/** @param isGuess see `Task` */
export function createTask(
  request: PageRequest,
  credentials: KnownCredentials,
  isGuess = false,
): Task {
  // The plan has normalised the URL, so the path begins at the first slash after `https://`.
  const pathAt = request.url.indexOf('/', 8);
  const shownUrl = credentials.url(request.url);
  return {
    request,
    origin: request.url.slice(0, pathAt),
    path: request.url.slice(pathAt),
    key: keyText(request, shownUrl),
    shownUrl,
    isGuess,
    attempts: 0,
    spentMs: 0,
    doubtful: NOTHING_SPENT,
    outages: 0,
    refusals: 0,
    notReady: 0,
    rejected: null,
    isAskedAgain: false,
    log: NO_LOG,
    ended: null,
  };
}

/** What the archive gets of a page that has ended. */
export function arrivedPage(
  task: Task,
  { state, status, headers, bodyBytes, receivedBytes, why, timing }: FinalAttempt,
  { pagingHeaders, pastEnd, credentials }: ListTraits,
): ArrivedPage {
  const isPastEnd =
    state === 'failed' &&
    task.request.speculative === true &&
    status !== null &&
    pastEnd.includes(status);
  const { url } = task.request;
  // What is shown differs where the URL holds a credential of its own.
  const known = task.shownUrl === url ? credentials : credentials.of(url);
  const page: ArrivedPage = {
    place: task.request.place,
    url: task.shownUrl,
    state: isPastEnd ? 'beyond-end' : state,
    status,
    headers: headers === null ? null : keptHeaders(headers, known),
    encoding: headers === null ? null : singleHeader(headers['content-encoding']),
    bodyBytes,
    code: why?.code ?? null,
    reason: why?.reason ?? null,
    attempts: task.attempts,
    startedAt: timing.startedAt,
    durationMs: timing.durationMs,
    log: task.log,
  };
  const isExpected = task.request.expected !== undefined && !task.isAskedAgain;
  const whole: ArrivedPage = receivedBytes === bodyBytes ? page : { ...page, receivedBytes };
  const arrived: ArrivedPage = isExpected ? { ...whole, expected: true } : whole;
  if (pagingHeaders.length === 0 || headers === null) return arrived;
  return { ...arrived, asked: task.request.url, paging: pickHeaders(headers, pagingHeaders) };
}

/** Those of the named headers that are there, repeated fields joined. */
function pickHeaders(headers: HeaderValues, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = singleHeader(headers[name]);
    if (value !== null) picked[name] = value;
  }
  return picked;
}

/**
 * How a page's last attempt ended it.
 * @param why null where the attempt brought a body
 */
export function finalAttempt({ response, hint }: AttemptResult, why: Why | null, timing: Timing) {
  const isStored = why === null && response !== null;
  const final: FinalAttempt = {
    state: isStored ? 'stored' : 'failed',
    status: response?.status ?? null,
    headers: response?.headers ?? null,
    protocol: response?.protocol ?? null,
    hint,
    bodyBytes: isStored ? response.bodyBytes : 0,
    receivedBytes: response?.bodyBytes ?? 0,
    chunks: isStored ? response.chunks : [],
    why,
    timing,
  };
  return final;
}

export function countAttempt(task: Task, { durationMs }: Timing): void {
  task.attempts += 1;
  task.spentMs += durationMs;
}

/** An attempt that counts for now: it is given back if the server turns out to be down. */
export function noteDoubtful(
  task: Task,
  { timing, upSentAt }: { readonly timing: Timing; readonly upSentAt: number },
  delayMs: number,
): void {
  const isProven = upSentAt >= task.doubtful.sentAt;
  const { attempts, spentMs } = isProven ? NOTHING_SPENT : task.doubtful;
  const spentNow = timing.durationMs + delayMs;
  const { sentAt } = timing;
  task.doubtful = { attempts: attempts + 1, spentMs: spentMs + spentNow, sentAt };
}

/** The server is down, and nothing had come from it since: those attempts were none. */
export function giveBack(task: Task, upSentAt: number): void {
  const { doubtful } = task;
  if (upSentAt < doubtful.sentAt) {
    task.attempts -= doubtful.attempts;
    task.spentMs -= doubtful.spentMs;
  }
  task.doubtful = NOTHING_SPENT;
}

/** Keeps an attempt that did not end its page. */
export function logAttempt(
  task: Task,
  { startedAt, durationMs }: Timing,
  outcome: string,
  toldToWaitMs: number | null,
  status: number | null,
  bodyBytes: number,
): void {
  const { place } = task.request;
  const number = task.log.length + 1;
  const attempt = {
    place,
    number,
    startedAt,
    durationMs,
    status,
    outcome,
    toldToWaitMs,
    bodyBytes,
  };
  task.log = [...task.log, attempt];
}
