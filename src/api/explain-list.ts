import { createPageInfoReader } from '../archive-thread/page-info-reader.ts';
import { systemClock } from '../core/clock.ts';
import { describeHint } from '../core/describe-hint.ts';
import { type ErrorCode, EverypageError } from '../core/errors.ts';
import type { ResolvedOptions, RunOptions } from '../core/options.ts';
import type { PageInfo } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import { isParallel, type Pagination } from '../core/pagination.ts';
import { redactUrl } from '../core/redact.ts';
import { resolveOptions } from '../core/resolve-options.ts';
import { createBodyCheck } from '../decode/check-body.ts';
import { readSelection } from '../decode/decode.ts';
import { answerExcerpt } from '../fetch/body-excerpt.ts';
import { createLoneFetch, type LonePage } from '../fetch/fetch-alone.ts';
import { LimiterRegistry } from '../fetch/limiter-registry.ts';
import { paginateJob, withPresetOf } from '../fetch/paginate-job.ts';
import { pageView } from '../fetch/paginated-source.ts';
import { PauseMonitor } from '../fetch/pause-monitor.ts';
import { createLockedRequester } from '../fetch/requester.ts';
import { transportOptions } from '../fetch/transport-options.ts';
import { createTransport, type TransportInternals } from '../http/create-transport.ts';
import type { Outcome } from '../http/outcome.ts';
import type { Protocol } from '../http/transport.ts';
import { pinFlags } from '../plan/detect/detect.ts';
import { discoverPagination, type PageView } from '../plan/detect/discover.ts';
import { createListPlan } from '../plan/list-plan.ts';
import type { PlanSource } from '../plan/plan.ts';
import { presetForHost } from '../plan/presets.ts';
import { takeUserInfo } from '../plan/written-url.ts';

/** What a few requests show of an API. */
export interface Explanation {
  readonly pagination: Pagination;
  /** What showed it, each a phrase for people. */
  readonly evidence: readonly string[];
  /** The flags that pin it. */
  readonly flags: readonly string[];
  /** A preset for this host, where there is one. */
  readonly preset: string | null;
  /** For a single page: it says itself that it is the whole list. */
  readonly isWholeList: boolean;
  /** Records in the first page, and in all as the server says; null where it does not say. */
  readonly pageRecords: number;
  readonly total: number | null;
  /** Pages that follow from it; null where that is not known. */
  readonly pages: number | null;
  /** Pages can be asked for without waiting for the one before. */
  readonly isParallel: boolean;
  /** Response headers that speak of limits, as they came. */
  readonly limits: Readonly<Record<string, string>>;
  /** What they mean, in words; null where nothing is said. */
  readonly limitsSay: string | null;
  readonly protocol: Protocol | null;
  readonly requests: number;
  /** Milliseconds of one request once the connection stands: the shortest that was seen. */
  readonly latencyMs: number;
  /** What all pages would take at the pace that a run begins with; null where their number is not known. */
  readonly estimatedMs: number | null;
}

const LIMIT_HEADER = /rate-?limit|retry-after|quota|call-limit|limit-info/i;

