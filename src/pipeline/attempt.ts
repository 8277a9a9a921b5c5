import type { Method } from '../core/page-request.ts';
import { classifyFault, classifyResponse, type Outcome } from '../http/outcome.ts';
import { classifyRedirect, MAX_REDIRECTS } from '../http/redirect.ts';
import { type RawResponse, type Transport, TransportError } from '../http/transport.ts';
import type { HeaderRecord, Trust } from './request-headers.ts';
import { withholdCredentials } from './withhold-credentials.ts';

export interface AttemptContext {
  readonly transport: Transport;
  readonly headers: Readonly<Record<Trust, HeaderRecord>>;
  readonly hasCredentials: boolean;
  readonly allowOrigins: ReadonlySet<string>;
  readonly secretParams: readonly string[];
  wallTime(): number;
}

export interface AttemptResult {
  readonly outcome: Outcome;
  readonly response: RawResponse | null;
  /** How many attempts this stands for; absent: one. */
  readonly attempts?: number;
}

interface Target {
  readonly method: Method;
  readonly origin: string;
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
        path: target.path,
        headers: headersOf(context, target),
        body: target.body,
      });
    } catch (error) {
      if (error instanceof TransportError) return { outcome: classifyFault(error), response: null };
      throw error;
    }
    const outcome = classifyResponse(response.status, response.headers, context.wallTime());
    if (outcome.kind !== 'redirect') return { outcome, response };
    if (redirects === MAX_REDIRECTS) {
      return {
        outcome: { kind: 'fail', reason: `more than ${MAX_REDIRECTS} redirects` },
        response,
      };
    }
    const next = follow(context, target, response.status, outcome.location);
    if ('kind' in next) return { outcome: next, response };
    target = next;
  }
}

function headersOf({ headers }: AttemptContext, target: Target): HeaderRecord {
  const ofRun = headers[target.trust];
  return target.headers === null ? ofRun : { ...ofRun, ...target.headers };
}

function follow(
  context: AttemptContext,
  from: Target,
  status: number,
  location: string,
): Target | Outcome {
  const redirect = classifyRedirect(new URL(from.origin + from.path), location);
  if (redirect.kind === 'invalid')
    return { kind: 'fail', reason: `${status} with an invalid Location` };
  let { url } = redirect;
  if (redirect.kind === 'downgrade') {
    return {
      kind: 'unsafe',
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
        reason:
          `a redirect leads to another origin, ${url.origin}. If you trust it, add ` +
          `--allow-origin ${url.origin}; it gets no credentials and none of your headers`,
      };
    }
    trust = 'foreign';
    url = new URL(withholdCredentials(url.href, from.origin + from.path, context.secretParams));
  }
  // RFC 9110 §15.4: 307 and 308 keep the method; after the others a POST becomes a GET, as clients do.
  const keeps = status === 307 || status === 308 || from.method === 'GET';
  return {
    method: keeps ? from.method : 'GET',
    origin: url.origin,
    path: url.pathname + url.search,
    body: keeps ? from.body : null,
    trust,
    headers: from.headers,
  };
}
