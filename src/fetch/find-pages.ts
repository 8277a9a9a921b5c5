/** Where a run's pages come from: a list of URLs, or a list that pages by itself. */
import type { Opened, PaginateRequest, SentPage } from '../archive-thread/messages.ts';
import { saysThatItFailed } from '../archive-thread/outcome-words.ts';
import { EverypageError } from '../core/errors.ts';
import type { KnownCredentials } from '../core/known-credentials.ts';
import type { PageToContinue } from '../core/options.ts';
import { outputShape } from '../core/output-shape.ts';
import type { PageRequest } from '../core/page-request.ts';
import { isOnePage } from '../core/pagination.ts';
import type { PaginationFacts } from '../core/summary.ts';
import { pageValue } from '../decode/decode.ts';
import { createGrowingPlan } from '../plan/create-growing-plan.ts';
import { recordsIn } from '../plan/detect/facts.ts';
import { createFunctionPlan } from '../plan/function-plan.ts';
import type { GrowingPlan, Plan } from '../plan/plan.ts';
import { slicesOf } from '../plan/split-ranges.ts';
import { type Ask, type AskedPages, FirstPageMissing } from './asked-pages.ts';
import { attemptsFrom, attemptsOfList } from './attempt.ts';
import { restoreCredentials } from './credentials.ts';
import {
  emptyListFound,
  type FoundPagination,
  findPagination,
  isEmptyAnswer,
  pagingFacts,
} from './find-pagination.ts';
import { idleOptions } from './idle-options.ts';
import type { PaginateJob } from './paginate-job.ts';
import { PendingPages, type RunParts } from './pending-pages.ts';
import { type Attempt, createTask, type Task } from './task.ts';

/** What of the pages a run still needs. */
export type Pending = Pick<
  PendingPages,
  'tasks' | 'onPage' | 'came' | 'end' | 'traits' | 'isGrowing' | 'mostPages'
>;

export interface FoundPages {
  readonly pending: Pending;
  /** What the archive thread was told of how the list pages; null for nothing. */
  readonly told: PaginateRequest | null;
  readonly attempt: Attempt;
  /** The list's first page: it comes if the server is up. Null for a list of URLs. */
  readonly witness: Task | null;
  /** How the list was found to page; null for a list of URLs. */
  readonly facts: PaginationFacts | null;
}

/**
 * Finds out how the list pages and sends that to the archive thread, which needs it before the first
 * page is stored. Null where the run was stopped before.
 */
export async function findPages(parts: RunParts): Promise<FoundPages | null> {
  const { paginate, open } = parts.job;
  if (paginate !== null) return paginatedPages(parts, paginate);
  return open.isPaginated ? listWithRecordsFound(parts) : listedPages(parts, null, null);
}

/**
 * Sends to the archive thread what it needs before the first page is stored. A new archive has nothing to
 * say to it, so the first page does not wait for the answer, which may mean the thread's own start.
 */
async function sendPagination(
  { job, thread, engine }: RunParts,
  ask: PaginateRequest,
): Promise<PaginateRequest> {
  const begun = thread.call('paginate', ask);
  if (job.isNew) begun.catch((error) => engine.dispatcher.fail(error));
  else await begun;
  return ask;
}

/**
 * @param told see `FoundPages`
 * @param before pages that were fetched already
 */
function listedPages(
  parts: RunParts,
  told: PaginateRequest | null,
  before: AskedPages | null,
  plan = parts.job.makePlan(),
  mostPages?: number,
): FoundPages {
  const pending = new PendingPages(parts, plan, null, before, mostPages);
  const attempt = attemptsOfList(parts.engine, () => pending.firstOrigin);
  return { pending, told, attempt, witness: null, facts: null };
}

/** A list whose records are to be found (`--records`): its first page shows where they stand. */
async function listWithRecordsFound(parts: RunParts): Promise<FoundPages | null> {
  const { opened, thread, engine } = parts;
  const first = { branch: 0, position: 0 };
  const stored = opened.resumed === null ? null : await thread.call('page', first);
  const asked =
    stored === null
      ? await firstOfList(parts)
      : { asked: null, json: parsed(stored), request: { url: stored.url, body: null } };
  if (asked === null || engine.stopped !== null) return null;
  const { json, request } = asked;
  const records = json === undefined || request === null ? null : recordsIn(json, request);
  if (json !== undefined && records === null) {
    throw new EverypageError(
      'SELECTION',
      'no list of records was found in the first page: say where it is with --select, or take whole pages with --pages',
    );
  }
  const output = { kind: 'selection', select: records?.path ?? null } as const;
  const told = await sendPagination(parts, { pagination: null, output, isOneBranch: true });
  if (records !== null) return listedPages(parts, told, asked.asked);
  // The first one has failed, and no other is taken without knowing what its records are.
  return listedPages(parts, told, asked.asked, parts.job.makePlan(), 1);
}

/** Where the first pages fail, so many are asked for to find where records stand. */
const MOST_FIRST_PAGES = 3;

/** The first page that comes; those before it have failed, and fail in the run. */
async function firstOfList({ job, engine }: RunParts) {
  const most = Math.min(MOST_FIRST_PAGES, job.options.maxPages ?? MOST_FIRST_PAGES);
  let origin: string | null = null;
  return engine.askFor(
    attemptsOfList(engine, () => origin),
    async (ask, asked) => {
      let tried = 0;
      for await (const requests of job.makePlan().batches()) {
        for (const request of requests.slice(0, most - tried)) {
          origin ??= new URL(request.url).origin;
          const json = (await orMissing(ask(request)))?.json;
          if (json !== undefined) return { asked, json, request };
          tried += 1;
        }
        if (tried === most) break;
      }
      return { asked, json: undefined, request: null };
    },
    (json, request) => recordsIn(json, request) === null && saysThatItFailed(json),
  );
}

