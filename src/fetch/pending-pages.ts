/** The plan less what the archive holds. */
import { createHash } from 'node:crypto';
import type { ArchiveThread } from '../archive-thread/archive-thread.ts';
import type {
  EndedPage,
  EndOfPlan,
  KnownPage,
  Opened,
  TakenPage,
} from '../archive-thread/messages.ts';
import { readFirst } from '../archive-thread/read-first.ts';
import { EverypageError } from '../core/errors.ts';
import type { RunEvent } from '../core/events.ts';
import type { PageEnd, PageInfo } from '../core/page-info.ts';
import { isRecheck, type Method, type PageRequest, type Place } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import type { GrowingPlan, Plan } from '../plan/plan.ts';
import { pagingHeaders } from '../plan/read-page-info.ts';
import type { AskedPages } from './asked-pages.ts';
import { restoreCredentials } from './credentials.ts';
import type { Engine } from './engine.ts';
import type { PageListener } from './page-batcher.ts';
import type { Job } from './prepare.ts';
import { arrivedPage, createTask, type ListTraits, type Task } from './task.ts';

/** Places that are looked up at once: a chain asks for its pages one by one. */
const LOOK_UP_POSITIONS = 256;

/** A list of URLs, or, with what grows it, a list that pages by itself. */
export type AnyPlan = Plan & Partial<GrowingPlan>;

/** What every step of a run needs. */
export interface RunParts {
  readonly job: Job;
  readonly opened: Opened;
  readonly thread: ArchiveThread;
  readonly engine: Engine;
  /** See `GrowingPlanOptions`. */
  readonly activeSlices?: number;
}

/**
 * Gives the dispatcher the pages that are not stored yet, in plan order, and passes each page that has
 * ended to the plan. For a page that is stored already the plan gets the page info of the archive, without
 * a request. It hears what the first page says before that is stored.
 *
 * A plan is made again on every run, so the key of each stored page is compared with what now stands in
 * its place: the first that differs stops the run before pages of two lists are mixed.
 */
export class PendingPages implements PageListener {
  readonly #parts: RunParts;
  readonly #plan: AnyPlan;
  readonly #pagination: Pagination | null;
  readonly #before: AskedPages | null;
  readonly #known: KnownPages;
  /** Over the keys of a list; what a growing plan asks for depends on its answers. */
  readonly #digest = createHash('sha256');
  #count = 0;
  #isEnded = false;
  #isChecking = false;
  #total: number | null = null;
  /** Of which the plan was told before it is stored. */
  #first: { readonly task: Task; readonly ended: PageEnd } | null = null;
  readonly traits: ListTraits;
  readonly mostPages: number;
  /** Origin of the plan's first page, once it was read. */
  firstOrigin: string | null = null;

  /**
   * @param pagination null for a list of URLs
   * @param before pages that were fetched before there was a plan
   */
  constructor(
    parts: RunParts,
    plan: AnyPlan,
    pagination: Pagination | null,
    before: AskedPages | null,
    mostPages = parts.job.options.maxPages ?? Number.POSITIVE_INFINITY,
  ) {
    this.#parts = parts;
    this.mostPages = mostPages;
    this.#plan = plan;
    this.#pagination = pagination;
    this.#before = before;
    this.#known = new KnownPages(parts);
    this.traits = {
      pagingHeaders: pagination === null ? [] : pagingHeaders(pagination),
      pastEnd: pagination?.pastEnd ?? [],
      credentials: parts.job.options.credentials,
    };
  }

  /** Whether the plan grows by what its pages say. */
  get isGrowing(): boolean {
    return this.#plan.onPage !== undefined;
  }