/** See `explain`. */
export async function explainList(
  url: string,
  userOptions: RunOptions,
  network: TransportInternals = {},
): Promise<Explanation> {
  const asked: PlanSource = { kind: userOptions.literal ? 'literal' : 'template', text: url };
  const taken = takeUserInfo([asked], userOptions);
  const source = taken.sources[0]!;
  const options = await withPresetOf(resolveOptions(taken.options));
  const { method, body, secretParams } = options;
  const plan = () => createListPlan({ sources: [source], method, body, secretParams });
  const job = await paginateJob([source], options, plan);
  if (job === null) {
    throw new EverypageError('USAGE', 'explain takes the URL of a first page, without a range');
  }
  const transport = createTransport(transportOptions(options, process.env), network);
  const limiters = new LimiterRegistry(options);
  const emit = userOptions.onEvent ?? (() => {});
  const seen: LonePage[] = [];
  try {
    const fetchAlone = createLoneFetch({
      options,
      clock: systemClock,
      emit,
      counters: { retries: 0 },
      limiters,
      pauseMonitor: new PauseMonitor({
        options,
        clock: systemClock,
        emit,
        counters: { pausedMs: 0 },
      }),
      attempt: createLockedRequester(
        { transport, options, clock: systemClock, emit: () => {}, limiters },
        job.start.url,
      ),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
    const found = await discoverPagination(
      job.start,
      { pinned: job.pinned, usual: job.usual },
      async (request: PageRequest) => {
        const page = await fetchAlone(request);
        seen.push(page);
        if (page.body === null && seen.length === 1) throw notThere(page, request, options);
        return pageView(request, page);
      },
    );
    const { pagination, evidence, isWholeList } = found;
    const pageInfo = await pageInfoOf(pagination, found.responses[0]!, options.maxDecodedBytes);
    const total = pageInfo?.total ?? found.total;
    const pageRecords = pageInfo?.records ?? found.pageRecords;
    const latencyMs = Math.min(...seen.map(({ durationMs }) => durationMs));
    const pages =
      pageInfo?.totalPages ??
      (total === null || pageRecords === 0 ? null : Math.ceil(total / pageRecords));
    const hint = seen.at(-1)!.result.hint;
    const { origin, pathname } = new URL(job.start.url);
    const pace = limiters.of(origin, pathname);
    const inParallel = isParallel(pagination);
    const atOnce = inParallel ? pace.concurrency : 1;
    const perSecond = pace.basis(systemClock.now()).perSecond;
    const byRateMs = pages === null || perSecond === null ? 0 : (pages / perSecond) * 1000;
    return {
      pagination,
      evidence,
      flags: pinFlags(pagination),
      preset: presetForHost(new URL(job.start.url).hostname)?.name ?? null,
      isWholeList,
      pageRecords,
      total,
      pages,
      isParallel: inParallel,
      limits: limitsOf(seen[0]!),
      limitsSay: hint === null ? null : describeHint(hint),
      protocol: seen[0]!.result.response?.protocol ?? null,
      requests: seen.length,
      latencyMs,
      estimatedMs:
        pages === null ? null : Math.max(Math.ceil(pages / atOnce) * latencyMs, byRateMs),
    };
  } finally {
    await transport.close();
  }
}

/** What the first page teaches, as a run would read it. */
async function pageInfoOf(
  pagination: Pagination,
  { request, headers, body }: PageView,
  maxDecodedBytes: number,
): Promise<PageInfo | null> {
  const check = createBodyCheck(readSelection(pagination.records), maxDecodedBytes);
  const verdict = check(body, null);
  if (!verdict.ok) return null;
  const { decoded, found } = verdict;
  return createPageInfoReader(pagination)({ url: request.url, headers, body: decoded, found })
    .pageInfo;
}

function limitsOf({ result }: LonePage): Record<string, string> {
  const limits: Record<string, string> = {};
  for (const [name, value] of Object.entries(result.response?.headers ?? {})) {
    if (LIMIT_HEADER.test(name) && value !== undefined) limits[name] = String(value);
  }
  return limits;
}

function notThere(
  { result }: LonePage,
  { url }: PageRequest,
  options: ResolvedOptions,
): EverypageError {
  const { outcome, response, attempts = 1 } = result;
  const reason = 'reason' in outcome ? outcome.reason : outcome.kind;
  const tried = attempts > 1 ? ` (${attempts} attempts)` : '';
  const isRefused = response !== null && response.status >= 400;
  const answer = isRefused ? answerExcerpt(response, url, options) : null;
  const said = answer === null ? '' : `; the answer begins ${answer}`;
  const shown = redactUrl(url, options.secretParams);
  const message = `the first page, ${shown}, does not come: ${reason}${tried}${said}`;
  return new EverypageError(codeOf(outcome), message);
}

function codeOf(outcome: Outcome): ErrorCode {
  if (outcome.kind === 'unsafe') return outcome.code;
  return outcome.kind === 'credentials' ? 'CREDENTIALS_REFUSED' : 'INCOMPLETE';
}
