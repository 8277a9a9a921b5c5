import type { PageEnd, PageInfo, PlanEnd } from '../core/page-info.ts';
import { gone, type PageRequest } from '../core/page-request.ts';
import { EndEvidence } from './end-evidence.ts';
import {
  type Answer,
  Coverage,
  emptiness,
  type FanOutFacts,
  hasSameRecords,
  MOST_TRAILING_PAGES,
  mayBeAlike,
  readWindow,
} from './fan-out-coverage.ts';
import { fanOutEnd } from './fan-out-end.ts';
import { AskedPages, type GridParts, PageGrid } from './page-grid.ts';
import type { PlanState } from './plan.ts';
import { Totals } from './totals.ts';

/** Pages that are requested together before it is known whether they exist. */
const LONGEST_WINDOW = 64;
/** Pages of a known total that are requested together with the second, before that one is checked. */
const PAGES_WITH_SECOND = 20;

/**
 * Pages that can be requested in parallel: by number, offset or range. The first page shows how large
 * pages are and how many records there are. The second shows whether the server obeys the parameter;
 * where a total is known, a few more pages are requested with it, and their answers wait for it. After
 * that, pages that must exist are requested in order. Where the end is not known, windows of growing
 * length look for it.
 *
 * It holds the requests that are not answered yet, and the pages past the last one with records.
 */
export class FanOutPlan implements PlanState {
  readonly #parts: GridParts;
  readonly #grid: PageGrid;
  readonly #pages: AskedPages;
  readonly #coverage: Coverage;
  readonly #totals: Totals;
  readonly #evidence: EndEvidence;
  /** The second page's position while its answer is awaited. */
  #second: number | null = null;
  /** Answers that came before the second page's. */
  readonly #beforeSecond = new Map<PageRequest, PageEnd>();
  /** The second page repeated the first, so no page that was requested with it counts. */
  #isStuck = false;
  /** A page behind a whole first one was asked for. */
  #hasTriedWhole = false;
  /** Pages behind the last one were like earlier ones, which may be by chance. */
  #areAlike = false;
  #window: Map<number, Answer> | null = null;
  #windowLength = 1;
  /** All that is stated came, and the window looks whether anything follows it. */
  #isCheck = false;
  #end: PlanEnd | null = null;

  constructor(parts: GridParts) {
    this.#parts = parts;
    this.#grid = new PageGrid(parts);
    this.#pages = new AskedPages(this.#grid);
    this.#coverage = new Coverage(this.#grid);
    this.#totals = new Totals(this.#grid);
    this.#evidence = new EndEvidence(this.#grid, this.#totals, this.#coverage);
  }