  /** Ends with the plan, or after `mostPages`. */
  async *tasks(): AsyncGenerator<readonly Task[]> {
    const { opened } = this.#parts;
    let left = this.mostPages;
    for await (const requests of this.#plan.batches()) {
      this.firstOrigin ??= new URL(requests[0]!.url).origin;
      const tasks: Task[] = [];
      for (const request of requests) {
        if (!this.#known.covers(request.place)) await this.#known.read(request.place);
        const task = this.#taskOf(request, this.#known.at(request.place));
        if (task === null) continue;
        // Checks are not what the user counts.
        if (isRecheck(request.place)) this.#checks();
        else {
          if (left === 0) {
            if (tasks.length > 0) yield tasks;
            return;
          }
          left -= 1;
        }
        tasks.push(task);
      }
      if (tasks.length > 0) yield tasks;
    }
    if (!this.isGrowing && opened.highestPosition >= this.#count) {
      throw shorter(this.#count, opened.highestPosition);
    }
    this.#isEnded = true;
  }

  onPage(task: Task, page: EndedPage, pageInfo: PageInfo | null): void {
    const { emit, counters } = this.#parts.engine;
    const plan = this.#plan;
    const { place, state, bodyBytes } = page;
    if (state === 'stored') {
      if (!isRecheck(place)) counters.fetched += 1;
      counters.bodyBytes += bodyBytes;
    }
    emit(pageEvent(page, task.request.method));
    if (plan.onPage === undefined) return;
    const ended = endOf(page, pageInfo);
    if (this.#first?.task !== task) plan.onPage(task.request, ended);
    else if (JSON.stringify(ended) !== JSON.stringify(this.#first.ended)) {
      throw new EverypageError('INTERNAL', 'the archive reads the first page in another way');
    }
    const known = plan.known?.() ?? null;
    if (known !== null && known !== this.#total) emit({ type: 'total', total: known });
    this.#total = known;
  }

  /**
   * Another process has fetched a page of the plan; the archive has it.
   *
   * @throws EverypageError PLAN_CHANGED where it is another page
   */
  came(task: Task, page: TakenPage): void {
    if (!isSameKey(page, task)) throw changed(task, page);
    this.onPage(task, page, page.pageInfo && this.#withCredentials(page.pageInfo));
  }

  #checks(): void {
    if (this.#isChecking) return;
    this.#isChecking = true;
    this.#parts.engine.emit({ type: 'phase', phase: 'checking' });
  }

  /** Length, digest and end of the plan, known once `tasks` has ended with it; else null. */
  end(): EndOfPlan | null {
    if (!this.#isEnded) return null;
    const digest = this.isGrowing ? new Uint8Array(0) : this.#digest.copy().digest();
    return { count: this.#count, digest, end: this.#plan.end?.() ?? null };
  }

  /** Null where the page is stored. */
  #taskOf(request: PageRequest, known: KnownPage | undefined): Task | null {
    const { credentials, pastEnd } = this.traits;
    const task = createTask(request, credentials);
    this.#count += 1;
    if (!this.isGrowing) this.#digest.update(task.key, 'latin1');
    // A growing plan cannot go on from a page of which nothing is known.
    if (known === undefined || (this.isGrowing && known.pageInfo === null)) {
      // What is read again is to show the list as it is now.
      const before = isRecheck(request.place) ? null : this.#before;
      const asked = before?.take(task.key, pastEnd) ?? null;
      if (asked === null) return task;
      const { place } = request;
      const log = asked.log.map((attempt) => ({ ...attempt, place }));
      const first = { ...asked, request, isGuess: false, log };
      this.#tellOf(first);
      return first;
    }
    if (!isSameKey(known, task)) throw changed(task, known);
    if (known.pageInfo !== null) {
      const pageInfo = this.#withCredentials(known.pageInfo);
      this.#plan.onPage?.(request, { state: 'stored', pageInfo, isKnown: true });
    }
    return null;
  }

  /** So that what follows the first page leaves while that is stored, and maybe the archive still opened. */
  #tellOf(task: Task): void {
    const { job, opened } = this.#parts;
    if (this.#count > 1 || opened.resumed !== null || task.ended === null) return;
    // A user's function gets the page from the archive.
    if (this.#pagination === null || job.paginate?.next != null) return;
    const page = arrivedPage(task, task.ended, this.traits);
    const pageInfo = readFirst(job.open, this.#pagination, page, task.ended.chunks);
    if (pageInfo === null) return;
    this.#first = { task, ended: { state: 'stored', pageInfo } };
    this.#plan.onPage?.(task.request, this.#first.ended);
  }

  /** As the plan needs it, of what is kept. */
  #withCredentials(kept: PageInfo): PageInfo {
    const pageInfo = this.traits.credentials.openIn(kept);
    const startUrl = this.#parts.job.paginate?.start.url ?? null;
    if (pageInfo.next?.kind !== 'url' || startUrl === null) return pageInfo;
    const url = restoreCredentials(pageInfo.next.url, startUrl);
    return { ...pageInfo, next: { ...pageInfo.next, url } };
  }
}

/** How a page ended, for a growing plan. */
function endOf({ state, status }: EndedPage, pageInfo: PageInfo | null): PageEnd {
  if (state === 'stored' && pageInfo !== null) return { state, pageInfo };
  return { state: state === 'beyond-end' ? state : 'failed', status };
}

/** Looks up stored pages, some positions ahead. */
class KnownPages {
  readonly #thread: ArchiveThread;
  readonly #opened: Opened;
  #branch = -1;
  #from = 0;
  #to = 0;
  #pages = new Map<number, KnownPage>();

  constructor({ thread, opened }: RunParts) {
    this.#thread = thread;
    this.#opened = opened;
  }

  /** Whether `at` can tell. */
  covers({ branch, position }: Place): boolean {
    const { resumed, highestPosition } = this.#opened;
    if (resumed === null || (branch === 0 && position > highestPosition)) return true;
    return branch === this.#branch && position >= this.#from && position < this.#to;
  }

  async read({ branch, position: from }: Place): Promise<void> {
    const to = from + LOOK_UP_POSITIONS;
    const pages = await this.#thread.call('known', { branch, from, to });
    this.#pages = new Map(pages.map((page) => [page.position, page]));
    this.#branch = branch;
    this.#from = from;
    this.#to = to;
  }

  at({ branch, position }: Place): KnownPage | undefined {
    return branch === this.#branch ? this.#pages.get(position) : undefined;
  }
}

function isSameKey(known: { readonly key: Uint8Array }, { key }: Task): boolean {
  return Buffer.compare(known.key, Buffer.from(key, 'latin1')) === 0;
}

function changed({ request, shownUrl }: Task, known: { readonly url: string }): EverypageError {
  const where = request.source === null ? '' : ` (${request.source})`;
  return new EverypageError(
    'PLAN_CHANGED',
    `page ${request.place.position + 1}${where} would now be ${shownUrl}, but the archive holds ${known.url} there. ` +
      'Restore the list and the pagination flags, or discard what is stored with --fresh.',
  );
}

function shorter(count: number, highestPosition: number): EverypageError {
  return new EverypageError(
    'PLAN_CHANGED',
    `the list has ${count} pages now, but the archive holds page ${highestPosition + 1} already. ` +
      'Restore the list, or discard what is stored with --fresh.',
  );
}

/** A page that has reached its end state, for whoever shows it. */
export function pageEvent(page: EndedPage, method: Method): Extract<RunEvent, { type: 'page' }> {
  const { place, url, state, status, code, reason, bodyBytes, durationMs, attempts } = page;
  const type = 'page';
  return { type, method, place, url, state, status, code, reason, bodyBytes, durationMs, attempts };
}
