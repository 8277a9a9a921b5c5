/** The plan less what the archive holds. */
import { createHash } from 'node:crypto';
import type { ArchiveThread } from '../archive-thread/archive-thread.ts';
import type { ArrivedPage, EndOfPlan, KnownPage, Opened } from '../archive-thread/messages.ts';
import { EverypageError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { PageEnd, PageInfo } from '../core/page-info.ts';
import { type PageRequest, type Place, pageKey } from '../core/page-request.ts';
import { redactUrl } from '../core/redact.ts';
import type { GrowingPlan, Plan } from '../plan/plan.ts';
import type { AskedPages } from './asked-pages.ts';
import { restoreCredentials } from './credentials.ts';
import type { Counters } from './dispatcher.ts';
import type { PageListener } from './page-batcher.ts';
import { createTask, type ListTraits, type Task } from './task.ts';

/** Places that are looked up at once: a chain asks for its pages one by one. */
const LOOK_UP_POSITIONS = 256;

/** A list of URLs, or, with what grows it, a list that pages by itself. */
export type AnyPlan = Plan & Partial<GrowingPlan>;

export interface PendingParts {
  readonly plan: AnyPlan;
  readonly thread: Pick<ArchiveThread, 'call'>;
  readonly opened: Pick<Opened, 'resumed' | 'highestPosition'>;
  readonly maxPages: number | null;
  readonly traits: ListTraits;
  /** Where the plan grows: its first page's URL, which has the credentials that stored next links lack. */
  readonly startUrl: string | null;
  /** Pages that were fetched before there was a plan. */
  readonly before: Pick<AskedPages, 'take'> | null;
  readonly emit: EventSink;
  readonly counters: Counters;
}

/**
 * Gives the dispatcher the pages that are not stored yet, in plan order, and tells the plan of each page
 * that has ended. Pages that are stored tell the plan again what they said when they came, without a
 * request.
 *
 * A plan is made again on every run, so the key of each stored page is compared with what now stands in
 * its place: the first that differs stops the run before pages of two lists are mixed.
 */
export class PendingPages implements PageListener {
  readonly #parts: PendingParts;
  readonly #known: KnownPages;
  /** Over the keys of a list; what a growing plan asks for depends on its answers. */
  readonly #digest = createHash('sha256');
  #count = 0;
  #isEnded = false;
  #total: number | null = null;
  /** Origin of the plan's first page, once it was read. */
  firstOrigin: string | null = null;

  constructor(parts: PendingParts) {
    this.#parts = parts;
    this.#known = new KnownPages(parts.thread, parts.opened);
  }

  /** Ends with the plan, or at `maxPages`. */
  async *tasks(): AsyncGenerator<readonly Task[]> {
    const { plan, opened, maxPages } = this.#parts;
    let left = maxPages ?? Number.POSITIVE_INFINITY;
    for await (const requests of plan.batches()) {
      this.firstOrigin ??= new URL(requests[0]!.url).origin;
      const tasks: Task[] = [];
      for (const request of requests) {
        if (!this.#known.covers(request.place)) await this.#known.read(request.place);
        const task = this.#taskOf(request, this.#known.at(request.place));
        if (task === null) continue;
        if (left === 0) {
          if (tasks.length > 0) yield tasks;
          return;
        }
        left -= 1;
        tasks.push(task);
      }
      if (tasks.length > 0) yield tasks;
    }
    if (plan.onPage === undefined && opened.highestPosition >= this.#count) {
      throw shorter(this.#count, opened.highestPosition);
    }
    this.#isEnded = true;
  }

  onPage(task: Task, page: ArrivedPage, pageInfo: PageInfo | null): void {
    const { plan, emit, counters } = this.#parts;
    const { place, url, state, status, code, reason, bodyBytes, durationMs, attempts } = page;
    if (state === 'stored') {
      counters.fetched += 1;
      counters.bodyBytes += bodyBytes;
    }
    emit({
      type: 'page',
      place,
      url,
      state,
      status,
      code,
      reason,
      bodyBytes,
      durationMs,
      attempts,
    });
    if (plan.onPage === undefined) return;
    plan.onPage(task.request, endOf(page, pageInfo));
    const known = plan.known?.() ?? null;
    if (known !== null && known !== this.#total) emit({ type: 'total', total: known });
    this.#total = known;
  }

  /** Length, digest and end of the plan, known once `tasks` has ended with it; else null. */
  end(): EndOfPlan | null {
    const { plan } = this.#parts;
    if (!this.#isEnded) return null;
    const digest = plan.end === undefined ? this.#digest.copy().digest() : new Uint8Array(0);
    return { count: this.#count, digest, end: plan.end?.() ?? null };
  }

  #taskOf(request: PageRequest, known: KnownPage | undefined): Task | null {
    const { plan, before, startUrl } = this.#parts;
    const { secretParams, pastEnd } = this.#parts.traits;
    const key = pageKey(request, secretParams);
    const shownUrl = redactUrl(request.url, secretParams);
    this.#count += 1;
    if (plan.onPage === undefined) this.#digest.update(key);
    // A growing plan cannot go on from a page of which nothing is known.
    if (known === undefined || (plan.onPage !== undefined && known.pageInfo === null)) {
      const done = before?.take(key, pastEnd) ?? null;
      if (done === null) return createTask(request, key, shownUrl);
      const { place } = request;
      const log = done.log.map((attempt) => ({ ...attempt, place }));
      return createTask(request, key, shownUrl, { ...done, isGuess: false, log });
    }
    if (Buffer.compare(known.key, key) !== 0) throw changed(request, shownUrl, known);
    const { pageInfo } = known;
    if (pageInfo !== null) {
      const restored = withCredentials(pageInfo, startUrl);
      plan.onPage?.(request, { state: 'stored', pageInfo: restored, isKnown: true });
    }
    return null;
  }
}

function withCredentials(pageInfo: PageInfo, startUrl: string | null): PageInfo {
  if (pageInfo.next?.kind !== 'url' || startUrl === null) return pageInfo;
  const url = restoreCredentials(pageInfo.next.url, startUrl);
  return { ...pageInfo, next: { kind: 'url', url } };
}

/** What a growing plan is told. */
function endOf({ state, status }: ArrivedPage, pageInfo: PageInfo | null): PageEnd {
  if (state === 'stored' && pageInfo !== null) return { state, pageInfo };
  return { state: state === 'beyond-end' ? state : 'failed', status };
}

/** Looks up stored pages, some positions ahead. */
class KnownPages {
  readonly #thread: PendingParts['thread'];
  readonly #opened: PendingParts['opened'];
  #branch = -1;
  #from = 0;
  #to = 0;
  #pages = new Map<number, KnownPage>();

  constructor(thread: PendingParts['thread'], opened: PendingParts['opened']) {
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

function changed(request: PageRequest, shownUrl: string, known: KnownPage): EverypageError {
  const where = request.source === null ? '' : ` (${request.source})`;
  return new EverypageError(
    'PLAN_CHANGED',
    `page ${request.place.position + 1}${where} would now be ${shownUrl}, but the archive holds ${known.url} there. ` +
      'Restore the list and the way it is paged, or discard what is stored with --fresh.',
  );
}

function shorter(count: number, highestPosition: number): EverypageError {
  return new EverypageError(
    'PLAN_CHANGED',
    `the list has ${count} pages now, but the archive holds page ${highestPosition + 1} already. ` +
      'Restore the list, or discard what is stored with --fresh.',
  );
}
