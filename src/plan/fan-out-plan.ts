import type { PageEnd, PageInfo, PlanEnd } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import {
  Coverage,
  type FanOutFacts,
  fanOutEnd,
  hasSameRecords,
  MOST_TRAILING_PAGES,
  type Probe,
  readWindow,
} from './fan-out-end.ts';
import { type GridParts, PageGrid, Totals } from './page-grid.ts';
import type { PlanState } from './plan.ts';

/** Pages that are asked for at once without knowing whether they are there. */
const LONGEST_WINDOW = 64;
/** Pages of a known total that are asked for along with the second, before it shows that pages turn. */
const PAGES_WITH_SECOND = 20;

interface Asked {
  /** The position after the last one that the page should reach. */
  readonly to: number;
  /** It was refused before. */
  readonly isAgain: boolean;
}

/**
 * Pages that can be asked for one without the other: by number, offset or range. The first shows how
 * large pages are and how much there is, the second that the server turns pages at all. A few of those
 * that a total speaks of come with the second, and their answers are held until it has come. What is known to
 * be there is then asked for in order, as far ahead as it is taken; where the end is not known,
 * windows of growing length look for it.
 *
 * It holds the pages on their way, and those past the last one with records.
 */
export class FanOutPlan implements PlanState {
  readonly #parts: GridParts;
  readonly #grid: PageGrid;
  readonly #coverage: Coverage;
  readonly #totals = new Totals();
  readonly #queue: PageRequest[] = [];
  readonly #asked = new Map<number, Asked>();
  #askedCount = 0;
  #first: PageInfo | null = null;
  /** The first position that was not asked for yet. */
  #next = 0;
  /** The second page is on its way. */
  #second: number | null = null;
  /** Answers that came before the second page's. */
  readonly #beforeSecond = new Map<PageRequest, PageEnd>();
  /** The second page was the first again, so nothing that came with it counts. */
  #isStuck = false;
  #window: Map<number, Probe> | null = null;
  #windowLength = 1;
  #end: PlanEnd | null = null;

  constructor(parts: GridParts) {
    this.#parts = parts;
    this.#grid = new PageGrid(parts);
    this.#coverage = new Coverage(this.#grid);
    this.#next = 1;
    this.#asked.set(0, { to: 1, isAgain: false });
    this.#askedCount = 1;
    this.#queue.push(this.#grid.first());
  }

