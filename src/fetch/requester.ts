import type { Clock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { ResolvedOptions } from '../core/options.ts';
import type { PageRequest } from '../core/page-request.ts';
import { Secret, withholdCredentials } from '../core/redact.ts';
import type { HeaderValues, Transport } from '../http/transport.ts';
import { type AttemptResult, attemptPage } from './attempt.ts';
import { leavesOrigin } from './leaves-origin.ts';
import type { LimiterRegistry } from './limiter-registry.ts';
import { createRequestHeaders, type Trust } from './request-headers.ts';

/** Sends page requests with the headers that their origin may have. */
export type Requester = (request: PageRequest) => Promise<AttemptResult>;

interface RequesterParts {
  readonly transport: Transport;
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly limiters: LimiterRegistry;
}

/**
 * Requests of a list. Credentials go to the origins that the user named: those of URL arguments, and
 * that of the first page. Any other origin in a list is fetched without them, and said once.
 *
 * @param firstOrigin origin of the plan's first page, once it is known
 */
export function createListRequester(
  parts: RequesterParts,
  firstOrigin: () => string | null,
): Requester {
  const hasCredentials = holdsCredentials(parts.options);
  const named = new Set<string>();
  const warned = new Set<string>();
  const send = createSender(parts);
  return (request) => {
    const origin = originOf(request);
    if (!hasCredentials) return send(request, 'named');
    if (request.source === null) named.add(origin);
    if (named.has(origin) || origin === firstOrigin()) return send(request, 'named');
    if (!warned.has(origin)) {
      warned.add(origin);
      parts.emit({
        type: 'warning',
        code: 'WITHOUT_CREDENTIALS',
        message: `pages of ${origin} are fetched without your credentials: they were given for another origin`,
      });
    }
    return send(request, 'without-credentials');
  };
}

/**
 * Requests of a list that pages by itself. What a server names as next stays within the start's
 * origin, or is one that the user allowed, which gets nothing of the user's own; anything else stops
 * the run.
 */
export function createLockedRequester(parts: RequesterParts, startUrl: string): Requester {
  const start = new URL(startUrl);
  const allowed = new Set(parts.options.allowOrigins);
  const send = createSender(parts);
  return async (request) => {
    const origin = originOf(request);
    if (origin === start.origin) return send(request, 'named');
    if (start.protocol === 'https:' && origin.startsWith('http:')) {
      return unsafe(
        `a next link leads from https to ${origin}; that is never followed. Where the server means https, say how the list pages instead, as with --paginate page`,
      );
    }
    if (allowed.has(origin)) {
      const url = withholdCredentials(request.url, startUrl, parts.options.secretParams);
      return send({ ...request, url }, 'foreign', start.origin);
    }
    return unsafe(leavesOrigin('a next link', origin, start.origin));
  };
}

function unsafe(reason: string): AttemptResult {
  const outcome = { kind: 'unsafe', code: 'OTHER_ORIGIN', reason } as const;
  return { outcome, response: null, fault: null, hint: null };
}

function createSender({ transport, options, clock, limiters }: RequesterParts) {
  const context = {
    transport,
    headers: createRequestHeaders(options.headers),
    hasCredentials: holdsCredentials(options),
    allowOrigins: new Set(options.allowOrigins),
    secretParams: options.secretParams,
    refusals: options.refusals,
    wallTime: clock.wallTime,
    readHint: (origin: string, path: string, status: number, headers: HeaderValues) => {
      limiters.notePolicy(origin, path, headers);
      return limiters.of(origin, path).readHint(status, headers, clock.now(), clock.wallTime());
    },
  };
  return (
    request: PageRequest,
    trust: Trust,
    start: string | null = null,
  ): Promise<AttemptResult> => {
    const origin = originOf(request);
    const path = request.url.slice(origin.length);
    const { method, body, headers } = request;
    return attemptPage(context, {
      method,
      origin,
      start,
      path,
      body,
      trust,
      headers: headers ?? null,
    });
  };
}

function holdsCredentials(options: ResolvedOptions): boolean {
  return options.headers.some(({ value }) => value instanceof Secret);
}

/** The plan has normalised the URL, so the path begins at the first slash after `https://`. */
function originOf({ url }: PageRequest): string {
  const slash = url.indexOf('/', 8);
  if (slash === -1) throw new EverypageError('INTERNAL', 'a page request has no path');
  return url.slice(0, slash);
}