  take(most: number): readonly PageRequest[] {
    const requests = this.#pages.take(most);
    while (requests.length < most && this.#mayGoOn()) requests.push(this.#pages.step(false));
    return requests;
  }

  onPage(request: PageRequest, ended: PageEnd): void {
    const { position } = request.place;
    if (!this.#pages.isUnanswered(position)) return;
    if (this.#second !== null && position > this.#second && this.#window === null) {
      this.#beforeSecond.set(request, ended);
      return;
    }
    const answer = this.#read(position, ended);
    if (this.#isStuck) this.#coverage.trail(position, 'repeated');
    else if (position === 0) this.#onFirst(answer);
    else this.#onLater(answer);
    if (this.#second === null) this.#onHeld();
    if (this.#end === null && this.#pages.areAnswered) this.#goOn();
  }

  /** Their order makes no difference. */
  #onHeld(): void {
    for (const [request, ended] of this.#beforeSecond) {
      this.#beforeSecond.delete(request);
      this.onPage(request, ended);
    }
  }

  #read(position: number, ended: PageEnd): Answer {
    const { to, isAgain } = this.#pages.answer(position);
    const asked = { position, to, isAgain };
    if (ended.state === 'stored') {
      const { pageInfo } = ended;
      const isEmpty = this.#grid.endOf(position, pageInfo) === position;
      return { ...asked, outcome: isEmpty ? 'empty' : 'records', status: null, pageInfo };
    }
    // A list that became shorter has no such page any more; pages between others have failed.
    const isGone = gone.has(ended.status ?? 0) && position > this.#coverage.newest.position;
    const outcome = ended.state === 'beyond-end' || isGone ? 'refused' : 'failed';
    return { ...asked, outcome, status: ended.status, pageInfo: null };
  }

  known(): number | null {
    if (this.#end !== null) {
      const end = this.#end.ends[0]?.position ?? 0;
      const beyond = [...this.#coverage.trailing.keys()].filter((position) => position >= end);
      return this.#pages.count - beyond.length;
    }
    if (this.#evidence.first === null || this.#evidence.looksForEnd()) return null;
    const left = Math.max(0, this.#evidence.limit() - this.#pages.next);
    return this.#pages.count + Math.ceil(left / this.#grid.stride);
  }

  end(): PlanEnd | null {
    return this.#end;
  }

  #onFirst({ pageInfo }: Answer): void {
    if (pageInfo === null) {
      this.#end = {
        reason: 'broken',
        detail: 'the first page failed, so nothing is known of the others',
        ends: [{ branch: this.#parts.start.place.branch, position: 1 }],
      };
      return;
    }
    this.#evidence.first = pageInfo;
    this.#totals.onPage(0, pageInfo);
    if (pageInfo.records === 0) {
      this.#finish(pageInfo.more === false ? 'statement' : null);
      return;
    }
    this.#grid.onFirst(pageInfo);
    this.#accept(0, pageInfo);
    const next = this.#coverage.end;
    this.#pages.next = next;
    this.#second = next;
    const isAll =
      !this.#evidence.looksForEnd() && Math.min(this.#evidence.most(), this.#grid.ceiling) <= next;
    if (this.#evidence.isLast(pageInfo)) this.#finish('statement');
    else if (this.#evidence.mayBeMoreThanStated()) this.#isCheck = true;
    else if (isAll && pageInfo.more === null && pageInfo.next === null) this.#finish(null);
    else if (isAll && next < this.#grid.ceiling) this.#totals.isTrusted = false;
    else if (next < this.#evidence.limit()) this.#pages.queueStep(false);
  }

  #onLater(answer: Answer): void {
    const { position, pageInfo } = answer;
    const isSecond = position === this.#second;
    if (isSecond) this.#second = null;
    if (pageInfo !== null) this.#totals.onPage(position, pageInfo);
    if (this.#window !== null) this.#onProbe(answer, this.#window, isSecond);
    else if (isSecond && pageInfo !== null && hasSameRecords(pageInfo, this.#evidence.first!)) {
      this.#coverage.trail(position, 'repeated');
      this.#isStuck = !this.#triesWholePage();
    } else this.#onKnown(answer, isSecond);
  }

  /**
   * A server that rounds offsets to the page size gives a short first page again. It is asked once for
   * what stands behind a whole page.
   */
  #triesWholePage(): boolean {
    const { askedSize } = this.#grid;
    const { newest } = this.#coverage;
    const isShort = askedSize !== null && askedSize > (newest.pageInfo?.records ?? 0);
    if (this.#grid.isPaged || newest.position > 0 || !isShort || this.#hasTriedWhole) return false;
    this.#hasTriedWhole = true;
    this.#second = askedSize;
    this.#pages.next = askedSize;
    this.#pages.queueStep(true);
    return true;
  }

  /** A page that must exist, by what is known of the total. */
  #onKnown(answer: Answer, isSecond: boolean): void {
    const { position, to, outcome, status, pageInfo } = answer;
    if (outcome === 'failed') this.#coverage.fail(position);
    else if (outcome === 'empty') this.#coverage.trail(position, emptiness(answer));
    else if (outcome === 'records') {
      const until = isSecond ? this.#onSecond(answer) : to;
      this.#accept(position, pageInfo!);
      const limit = this.#evidence.looksForEnd() ? until : this.#evidence.limit();
      this.#fillGap(answer, Math.min(until, limit), until, false);
    } else if (!this.#coverage.trail(position, { status, to })) {
      this.#pages.queueAgain(position, to);
    }
  }

  /** A page of a window, which is read when all of it is there. */
  #onProbe(answer: Answer, window: Map<number, Answer>, isSecond: boolean): void {
    window.set(answer.position, answer);
    if (answer.outcome !== 'records') return;
    const to = isSecond ? this.#onSecond(answer) : answer.to;
    if (!this.#evidence.isLast(answer.pageInfo!)) this.#fillGap(answer, to, to, true);
  }

  /** Takes the stride from the second page; returns the position where the third begins. */
  #onSecond({ position, to, pageInfo }: Answer): number {
    const { stride } = this.#grid;
    this.#grid.onSecond(pageInfo!);
    if (this.#grid.stride === stride) return to;
    this.#pages.next = position + this.#grid.stride;
    return this.#pages.next;
  }

  /** Everything that was requested is answered. */
  #goOn(): void {
    if (this.#isStuck) {
      this.#finish('repetition');
      return;
    }
    if (this.#window !== null) this.#readWindow(this.#window);
    if (this.#end !== null || !this.#pages.areAnswered || this.#mayGoOn()) return;
    const { end, failedEnd, trailing } = this.#coverage;
    const isShort =
      !this.#evidence.looksForEnd() && end < this.#evidence.limit() && !this.#grid.isPaged;
    if (isShort && trailing.size === 0 && failedEnd <= end) {
      // The total grew after the last page had come.
      const to = Math.min(this.#grid.after(end, this.#pages.next), this.#grid.ceiling);
      this.#pages.queue(end, to, false);
    } else if (this.#evidence.mayHaveMore()) this.#openWindow();
    else if (!this.#asksAgain()) this.#finish(null);
  }

  /** @see EndEvidence.toAskAgain */
  #asksAgain(): boolean {
    const page = this.#evidence.toAskAgain();
    if (page === null) return false;
    this.#pages.queueAgain(page.position, page.to, page.isDeep || !page.isSaid, page.isSaid);
    return true;
  }

  #openWindow(): void {
    this.#isCheck ||= !this.#evidence.looksForEnd() && this.#coverage.end >= this.#evidence.limit();
    const behind = this.#evidence.pagesBehindFull();
    // Each page that fails costs all its attempts.
    const isOne =
      this.#evidence.mayBeLast() ||
      this.#evidence.mayBeHidden() ||
      this.#coverage.failedEnd > this.#coverage.end;
    const guessed = behind > 0 ? behind : isOne ? 1 : this.#windowLength;
    const length = this.#grid.mayGuess ? guessed : 1;
    this.#windowLength = Math.min(LONGEST_WINDOW, this.#windowLength * 2);
    for (let index = 0; index < length && this.#pages.next < this.#grid.ceiling; index++) {
      this.#pages.queueStep(true);
    }
    if (this.#pages.areAnswered) this.#finish(null);
    else this.#window = new Map();
  }

  #readWindow(window: Map<number, Answer>): void {
    const { branch } = this.#parts.start.place;
    const answers = [...window.values()].sort((a, b) => a.position - b.position);
    const before = this.#coverage.newest.pageInfo!;
    const { pages, tail, again } = readWindow(answers, before, branch);
    if (again.length > 0) {
      for (const { position, to, outcome } of again) {
        window.delete(position);
        this.#pages.queueAgain(position, to, false, outcome === 'refused');
      }
      return;
    }
    this.#window = null;
    for (const { position, outcome, pageInfo } of pages) {
      if (outcome !== 'records') continue;
      this.#evidence.hearSize(position, pageInfo!);
      this.#accept(position, pageInfo!, this.#coverage.received);
    }
    if (this.#evidence.isEndless) {
      this.#finish('endless');
      return;
    }
    const last = this.#coverage.newest.pageInfo!;
    this.#areAlike ||= tail.some((answer) => mayBeAlike(answer, last));
    this.#coverage.close(tail);
    const outcomes = new Set(tail.map(({ outcome }) => outcome));
    if (this.#isCheck && pages.length === 0 && outcomes.has('failed')) {
      if (this.#evidence.isOwnCount) this.#totals.contradictions.uncheckedTotal();
      this.#finish('unchecked');
      return;
    }
    this.#isCheck = false;
    for (const { position, outcome } of answers) {
      if (outcome === 'failed') this.#coverage.fail(position);
    }
    for (const { position, outcome } of pages) {
      // Refused twice, and there are records behind it.
      if (outcome === 'refused') this.#coverage.fail(position);
    }
    if (pages.length > 0 && this.#evidence.isLast(this.#coverage.newest.pageInfo!)) {
      this.#finish('statement');
      return;
    }
    const isAtEnd = outcomes.has('empty') || outcomes.has('refused');
    if (isAtEnd && (this.#evidence.goesOn() || this.#asksAgain())) return;
    const isSaid = this.#evidence.looksForEnd() && this.#evidence.mayBeLast();
    if (isAtEnd) this.#finish(isSaid ? 'statement' : null);
    else if (pages.length > 0) return;
    else if (outcomes.has('failed')) this.#finish(isSaid ? 'unchecked' : 'failure');
    else if (!this.#triesWholePage()) {
      const isEnd = this.#evidence.isLastAgain(tail);
      this.#finish(isSaid ? 'statement' : isEnd ? null : 'repetition');
    }
  }

  #accept(position: number, pageInfo: PageInfo, came = 0): void {
    this.#evidence.hear(position, pageInfo, came);
    for (const absent of this.#coverage.accept(position, pageInfo)) {
      // A page that a total counts was asked for twice (`Expectation`).
      const isDone = !absent.isRefused && !this.#evidence.looksForEnd();
      if (!isDone) this.#pages.queueAgain(absent.position, absent.to, false, absent.isRefused);
    }
  }

  /**
   * Requests the records that a short page left out, up to the next page's first record. A server that
   * rounds offsets would give others.
   */
  #fillGap(
    { position, pageInfo }: Answer,
    limit: number,
    to: number,
    isSpeculative: boolean,
  ): void {
    if (this.#parts.pagination.isRounded) return;
    const from = this.#grid.endOf(position, pageInfo!);
    if (from < limit) this.#pages.queue(from, to, isSpeculative);
  }

  #mayGoOn(): boolean {
    return (
      this.#end === null &&
      this.#evidence.first !== null &&
      (this.#second === null ? !this.#isStuck : this.#mayGoWith(this.#second)) &&
      this.#window === null &&
      this.#pages.next < this.#evidence.limit() &&
      this.#coverage.trailing.size < MOST_TRAILING_PAGES
    );
  }

  /** By page number only: for offsets, the second page shows how long the steps are. */
  #mayGoWith(second: number): boolean {
    const isSure = this.#grid.isPaged && this.#grid.mayGuess && !this.#evidence.looksForEnd();
    return isSure && this.#pages.next < second + PAGES_WITH_SECOND;
  }

  #finish(found: FanOutFacts['found']): void {
    this.#end = fanOutEnd({
      pagination: this.#parts.pagination,
      branch: this.#parts.start.place.branch,
      grid: this.#grid,
      totals: this.#totals,
      coverage: this.#coverage,
      next: this.#pages.next,
      isLastFull: this.#evidence.isLastFull,
      found: found !== 'statement' && this.#areAlike ? 'alike' : found,
    });
  }
}
