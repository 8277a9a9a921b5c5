/**
 * One attempt at a page: sends its request with the headers that its origin may have, follows the
 * redirects that are safe, and says what came of it.
 */
import type { Clock } from '../core/clock.ts';
import type { EventSink } from '../core/events.ts';
import type { Hint } from '../core/hint.ts';
import type { Method, PageRequest } from '../core/page-request.ts';
import { withholdCredentials } from '../core/redact.ts';
import type { ResolvedOptions } from '../core/resolve-options.ts';
import { policyName } from '../http/limits/hint-reader.ts';
import { limitInResponse } from '../http/limits/limit-in-response.ts';
import { classifyFault, classifyResponse, mayHoldLimit, type Outcome } from '../http/outcome.ts';
import {
  type HeaderValues,
  type RawResponse,
  type Transport,
  TransportError,
} from '../http/transport.ts';
import {
  createRequestHeaders,
  type HeaderRecord,
  holdsCredentials,
  type Trust,
} from './credentials.ts';
import {
  followRedirect,
  linkLeavesOrigin,
  MAX_REDIRECTS,
  sameOriginAdvice,
  type Target,
} from './follow-redirect.ts';
import type { Limiter } from './limiter.ts';
import type { LimiterRegistry } from './limiter-registry.ts';
import type { Attempt, AttemptResult, Task } from './task.ts';

export interface AttemptParts {
  readonly transport: Transport;
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly limiters: LimiterRegistry;
}

/**
 * Attempts at the pages of a list of URLs. Credentials go to the origins that the user named: those of
 * URL arguments, and that of the first page. Any other origin in a list is fetched without them, and
 * said once.
 *
 * @param firstOrigin origin of the plan's first page, once it is known
 */
export function attemptsOfList(parts: AttemptParts, firstOrigin: () => string | null): Attempt {
  const hasCredentials = holdsCredentials(parts.options);
  const named = new Set<string>();
  const warned = new Set<string>();
  const sender = new Sender(parts);
  return (task) => {
    const { origin, request } = task;
    if (!hasCredentials) return sender.send(task, 'named');
    if (request.source === null) named.add(origin);
    if (named.has(origin) || origin === firstOrigin()) return sender.send(task, 'named');
    if (!warned.has(origin)) {
      warned.add(origin);
      parts.emit({
        type: 'warning',
        code: 'WITHOUT_CREDENTIALS',
        message: `pages of ${origin} are fetched without your credentials: they were given for another origin`,
      });
    }
    return sender.send(task, 'without-credentials');
  };
}

/**
 * Attempts at the pages of a list that pages by itself. What a server names as next stays within the
 * start's origin, or is one that the user allowed, which gets nothing of the user's own; anything else
 * stops the run.
 */
export function attemptsFrom(parts: AttemptParts, startUrl: string): Attempt {
  const start = new URL(startUrl);
  const allowed = new Set(parts.options.allowOrigins);
  const sender = new Sender(parts);
  return async (task) => {
    const { origin, request } = task;
    if (origin === start.origin) return sender.send(task, 'named');
    if (start.protocol === 'https:' && origin.startsWith('http:')) {
      return unsafe(
        `a next link leads from https to ${origin}; that is never followed. ${sameOriginAdvice}`,
      );
    }
    if (allowed.has(origin)) {
      const { credentials, secretParams } = parts.options;
      const url = credentials.withhold(withholdCredentials(request.url, startUrl, secretParams));
      const path = url.slice(origin.length);
      return sender.send({ ...task, path }, 'foreign', start.origin);
    }
    return unsafe(linkLeavesOrigin(new URL(request.url), start));
  };
}

function unsafe(reason: string): AttemptResult {
  const outcome = { kind: 'unsafe', code: 'OTHER_ORIGIN', reason } as const;
  return { outcome, response: null, fault: null, hint: null };
}

class Sender {
  readonly #parts: AttemptParts;
  readonly #headers: ReturnType<typeof createRequestHeaders>;
  readonly #hasCredentials: boolean;
  readonly #allowOrigins: ReadonlySet<string>;
  /** That of the last response. */
  #limiter: Limiter | null = null;

  constructor(parts: AttemptParts) {
    this.#parts = parts;
    this.#headers = createRequestHeaders(parts.options.headers);
    this.#hasCredentials = holdsCredentials(parts.options);
    this.#allowOrigins = new Set(parts.options.allowOrigins);
  }

  /** What it says of the outcome holds no credentials. */
  send(
    { request, origin, path }: Pick<Task, 'request' | 'origin' | 'path'>,
    trust: Trust,
    start: string | null = null,
  ): Promise<AttemptResult> {
    const { method, body, headers: own = null } = request;
    const headers = this.#headersOf(trust, own);
    return this.#ask({ method, origin, start, path, body, trust, own, headers }, request, 0);
  }