/** Null if the first page does not come. The run then asks for it and reports why it failed. */
async function orMissing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof FirstPageMissing) return null;
    throw error;
  }
}

const decoder = new TextDecoder();

function parsed({ body }: SentPage): unknown {
  return pageValue(body);
}

/** A list that pages by itself: finds out how before anything else is asked for. */
async function paginatedPages(parts: RunParts, paginate: PaginateJob): Promise<FoundPages | null> {
  const { job, opened, thread, engine } = parts;
  const { options } = job;
  const { start, split } = paginate;
  const attempt = attemptsFrom(engine, start.url);
  const isOneBranch = split === null;
  const remembered = rememberedPagination(opened);
  const result =
    remembered === null
      ? await engine.askFor(attempt, async (ask, asked) => {
          const askNext: Ask = (request) => {
            if (asked.finals().length > 0) thread.beginThread();
            return ask(request);
          };
          const found = await orMissing(findPagination(paginate, options, askNext));
          return { found, asked };
        })
      : { found: remembered, asked: null };
  if (result === null) return null;
  const { found, asked } = result;
  if (found === null && asked !== null && isEmptyAnswer(asked.finals()[0], start)) {
    return emptyList(parts, start, asked);
  }
  if (found === null) {
    const output = { kind: 'pages', select: null } as const;
    const told = await sendPagination(parts, { pagination: null, output, isOneBranch });
    // As it was asked for: a preset may have added to its URL.
    return listedPages(parts, told, asked, onePage(start));
  }
  const pagination =
    split === null ? found.pagination : { ...found.pagination, slices: slicesOf(split) };
  for (const message of idleOptions(pagination)) {
    engine.emit({ type: 'warning', code: 'IDLE_OPTION', message });
  }
  if (found.end?.reason === 'short' && found.end.detail !== null) {
    engine.emit({ type: 'warning', code: 'IDLE_OPTION', message: found.end.detail });
  }
  const output = outputShape(pagination, options);
  if (!isOnePage(pagination) && found.isShort !== true) thread.beginThread();
  const told = await sendPagination(parts, { pagination, output, isOneBranch });
  const facts = pagingFacts({ ...found, pagination }, options);
  engine.emit({ type: 'pagination', ...facts });
  const plan = planFor({ ...found, pagination }, paginate, parts);
  const pending = new PendingPages(parts, plan, pagination, asked);
  const witness = createTask(start, options.credentials);
  return { pending, told, attempt, witness, facts };
}

/** Its one page is asked for past the end, since a page without content is none to store. */
async function emptyList(
  parts: RunParts,
  start: PageRequest,
  asked: AskedPages,
): Promise<FoundPages> {
  const { engine } = parts;
  const { pagination, evidence } = emptyListFound;
  const output = outputShape(pagination, parts.job.options);
  const told = await sendPagination(parts, { pagination, output, isOneBranch: true });
  const facts = { style: pagination.style, evidence, flags: [], recordsPath: output.select };
  engine.emit({ type: 'pagination', ...facts });
  const plan = createGrowingPlan({ pagination, start: { ...start, speculative: true } });
  const pending = new PendingPages(parts, plan, pagination, asked);
  return { pending, told, attempt: attemptsFrom(engine, start.url), witness: null, facts };
}

function onePage(request: PageRequest): Plan {
  return {
    async *batches() {
      yield [request];
    },
    count: async () => 1,
  };
}

/** How the archive says that the list pages. One page that was all that was found is tried again. */
function rememberedPagination({ pagination, exportOnly }: Opened): FoundPagination | null {
  if (pagination === null || (isOnePage(pagination) && !exportOnly)) return null;
  return { pagination, evidence: ['as when this run began'], end: null };
}

function planFor(
  { pagination, end }: FoundPagination,
  { start, split, next }: PaginateJob,
  { job, thread, activeSlices }: RunParts,
): GrowingPlan {
  const { recheck, maxPages, secretParams, credentials } = job.options;
  if (next !== null) {
    return createFunctionPlan({
      start,
      next,
      readPage: async (place) =>
        pageToContinue(await thread.call('page', place), start.url, credentials),
      secretParams,
    });
  }
  const plan = createGrowingPlan({
    ...{ pagination, start, split, recheck },
    isBounded: maxPages !== null,
    ...(activeSlices === undefined ? {} : { activeSlices }),
  });
  if (end === null) return plan;
  return {
    ...plan,
    end() {
      const own = plan.end();
      if (own.reason === 'broken') return own;
      // What the page was found to be: its page info alone cannot repeat that.
      if (end.isFinal) return { ...own, reason: end.reason, detail: end.detail };
      return own.reason === 'single' ? { ...own, detail: own.detail ?? end.detail } : own;
    },
  };
}

/**
 * A stored page as a user's pagination function gets it. Its URL has the credentials of the start
 * again, so that the next one can be made of it.
 */
function pageToContinue(
  page: SentPage | null,
  startUrl: string,
  credentials: KnownCredentials,
): PageToContinue {
  if (page === null) throw new EverypageError('INTERNAL', 'a page to go on from is not stored');
  const { url, status, headers, body } = page;
  return {
    url: restoreCredentials(credentials.open(url), startUrl),
    status,
    headers: headers === null ? {} : JSON.parse(headers),
    body,
    json: () => JSON.parse(decoder.decode(body)) as never,
  };
}
