import type { PageEnd, PageInfo, PlanEnd } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import { formatCount } from '../core/units.ts';
import type { PlanState } from './plan.ts';
import { isSameRequest, type UnplacedRequest } from './request-parts.ts';
import type { ChainStyle } from './styles/style.ts';

export interface ChainParts {
  readonly pagination: Pagination;
  /** What the user asked for; its branch is that of all pages. */
  readonly start: PageRequest;
  readonly style: ChainStyle;
}

/** Servers that filter after paging send many empty pages, but not so many. */
const MOST_EMPTY_PAGES = 1000;
/** Pages in a row whose records had all come before, though each token is new. */
const MOST_REPEATED_PAGES = 10;
/** Without keys, pages of a few small values may be equal by chance. */
const MOST_REPEATED_PAGES_WITHOUT_KEY = 1000;
/** A refusal before this depth is a failure, not a ceiling. */
const LOWEST_CEILING = 1000;

/** Each page says what comes next, so there is one request at a time: link, next, cursor, keyset … */
export class ChainPlan implements PlanState {
  readonly #parts: ChainParts;
  #current: PageRequest;
  #isAsked = false;
  #end: PlanEnd | null = null;
  #previous: PageInfo | null = null;
  #records = 0;
  #total: number | null = null;
  #totalIsLowerBound = false;
  #emptyInARow = 0;
  #repeatedInARow = 0;

  constructor(parts: ChainParts) {
    this.#parts = parts;
    const { pagination, start, style } = parts;
    this.#current = { ...style.first(pagination, start), place: { ...start.place, position: 0 } };
  }

