import { escapeText } from '../core/escape.ts';
import type { Hint } from '../core/hint.ts';
import type { ResolvedOptions } from '../core/options.ts';
import type { Method } from '../core/page-request.ts';
import { redactUrl, withholdCredentials } from '../core/redact.ts';
import { classifyFault, classifyResponse, type Outcome } from '../http/outcome.ts';
import { classifyRedirect, MAX_REDIRECTS } from '../http/redirect.ts';
import {
  type HeaderValues,
  type RawResponse,
  type Transport,
  TransportError,
  type TransportFault,
} from '../http/transport.ts';
import { leavesOrigin } from './leaves-origin.ts';
import { limitInResponse } from './limit-in-response.ts';
import type { HeaderRecord, Trust } from './request-headers.ts';

export interface AttemptContext {
  readonly transport: Transport;
  readonly headers: Readonly<Record<Trust, HeaderRecord>>;
  readonly hasCredentials: boolean;
  readonly allowOrigins: ReadonlySet<string>;
  readonly secretParams: readonly string[];
  readonly refusals: ResolvedOptions['refusals'];
  wallTime(): number;
  /** What the headers of a response of this origin say about limits. */
  readHint(origin: string, path: string, status: number, headers: HeaderValues): Hint;
}

export interface AttemptResult {
  readonly outcome: Outcome;
  readonly response: RawResponse | null;
  /** What went wrong where there is no response, or null. */
  readonly fault: TransportFault | null;
  /** What the response says about limits, or null where there is none. */
  readonly hint: Hint | null;
  /** Credentials in headers: they went with the request, or were given for another origin. Absent: there are none. */
  readonly credentials?: 'sent' | 'withheld';
  /** How many attempts this stands for; absent: one. */
  readonly attempts?: number;
}

interface Target {
  readonly method: Method;
  readonly origin: string;
  /** Whose server led here; null for a page that was asked for by the user's own URL. */
  readonly start: string | null;
  readonly path: string;
  readonly body: Uint8Array | null;
  readonly trust: Trust;
  /** The request's own, beside the run's. */
  readonly headers: Readonly<Record<string, string>> | null;
}

/** Sends one request, follows the redirects that are safe, and says what came of it. Never throws for the network. */
export async function attemptPage(context: AttemptContext, first: Target): Promise<AttemptResult> {
  let target = first;
  for (let redirects = 0; ; redirects += 1) {
    let response: RawResponse;
    try {
      response = await context.transport.request({
        method: target.method,
        origin: target.origin,
        start: target.start,
        path: target.path,
        headers: headersOf(context, target),
        body: target.body,
      });
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return { outcome: classifyFault(error), response: null, fault: error.fault, hint: null };
    }
    const { status, headers } = response;
    const wallTime = context.wallTime();
    const hint = context.readHint(target.origin, target.path, status, headers);
    const answered = { response, hint, fault: null, ...credentialsOf(context, target) };
    const outcome = classifyResponse(status, headers, wallTime, hint);
    if (outcome.kind !== 'redirect') {
      return { ...answered, ...withLimit(context, first.method, outcome, response, hint) };
    }
    const next = follow(context, target, status, outcome.location);
    if (redirects === MAX_REDIRECTS) {
      const isLoop =
        !('kind' in next) && next.origin === target.origin && next.path === target.path;
      const loop = isLoop ? ', the last to itself; does it want a cookie or a login?' : '';
      const reason = `more than ${MAX_REDIRECTS} redirects${loop}`;
      return { ...answered, outcome: { kind: 'fail', reason } };
    }
    if ('kind' in next) return { ...answered, outcome: next };
    target = next;
  }
}

/** The outcome and the hint, with what the body and what is known of the API say of a limit (FAULTS.md R5). */
function withLimit(
  context: AttemptContext,
  method: Method,
  byHeaders: Outcome,
  response: RawResponse,
  hint: Hint,
): Pick<AttemptResult, 'outcome' | 'hint'> {
  if (byHeaders.kind === 'pause' && byHeaders.waitFrom === 'retry-after') {
    return { outcome: byHeaders, hint };
  }
  const { inSuccess, pauseMs } = context.refusals;
  // GraphQL servers, which are asked by POST, say limits in a 200.
  const isUsual = inSuccess || method === 'POST';
  const found = limitInResponse(response, hint, isUsual, context.wallTime());
  const knowsLess = byHeaders.kind !== 'pause' || byHeaders.waitMs === null;
  const outcome = found?.pause != null && knowsLess ? found.pause : byHeaders;
  const known = found?.hint ?? hint;
  const isOpen = outcome.kind === 'pause' && outcome.waitMs === null && response.status < 500;
  if (!isOpen || pauseMs === null) return { outcome, hint: known };
  return { outcome: { ...outcome, waitMs: pauseMs, waitFrom: 'preset' }, hint: known };
}

function credentialsOf(
  { hasCredentials }: AttemptContext,
  { trust }: Target,
): Pick<AttemptResult, 'credentials'> {
  if (!hasCredentials) return {};
  return { credentials: trust === 'named' ? 'sent' : 'withheld' };
}

function headersOf({ headers }: AttemptContext, target: Target): HeaderRecord {
  const ofRun = headers[target.trust];
  return target.headers === null ? ofRun : { ...ofRun, ...target.headers };
}

/** Without its query, which may repeat what we sent. */
function shown(location: string): string {
  return `"${escapeText(redactUrl(location).replace(/[?#].*$/s, '?…'), 80)}"`;
}

function follow(
  context: AttemptContext,
  from: Target,
  status: number,
  location: string,
): Target | Outcome {
  const redirect = classifyRedirect(new URL(from.origin + from.path), location);
  if (redirect.kind === 'invalid') {
    return { kind: 'fail', reason: `${status} with an invalid Location, ${shown(location)}` };
  }
  let { url } = redirect;
  if (redirect.kind === 'downgrade') {
    return {
      kind: 'unsafe',
      code: 'OTHER_ORIGIN',
      reason: `a redirect leads from https to ${url.origin}; that is never followed`,
    };
  }
  let trust = from.trust;
  if (redirect.kind === 'upgrade' && context.hasCredentials && trust === 'named') {
    // They have gone out in clear already, so they are not given to the secure side as if still secret.
    trust = 'without-credentials';
  }
  if (redirect.kind === 'other-origin') {
    if (!context.allowOrigins.has(url.origin)) {
      return {
        kind: 'unsafe',
        code: 'OTHER_ORIGIN',
        reason: leavesOrigin('a redirect', url.origin, from.origin),
      };
    }
    trust = 'foreign';
    url = new URL(withholdCredentials(url.href, from.origin + from.path, context.secretParams));
  }
  // RFC 9110 §15.4: 307 and 308 keep the method; after the others a POST becomes a GET, as clients do.
  const keeps = status === 307 || status === 308 || from.method === 'GET';
  const start = from.start ?? from.origin;
  return {
    method: keeps ? from.method : 'GET',
    origin: url.origin,
    start: url.origin === start ? null : start,
    path: url.pathname + url.search,
    body: keeps ? from.body : null,
    trust,
    headers: from.headers,
  };
}
