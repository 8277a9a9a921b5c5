/** How a list pages, found out by the engine of a run, without an archive. */
import { createPageInfoReader } from '../archive-thread/page-info-reader.ts';
import { checkOptions } from '../core/check-options.ts';
import { systemClock } from '../core/clock.ts';
import { EverypageError, kindOf, usageError } from '../core/errors.ts';
import { describeHint } from '../core/hint.ts';
import { type RunOptions, runOptions } from '../core/options.ts';
import type { PageInfo } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import { isParallel, onePageOnly, overlapOf, type Pagination } from '../core/pagination.ts';
import { resolveOptions } from '../core/resolve-options.ts';
import type { Cure } from '../core/summary.ts';
import { createBodyCheck } from '../decode/check-body.ts';
import { readSelection } from '../decode/decode.ts';
import { FirstPageMissing } from '../fetch/asked-pages.ts';
import { attemptsFrom } from '../fetch/attempt.ts';
import { shownError, withKnownCredentials, withoutCredentials } from '../fetch/credentials.ts';
import { Engine } from '../fetch/engine.ts';
import {
  emptyListFound,
  type FoundPagination,
  isEmptyAnswer,
  pagingFacts,
  settlePagination,
} from '../fetch/find-pagination.ts';
import { type MakeTransport, transportOptions } from '../fetch/open-transport.ts';
import { type PaginateJob, paginateJob, withPresetOptions } from '../fetch/paginate-job.ts';
import { RunControl } from '../fetch/run-control.ts';
import type { FinalAttempt } from '../fetch/task.ts';
import { createTransport } from '../http/create-transport.ts';
import type { HeaderValues, Protocol } from '../http/transport.ts';
import { type Discovery, discoverPagination, type PageView } from '../plan/detect/discover.ts';
import type { OnePageEnd } from '../plan/detect/one-page.ts';
import { MAX_REQUESTS } from '../plan/detect/try-candidates.ts';
import { createListPlan } from '../plan/list-plan.ts';
import { presetForHost } from '../plan/presets.ts';
import { firstOrigin, takeUserInfo } from '../plan/written-url.ts';
import { describeStop } from '../report/stop-text.ts';
import { abortedBy, codeOfStop } from './unfinished-error.ts';
import { sourcesOf } from './urls.ts';