  take(): readonly PageRequest[] {
    if (this.#isAsked) return [];
    this.#isAsked = true;
    return [this.#current];
  }

  onPage(request: PageRequest, ended: PageEnd): void {
    const { position } = this.#current.place;
    if (!this.#isAsked || this.#end !== null || request.place.position !== position) return;
    if (ended.state === 'stored') {
      this.#count(ended.pageInfo);
      this.#goOn(ended.pageInfo);
      this.#previous = ended.pageInfo;
    } else if (ended.state === 'beyond-end') {
      this.#finish('ceiling', position, `page ${position + 1} was refused${this.#depth()}`);
    } else {
      const detail = `page ${position + 1} failed, so what follows it is unknown`;
      this.#finish('broken', position + 1, detail);
    }
  }

  known(): number | null {
    return this.#end?.ends[0]?.position ?? null;
  }

  end(): PlanEnd | null {
    return this.#end;
  }

  #count(pageInfo: PageInfo): void {
    this.#records += pageInfo.records;
    if (pageInfo.total !== null && (pageInfo.records > 0 || this.#total === null)) {
      this.#total = pageInfo.total;
      this.#totalIsLowerBound = pageInfo.totalIsLowerBound;
    }
    this.#emptyInARow = pageInfo.records === 0 ? this.#emptyInARow + 1 : 0;
    const isRepeated = pageInfo.records > 0 && this.#isEarlier(pageInfo.recordsSeenAt);
    this.#repeatedInARow = isRepeated ? this.#repeatedInARow + 1 : 0;
  }

  #goOn(pageInfo: PageInfo): void {
    const { pagination, start, style } = this.#parts;
    const { position } = this.#current.place;
    const after = position + 1;
    if (pagination.ceiling !== null && this.#records >= pagination.ceiling && this.#hasMore()) {
      this.#finish('ceiling', after, `the server gives no more${this.#depth()}`);
      return;
    }
    if (pageInfo.more === false) {
      this.#finish('stated', after, null);
      return;
    }
    if (style.isPastEnd?.(pagination, pageInfo, this.#previous)) {
      this.#finish('past-end', pageInfo.records === 0 ? after : position, null);
      return;
    }
    const request = style.next(pagination, start, this.#current, pageInfo);
    if (request === null) {
      this.#stopWithoutNext(pageInfo);
      return;
    }
    if (this.#leadsBack(pageInfo, request)) return;
    // A style that ends by an empty page says nothing of the page after this one.
    const isNamed = style.isPastEnd === undefined || pageInfo.more === true || this.#hasMore();
    this.#ask({ ...request, place: { ...start.place, position: after }, expected: isNamed });
  }

  #stopWithoutNext({ next, more }: PageInfo): void {
    const after = this.#current.place.position + 1;
    const { whyBroken } = this.#parts.style;
    if (whyBroken !== undefined) this.#finish('broken', after, whyBroken(after));
    else if (more !== true && (next === null || (next.kind === 'cursor' && next.value === ''))) {
      this.#finish('stated', after, null);
    } else {
      this.#finish(
        'broken',
        after,
        `what page ${after} names as its next page cannot be asked for`,
      );
    }
  }

  /** Ends the plan where the next step was taken before, or where many pages brought nothing new. */
  #leadsBack(pageInfo: PageInfo, request: UnplacedRequest): boolean {
    const { pagination } = this.#parts;
    const { position } = this.#current.place;
    const circle = this.#circle(pageInfo, request);
    if (circle !== null) {
      const isFirstAgain = position === 1 && pageInfo.digest === this.#previous?.digest;
      if (isFirstAgain && pageInfo.records > 0) {
        this.#finish('stuck', 1, 'page 2 holds the same records as page 1 and names the same next');
      } else if (pagination.repeatIsEnd) {
        // A page that came before is given past the end; a last page that names itself is new.
        const isOld = pageInfo.records > 0 && this.#isEarlier(pageInfo.recordsSeenAt);
        this.#finish('stated', isOld ? position : position + 1, null);
      } else this.#finish('loop', position + 1, circle);
      return true;
    }
    const tooMany = this.#nothingNewForLong(pageInfo);
    if (tooMany !== null) this.#finish('loop', position + 1, tooMany);
    return tooMany !== null;
  }

  /** How the next request leads back to where the chain has been, or null where it does not. */
  #circle(pageInfo: PageInfo, request: UnplacedRequest): string | null {
    const number = this.#current.place.position + 1;
    if (isSameRequest(request, this.#current))
      return `page ${number} names itself as the next page`;
    if (this.#isEarlier(pageInfo.nextSeenAt)) {
      return `page ${number} names the same next page as page ${pageInfo.nextSeenAt!.position + 1} did`;
    }
    const { pagination, start, style } = this.#parts;
    const leadsToFirst = isSameRequest(request, style.first(pagination, start));
    return leadsToFirst ? `page ${number} leads back to the first page` : null;
  }

  #nothingNewForLong(pageInfo: PageInfo): string | null {
    if (this.#emptyInARow >= MOST_EMPTY_PAGES) {
      return `${formatCount(this.#emptyInARow)} pages in a row were empty, each with a next one`;
    }
    const most = pageInfo.firstKey === null ? MOST_REPEATED_PAGES_WITHOUT_KEY : MOST_REPEATED_PAGES;
    if (this.#repeatedInARow < most) return null;
    return `${formatCount(this.#repeatedInARow)} pages in a row held records that had come before`;
  }

  #ask(request: PageRequest): void {
    const isDeep = this.#records >= LOWEST_CEILING && this.#hasMore();
    this.#current = { ...request, speculative: isDeep };
    this.#isAsked = false;
  }

  /** Only pages of this branch count: other slices may use the same tokens. */
  #isEarlier(place: PageInfo['nextSeenAt']): boolean {
    const own = this.#current.place;
    return place !== null && place.branch === own.branch && place.position < own.position;
  }

  #hasMore(): boolean {
    if (this.#total === null) return false;
    return this.#totalIsLowerBound ? this.#total >= this.#records : this.#total > this.#records;
  }

  #depth(): string {
    const total = formatCount(this.#total ?? 0);
    const least = this.#totalIsLowerBound ? 'at least ' : '';
    return ` after ${formatCount(this.#records)} of ${least}${total} records`;
  }

  #finish(reason: PlanEnd['reason'], position: number, detail: string | null): void {
    this.#end = { reason, detail, ends: [{ branch: this.#current.place.branch, position }] };
  }
}