  take(most: number): readonly PageRequest[] {
    const requests = this.#queue.splice(0, most);
    while (requests.length < most && this.#mayGoOn()) {
      const { from, to } = this.#step();
      requests.push(this.#request(from, to, false));
    }
    return requests;
  }

  onPage(request: PageRequest, ended: PageEnd): void {
    const { position } = request.place;
    const asked = this.#asked.get(position);
    if (asked === undefined) return;
    if (this.#second !== null && position > this.#second && this.#window === null) {
      this.#beforeSecond.set(request, ended);
      return;
    }
    this.#asked.delete(position);
    if (this.#isStuck) this.#coverage.trail(position, 'repeated');
    else this.#onOne(position, asked, ended);
    if (this.#second === null) this.#onHeld();
    if (this.#end === null && this.#asked.size === 0) this.#goOn();
  }

  /** In any order: what they lead to is the same. */
  #onHeld(): void {
    for (const [request, ended] of this.#beforeSecond) {
      this.#beforeSecond.delete(request);
      this.onPage(request, ended);
    }
  }

  #onOne(position: number, asked: Asked, ended: PageEnd): void {
    const isSecond = position === this.#second;
    if (isSecond) this.#second = null;
    if (position === 0) this.#onFirst(ended);
    else if (this.#window !== null) this.#onProbe(position, asked, ended, isSecond);
    else this.#onKnown(position, asked, ended, isSecond);
  }

  known(): number | null {
    if (this.#end !== null) {
      const end = this.#end.ends[0]?.position ?? 0;
      const beyond = [...this.#coverage.trailing.keys()].filter((position) => position >= end);
      return this.#askedCount - beyond.length;
    }
    if (this.#first === null || this.#looksForEnd()) return null;
    const left = Math.max(0, this.#limit() - this.#next);
    return this.#askedCount + Math.ceil(left / this.#grid.stride);
  }

  end(): PlanEnd | null {
    return this.#end;
  }

  #onFirst(ended: PageEnd): void {
    if (ended.state !== 'stored') {
      this.#end = {
        reason: 'broken',
        detail: 'the first page failed, so nothing is known of the others',
        ends: [{ branch: this.#parts.start.place.branch, position: 1 }],
      };
      return;
    }
    const { pageInfo } = ended;
    this.#first = pageInfo;
    this.#totals.onPage(0, pageInfo);
    this.#totals.skip(this.#grid.skipped);
    if (pageInfo.records === 0) {
      this.#finish(pageInfo.more === false ? 'statement' : null);
      return;
    }
    this.#grid.onFirst(pageInfo);
    this.#totals.skip(this.#grid.skipped);
    this.#accept(0, pageInfo);
    this.#next = this.#coverage.end;
    this.#second = this.#next;
    const isAll = !this.#looksForEnd() && this.#limit() <= this.#next;
    if (pageInfo.more === false) this.#finish('statement');
    else if (isAll && pageInfo.more === null && pageInfo.next === null) this.#finish(null);
    else if (isAll && this.#next < this.#grid.ceiling) this.#totals.distrust();
    else if (this.#next < this.#limit()) {
      const { from, to } = this.#step();
      this.#queue.push(this.#request(from, to, false));
    }
  }

  /** A page that has to be there by what is known of the total. */
  #onKnown(position: number, asked: Asked, ended: PageEnd, isSecond: boolean): void {
    if (ended.state === 'stored') {
      const { pageInfo } = ended;
      this.#totals.onPage(position, pageInfo);
      if (isSecond && hasSameRecords(pageInfo, this.#first!)) {
        this.#coverage.trail(position, 'repeated');
        this.#isStuck = true;
      } else if (this.#grid.endOf(position, pageInfo) === position) {
        this.#coverage.trail(position, 'empty');
      } else {
        const to = isSecond ? this.#onSecond(position, asked.to, pageInfo) : asked.to;
        this.#accept(position, pageInfo);
        const limit = this.#looksForEnd() ? to : this.#limit();
        this.#fillGap(position, Math.min(to, limit), to, pageInfo, false);
      }
    } else if (ended.state === 'beyond-end' && !asked.isAgain) {
      const refusal = { status: ended.status, to: asked.to };
      if (!this.#coverage.trail(position, refusal)) this.#askAgain(position, asked.to);
    } else {
      this.#coverage.fail(position);
    }
  }

  /** A page of a window, which is read when all of it is there. */
  #onProbe(position: number, asked: Asked, ended: PageEnd, isSecond: boolean): void {
    const probe = { position, to: asked.to, status: null, pageInfo: null };
    if (ended.state === 'stored') {
      const { pageInfo } = ended;
      this.#totals.onPage(position, pageInfo);
      const isEmpty = this.#grid.endOf(position, pageInfo) === position;
      this.#window!.set(position, { ...probe, outcome: isEmpty ? 'empty' : 'records', pageInfo });
      if (isEmpty) return;
      const to = isSecond ? this.#onSecond(position, asked.to, pageInfo) : asked.to;
      if (!this.#isLast(pageInfo)) this.#fillGap(position, to, to, pageInfo, true);
    } else {
      const isRefused = ended.state === 'beyond-end' && !asked.isAgain;
      const outcome = isRefused ? 'refused' : 'failed';
      this.#window!.set(position, { ...probe, status: ended.status, outcome });
    }
  }

  /** What the second page shows of the stride; gives the position where the third begins. */
  #onSecond(position: number, to: number, pageInfo: PageInfo): number {
    const { stride } = this.#grid;
    this.#grid.onSecond(pageInfo);
    this.#totals.skip(this.#grid.skipped);
    if (this.#grid.stride === stride) return to;
    this.#next = position + this.#grid.stride;
    return this.#next;
  }

  /** Everything that was asked for is answered. */
  #goOn(): void {
    if (this.#isStuck) {
      this.#finish('repetition');
      return;
    }
    if (this.#window !== null) this.#readWindow(this.#window);
    if (this.#end !== null || this.#asked.size > 0 || this.#mayGoOn()) return;
    const { end, failedEnd, trailing } = this.#coverage;
    const isShort = !this.#looksForEnd() && end < this.#limit() && !this.#grid.isPaged;
    if (isShort && trailing.size === 0 && failedEnd <= end) {
      // The total grew after the last page had come.
      const to = Math.min(this.#grid.after(end, this.#next), this.#grid.ceiling);
      this.#queue.push(this.#request(end, to, false));
    } else if (this.#mayHaveMore()) this.#openWindow();
    else this.#finish(null);
  }

  #openWindow(): void {
    const length = this.#parts.start.method === 'POST' ? 1 : this.#windowLength;
    this.#windowLength = Math.min(LONGEST_WINDOW, this.#windowLength * 2);
    for (let index = 0; index < length && this.#next < this.#grid.ceiling; index++) {
      const { from, to } = this.#step();
      this.#queue.push(this.#request(from, to, true));
    }
    if (this.#queue.length > 0) this.#window = new Map();
    else this.#finish(null);
  }

  #readWindow(window: Map<number, Probe>): void {
    const probes = [...window.values()].sort((a, b) => a.position - b.position);
    const { pages, tail, again } = readWindow(
      probes,
      this.#coverage.newest!,
      this.#parts.start.place.branch,
    );
    if (again.length > 0) {
      for (const { position, to } of again) {
        window.delete(position);
        this.#askAgain(position, to);
      }
      return;
    }
    this.#window = null;
    for (const { position, outcome, pageInfo } of pages) {
      if (outcome === 'records') this.#accept(position, pageInfo!);
    }
    for (const { position, to, outcome, status } of tail) {
      if (outcome === 'records') this.#coverage.trail(position, 'repeated');
      else if (outcome === 'empty') this.#coverage.trail(position, 'empty');
      else if (outcome === 'refused') this.#coverage.trail(position, { status, to });
    }
    for (const { position, outcome } of probes) {
      if (outcome === 'failed') this.#coverage.fail(position);
    }
    if (pages.length > 0 && this.#isLast(this.#coverage.newest!)) this.#finish('statement');
    else if (tail.some(({ outcome }) => outcome === 'empty' || outcome === 'refused')) {
      this.#finish(null);
    } else if (pages.length === 0) {
      this.#finish(tail.some(({ outcome }) => outcome === 'failed') ? 'failure' : 'repetition');
    }
  }

  #accept(position: number, pageInfo: PageInfo): void {
    for (const [refused, { to }] of this.#coverage.accept(position, pageInfo)) {
      this.#askAgain(refused, to);
    }
  }

  /** It was refused, but there are records behind it: a page of the list that has to be there. */
  #askAgain(position: number, to: number): void {
    this.#asked.set(position, { to, isAgain: true });
    const { speculative: _, ...request } = this.#grid.request(position, to, false);
    this.#queue.push(request);
  }

  /** Asks for what a page left open before `limit`, up to where the next page begins. */
  #fillGap(
    position: number,
    limit: number,
    to: number,
    pageInfo: PageInfo,
    isSpeculative: boolean,
  ): void {
    const from = this.#grid.endOf(position, pageInfo);
    if (from < limit) this.#queue.push(this.#request(from, to, isSpeculative));
  }

  #request(from: number, to: number, isSpeculative: boolean): PageRequest {
    this.#asked.set(from, { to, isAgain: false });
    this.#askedCount += 1;
    return this.#grid.request(from, to, isSpeculative);
  }

  #step(): { from: number; to: number } {
    const from = this.#next;
    const to = from + this.#grid.stride;
    this.#next = to;
    return { from, to: Math.min(to, this.#grid.ceiling) };
  }

  #mayGoOn(): boolean {
    return (
      this.#end === null &&
      this.#first !== null &&
      (this.#second === null ? !this.#isStuck : this.#mayGoWith(this.#second)) &&
      this.#window === null &&
      this.#next < this.#limit() &&
      this.#coverage.trailing.size < MOST_TRAILING_PAGES
    );
  }

  /** Only by number: elsewhere it is the second page that shows how long the steps are. */
  #mayGoWith(second: number): boolean {
    const isSure = this.#grid.isPaged && this.#parts.start.method === 'GET' && !this.#looksForEnd();
    return isSure && this.#next < second + PAGES_WITH_SECOND;
  }

  /** Positions before it are known to hold pages. */
  #limit(): number {
    return Math.min(this.#grid.endBy(this.#totals) ?? 0, this.#grid.ceiling);
  }

  /** What is known of the total does not say where the list ends. */
  #looksForEnd(): boolean {
    return this.#totals.isLowerBound || this.#grid.endBy(this.#totals) === null;
  }

  #mayHaveMore(): boolean {
    const { failedEnd, received, trailing } = this.#coverage;
    if ([...trailing.values()].some((kind) => kind !== 'repeated')) return false;
    if (this.#looksForEnd() || this.#totals.shrank) return true;
    const isCounted = this.#grid.isPaged && this.#totals.pages === null && failedEnd === 0;
    return isCounted && this.#totals.exceeds(received);
  }

  /** It says that it is the last, or names no next page as the first one did. */
  #isLast({ more, next }: PageInfo): boolean {
    const firstNamedNext = this.#first?.more === true || this.#first?.next !== null;
    return more === false || (more === null && next === null && firstNamedNext);
  }

  #finish(found: FanOutFacts['found']): void {
    this.#end = fanOutEnd({
      pagination: this.#parts.pagination,
      branch: this.#parts.start.place.branch,
      grid: this.#grid,
      totals: this.#totals,
      coverage: this.#coverage,
      next: this.#next,
      found,
    });
  }
}