  /** @param redirects how many have led here */
  #ask(target: Target, page: PageRequest, redirects: number): Promise<AttemptResult> {
    // An async function would take twice the memory, for each page.
    const after = (answer: RawResponse | Error): AttemptResult | Promise<AttemptResult> => {
      const result =
        answer instanceof Error ? faultOf(answer) : this.#read(target, page.method, answer);
      if (result.outcome.kind === 'body') return result;
      const next = this.#next(target, result, redirects);
      if ('kind' in next) return this.#shown(result, next, page.url);
      return this.#ask(next, page, redirects + 1);
    };
    return this.#parts.transport.request(target).then(after, after);
  }

  /** Where a redirect leads, or the outcome. */
  #next(from: Target, { outcome, response }: AttemptResult, redirects: number): Target | Outcome {
    if (outcome.kind !== 'redirect' || response === null) return outcome;
    const next = this.#follow(from, response.status, outcome.location);
    return redirects === MAX_REDIRECTS ? tooMany(from, next) : next;
  }

  #shown(result: AttemptResult, outcome: Outcome, url: string): AttemptResult {
    return { ...result, outcome: this.#parts.options.credentials.of(url).withholdIn(outcome) };
  }

  /** The run's headers that an origin may have, and the request's own. */
  #headersOf(trust: Trust, own: HeaderRecord | null): HeaderRecord {
    const ofRun = this.#headers[trust];
    return own === null ? ofRun : { ...ofRun, ...own };
  }

  #follow(from: Target, status: number, location: string): Target | Outcome {
    const { credentials, secretParams } = this.#parts.options;
    const rules = {
      hasCredentials: this.#hasCredentials,
      allowOrigins: this.#allowOrigins,
      credentials,
      secretParams,
      headersOf: (trust: Trust) => this.#headersOf(trust, from.own),
    };
    return followRedirect(rules, from, status, location);
  }

  /** @param asked the method of the page's own request, before any redirect */
  #read({ origin, path, trust }: Target, asked: Method, response: RawResponse): AttemptResult {
    const { clock, options } = this.#parts;
    const wallTime = clock.wallTime();
    // Names of limits are shown and stored.
    const headers = options.credentials.withholdIn(response.headers);
    const limiter = this.#limiterOf(origin, path, headers);
    const shown = headers === response.headers ? response : { ...response, headers };
    const hint = limiter.readHint(shown, clock.now(), wallTime);
    const outcome = classifyResponse(response.status, response.headers, wallTime, hint);
    const said = this.#limitBeside(asked, outcome, response, hint);
    return {
      outcome: said?.outcome ?? outcome,
      response,
      fault: null,
      hint: said?.hint ?? hint,
      credentials: !this.#hasCredentials ? null : trust === 'named' ? 'sent' : 'withheld',
    };
  }

  /** The limiter that a request counted in, by what its response names. */
  #limiterOf(origin: string, path: string, headers: HeaderValues): Limiter {
    const { limiters } = this.#parts;
    const policy = policyName(headers);
    if (policy !== null) limiters.notePolicy(origin, path, policy);
    const isLast = limiters.isByOrigin && this.#limiter?.name === origin;
    if (!isLast) this.#limiter = limiters.of(origin, path);
    return this.#limiter!;
  }

  /** What the body and what is known of the API add to what the headers say of a limit; null where that is nothing. */
  #limitBeside(
    method: Method,
    byHeaders: Outcome,
    response: RawResponse,
    hint: Hint,
  ): Pick<AttemptResult, 'outcome' | 'hint'> | null {
    if (byHeaders.kind === 'redirect') return null;
    if (byHeaders.kind === 'pause' && byHeaders.waitFrom === 'retry-after') return null;
    const { inSuccess, pauseMs } = this.#parts.options.refusals;
    // GraphQL servers, which are asked by POST, say limits in a 200.
    const isUsual = inSuccess || method === 'POST';
    const found = mayHoldLimit(response, hint, isUsual)
      ? limitInResponse(response, hint, this.#parts.clock.wallTime())
      : null;
    if (found === null && byHeaders.kind !== 'pause') return null;
    const knowsLess = byHeaders.kind !== 'pause' || byHeaders.waitMs === null;
    const outcome = found?.pause != null && knowsLess ? found.pause : byHeaders;
    const known = found?.hint ?? hint;
    const isOpen = outcome.kind === 'pause' && outcome.waitMs === null && response.status < 500;
    if (!isOpen || pauseMs === null) return { outcome, hint: known };
    return { outcome: { ...outcome, waitMs: pauseMs, waitFrom: 'preset' }, hint: known };
  }
}

/** What came of a request without a whole response. */
function faultOf(error: Error): AttemptResult {
  if (!(error instanceof TransportError)) throw error;
  return { outcome: classifyFault(error), response: null, fault: error.fault, hint: null };
}

function tooMany(from: Target, next: Target | Outcome): Outcome {
  const isLoop = !('kind' in next) && next.origin === from.origin && next.path === from.path;
  const loop = isLoop ? ', the last to itself; does it want a cookie or a login?' : '';
  return { kind: 'fail', reason: `more than ${MAX_REDIRECTS} redirects${loop}` };
}