/** What a few requests show of an API. */
export interface Explanation {
  readonly pagination: Pagination;
  /** What showed it, each a phrase for people. */
  readonly evidence: readonly string[];
  /** The flags that pin it. */
  readonly flags: readonly string[];
  /** What is taken of a page, as in the summary of a run; null for whole pages. */
  readonly recordsPath: string | null;
  /** Why a run would not read the list whole, or could not show it, and the first flag that helps; null where it would. */
  readonly advice: string | null;
  /** Flags that would help then, the likeliest first. */
  readonly cures: readonly Cure[];
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

/**
 * Finds out how a list pages, with at most eight requests, and writes nothing.
 *
 * @throws EverypageError where the first page does not come, with its reason
 * @example
 * const { flags, total } = await explain('https://api.example/items');
 */
export async function explain(url: string | URL, options: RunOptions = {}): Promise<Explanation> {
  checkOptions('explain', runOptions, options);
  return explainOver(createTransport, url, options);
}

/**
 * `explain` over a transport that a test makes.
 *
 * @internal
 */
export async function explainOver(
  make: MakeTransport,
  url: string | URL,
  userOptions: RunOptions,
): Promise<Explanation> {
  if (typeof url !== 'string' && !(url instanceof URL)) {
    throw usageError(`url: expected one URL (a string or a URL object), got ${kindOf(url)}`);
  }
  const taken = takeUserInfo(sourcesOf(url, userOptions.literal), userOptions);
  const { sources } = taken;
  const resolved = withPresetOptions(resolveOptions(taken.options));
  const asked = transportOptions(resolved, process.env);
  const proxy = asked.proxyFor(firstOrigin(sources) ?? String(url));
  const options = withKnownCredentials(resolved, sources, proxy);
  const { method, body, secretParams } = options;
  const plan = () => createListPlan({ sources, method, body, secretParams });
  const job = await paginateJob(sources, options, plan);
  if (job === null) {
    throw usageError('explain takes the URL of a first page, without a range');
  }
  const transport = make(asked);
  const emit = withoutCredentials(userOptions.onEvent ?? (() => {}), options);
  const control = new RunControl(userOptions.signal);
  const parts = { options, transport, clock: systemClock, emit };
  const engine = new Engine({ ...parts, opened: null, keepsPages: false });
  try {
    return options.credentials.withholdIn(await explainWith(control.attach(engine), job));
  } catch (error) {
    const shown = shownError(error, options);
    const { signal } = userOptions;
    const isAborted = shown instanceof EverypageError && shown.code === 'INTERRUPTED';
    throw isAborted && signal?.aborted ? abortedBy(signal, shown) : shown;
  } finally {
    control.close();
    await transport.close();
  }
}

async function explainWith(engine: Engine, job: PaginateJob): Promise<Explanation> {
  const { start, pinned, usual } = job;
  const attempt = attemptsFrom(engine, start.url);
  const explanation = await engine.askFor(attempt, async (ask, { finals }) => {
    try {
      const shown = await discoverPagination(start, { pinned, usual }, ask);
      const isRoom = shown.responses.length <= MAX_REQUESTS - MOST_TO_SETTLE;
      const found = await settlePagination(shown, job, engine.options, isRoom ? ask : null);
      return describe(engine, { shown, found, finals: finals() });
    } catch (error) {
      const [first] = finals();
      if (first !== undefined && isEmptyAnswer(first, start))
        return emptyList(engine, first, start);
      throw error instanceof FirstPageMissing ? notThere(error) : error;
    }
  });
  if (explanation !== null) return explanation;
  const stop = engine.stopped ?? { kind: 'aborted' };
  const why = describeStop(stop, systemClock.wallTime());
  throw new EverypageError(codeOfStop(stop), `the pagination was not detected. ${why}`);
}

/** What settling may ask for: the plan's first page, with a size that the user names, and its second. */
const MOST_TO_SETTLE = 2;

interface Shown {
  readonly shown: Discovery;
  readonly found: FoundPagination;
  /** Of the pages that were asked for, in their order. */
  readonly finals: readonly FinalAttempt[];
}

function describe({ limiters, options }: Engine, { shown, found, finals }: Shown): Explanation {
  const { isWholeList, responses } = shown;
  const { pagination, end } = found;
  const pageInfo = pageInfoOf(pagination, responses[0]!, options.maxDecodedBytes);
  const total = pageInfo?.total ?? shown.total;
  const pageRecords = pageInfo?.records ?? shown.pageRecords;
  const { url } = responses[0]!.request;
  const answers = answersOf(url, finals, finals.at(-1)!.hint);
  const overlap = overlapOf(pagination, pageRecords);
  const pages =
    pageInfo?.totalPages ??
    (total === null || pageRecords === 0
      ? null
      : Math.ceil((total - overlap) / (pageRecords - overlap)));
  const inParallel = isParallel(pagination);
  const { origin, pathname } = new URL(url);
  const limiter = limiters.of(origin, pathname);
  const atOnce = inParallel ? limiter.concurrency : 1;
  const { perSecond } = limiter.basis(systemClock.now());
  const byRateMs = pages === null || perSecond === null ? 0 : (pages / perSecond) * 1000;
  const { style: _, cures = [], ...facts } = pagingFacts(found, options);
  return {
    pagination,
    ...facts,
    advice: adviceOf(end),
    cures,
    ...{ isWholeList, pageRecords, total, pages, isParallel: inParallel },
    ...answers,
    estimatedMs:
      pages === null ? null : Math.max(Math.ceil(pages / atOnce) * answers.latencyMs, byRateMs),
  };
}

/** A run of it ends with no records, too. */
function emptyList({ options }: Engine, final: FinalAttempt, { url }: PageRequest): Explanation {
  const { hint } = final;
  const { pagination, evidence } = emptyListFound;
  return {
    ...{ pagination, evidence, flags: [], advice: null, cures: [] },
    recordsPath: pagingFacts(emptyListFound, options).recordsPath,
    ...{ isWholeList: false, pageRecords: 0, total: null, pages: null, isParallel: false },
    ...answersOf(url, [final], hint),
    estimatedMs: null,
  };
}

/** What answers say besides the list. */
function answersOf(
  url: string,
  finals: readonly FinalAttempt[],
  hint: FinalAttempt['hint'],
): Pick<Explanation, 'preset' | 'limits' | 'limitsSay' | 'protocol' | 'requests' | 'latencyMs'> {
  const [first] = finals;
  return {
    preset: presetForHost(new URL(url).hostname)?.name ?? null,
    limits: limitsOf(first?.headers ?? {}),
    limitsSay: hint === null ? null : describeHint(hint),
    protocol: first?.protocol ?? null,
    requests: finals.length,
    latencyMs: Math.min(...finals.map(({ timing }) => timing.durationMs)),
  };
}

/** In the words of the run that would end so. */
function adviceOf(end: OnePageEnd | null): string | null {
  if (end === null || end.detail === null) return null;
  return end.reason === 'single' ? onePageOnly(end.detail) : end.detail;
}

/** What the first page says about the list, as a run would read it. */
function pageInfoOf(
  pagination: Pagination,
  { request, headers, body }: PageView,
  maxDecodedBytes: number,
): PageInfo | null {
  const check = createBodyCheck(readSelection(pagination.records), maxDecodedBytes);
  const verdict = check(body, null);
  if (!verdict.ok) return null;
  const { decoded, found } = verdict;
  return createPageInfoReader(pagination)({ url: request.url, headers, body: decoded, found })
    .pageInfo;
}

const LIMIT_HEADER = /rate-?limit|retry-after|quota|call-limit|limit-info/i;

function limitsOf(headers: HeaderValues): Record<string, string> {
  const limits: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (LIMIT_HEADER.test(name) && value !== undefined) limits[name] = String(value);
  }
  return limits;
}

function notThere({ task, final }: FirstPageMissing): EverypageError {
  const tried = task.attempts > 1 ? ` (${task.attempts} attempts)` : '';
  const reason = `${final.why?.reason ?? ''}${tried}`;
  return new EverypageError(
    'INCOMPLETE',
    `the first page, ${task.shownUrl}, could not be fetched: ${reason}`,
  );
}
