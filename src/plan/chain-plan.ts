import { mayBeCeiling } from '../core/depth.ts';
import type { Dropped, PageEnd, PageInfo, PlanEnd } from '../core/page-info.ts';
import { gone, type PageRequest } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import { formatCount } from '../core/units.ts';
import { guessNext } from './guess-next.ts';
import { readNoNext } from './no-next.ts';
import type { PlanState } from './plan.ts';
import { isSameRequest, type UnplacedRequest } from './request-parts.ts';
import { type ChainStyle, unplaced } from './styles/style.ts';
import { Totals } from './totals.ts';

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

/** A server that answers whatever page it is asked for has one behind each, without an end. */
const MOST_SILENT_IN_A_ROW = 100;

/** Past the end, whatever `Pagination.pastEnd` says. */
const NO_SUCH_PAGE: readonly number[] = [204, ...gone];

/**
 * Why a page may not be there: all came, the page before is said to be the last, what it names may mean
 * that nothing follows, it is full and names nothing, or nothing is said.
 */
type Doubt = 'everything-came' | 'no-more' | 'no-next' | 'silence' | 'unpromised';

const reasonOfDoubt: Readonly<Record<Doubt, PlanEnd['reason']>> = {
  'everything-came': 'total',
  'no-more': 'stated',
  'no-next': 'past-end',
  silence: 'stated',
  unpromised: 'past-end',
};

/** Each page says what comes next, so there is one request at a time: link, next, cursor, keyset … */
export class ChainPlan implements PlanState {
  readonly #parts: ChainParts;
  #current: PageRequest;
  #isAsked = false;
  #end: PlanEnd | null = null;
  #previous: PageInfo | null = null;
  #records = 0;
  readonly #total: Totals;
  /** A page has said something of the page after it. */
  #hasSpoken = false;
  /** Why a page that a last page names is asked for: it may still be the end. */
  #doubt: Doubt | null = null;
  /** What a page says of more is known to be wrong. */
  #more: string | null = null;
  /** A page has named its next one by what can only be that. */
  #hasNamed = false;
  #emptyInARow = 0;
  #repeatedInARow = 0;
  #silentInARow = 0;
  /** What led to the page that is asked for now. */
  #before: { readonly request: PageRequest; readonly pageInfo: PageInfo } | null = null;
  #largest = 0;

  constructor(parts: ChainParts) {
    this.#parts = parts;
    const { pagination, start, style } = parts;
    this.#total = new Totals({ pagination, skipped: { records: 0, pages: 0 } });
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
      this.#hasNamed ||= ended.pageInfo.next !== null && readNoNext(ended.pageInfo.next) === null;
    } else if (this.#isEndByDoubt(ended)) {
      this.#finish(reasonOfDoubt[this.#doubt!], position, null);
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
    const isRepeated = pageInfo.records > 0 && this.#isEarlier(pageInfo.recordsSeenAt);
    const at = { before: this.#records, page: null };
    if (!isRepeated) this.#total.contradictions.hear(pageInfo, at);
    this.#total.onPage(this.#current.place.position, pageInfo);
    const { records, repeats = 0, goesOn = false } = pageInfo;
    if (!isRepeated && !goesOn) this.#records += records - repeats;
    this.#emptyInARow = pageInfo.records === 0 ? this.#emptyInARow + 1 : 0;
    this.#repeatedInARow = isRepeated ? this.#repeatedInARow + 1 : 0;
    this.#hasSpoken ||= pageInfo.next !== null || pageInfo.more !== null;
  }

  #goOn(pageInfo: PageInfo): void {
    const { pagination, start, style } = this.#parts;
    const { position } = this.#current.place;
    const after = position + 1;
    const { records, repeats } = pageInfo;
    const isNew =
      records > (repeats ?? 0) &&
      this.#repeatedInARow === 0 &&
      (this.#doubt !== 'silence' || repeats === undefined);
    // Where no page named its next one in another way, a 0 may well be a cursor, and pages may be empty.
    const isCursor = this.#doubt === 'no-next' && !this.#hasNamed && pageInfo.records === 0;
    const mayEnd = this.#doubt !== null && this.#doubt !== 'unpromised';
    if (mayEnd && !isNew && !(isCursor && pageInfo.next !== null)) {
      this.#finish(reasonOfDoubt[this.#doubt!], position, null);
      return;
    }
    if (this.#doubt === 'no-more') {
      this.#more ??= `${pagination.morePath ?? 'the Link header'} says that page ${position} is the last, and the page that it names has records`;
    }
    if (this.#doubt === 'silence') {
      this.#more ??= `page ${position} names no next page, and the one behind it has records`;
    }
    if (
      pagination.ceiling !== null &&
      this.#records >= pagination.ceiling &&
      this.#total.exceeds(this.#records)
    ) {
      this.#finish('ceiling', after, `the server gives no more${this.#depth()}`);
      return;
    }
    const isContradicted = pageInfo.more === false && this.#namesNext(pageInfo);
    if (pageInfo.more === false && !isContradicted) {
      this.#finish('stated', after, null);
      return;
    }
    if (this.#isEmptyAfterMore(pageInfo)) {
      this.#onEmptyAfterMore();
      return;
    }
    if (style.isPastEnd?.(pagination, pageInfo, this.#previous)) {
      this.#finish('past-end', pageInfo.records === 0 ? after : position, null);
      return;
    }
    const noNext = readNoNext(pageInfo.next);
    const saysMore = pageInfo.more === true || this.#total.exceeds(this.#records);
    if (noNext === 'sure' && this.#hasNamed && !saysMore) {
      this.#finish('stated', after, null);
      return;
    }
    const said = isContradicted ? { ...pageInfo, more: null } : pageInfo;
    const request = style.next(pagination, start, this.#current, said);
    const mayBeAsked = request !== null && this.#circle(pageInfo, request) === null;
    if (noNext !== null && !mayBeAsked) {
      this.#finish('past-end', after, null);
      return;
    }
    if (request === null) {
      const behind = this.#guessBehind(pageInfo);
      this.#silentInARow += 1;
      if (behind === null) this.#stopWithoutNext(pageInfo);
      else if (this.#silentInARow > MOST_SILENT_IN_A_ROW) {
        const detail = `${MOST_SILENT_IN_A_ROW} pages in a row name no next page, and each has another behind it`;
        this.#finish('broken', after, detail);
      } else {
        this.#doubt = 'silence';
        this.#ask({ ...behind, place: { ...start.place, position: after } }, pageInfo);
      }
      return;
    }
    this.#silentInARow = 0;
    if (isContradicted && this.#more === null && this.#circle(pageInfo, request) !== null) {
      this.#finish('stated', after, null);
      return;
    }
    if (this.#leadsBack(pageInfo, request)) return;
    // A keyset goes on from any record, so that its pages promise nothing unless they say so.
    const isPromised =
      style.whyBroken === undefined || pageInfo.more === true || this.#total.exceeds(this.#records);
    if (isContradicted && this.#more === null) this.#doubt = 'no-more';
    else if (this.#total.areAlwaysAll(this.#records)) this.#doubt = 'everything-came';
    else if (noNext !== null) this.#doubt = 'no-next';
    else this.#doubt = isPromised ? null : 'unpromised';
    this.#ask({ ...request, place: { ...start.place, position: after } }, pageInfo);
  }

  /**
   * What stands beside a word that nothing follows. A URL is the stronger word: `truncated: false` may be said
   * of the page. A token may be the last record's; so it is tried behind a full page, which is like the others.
   */
  #namesNext({ next, records }: PageInfo): boolean {
    if (next?.kind === 'url') return true;
    if (this.#parts.pagination.style !== 'cursor' || next === null) return false;
    const isFull = this.#before !== null && records >= Math.max(2, this.#largest);
    return readNoNext(next) === null && (isFull || this.#more !== null);
  }

  /**
   * A full page that names no next one, where those before it did, may be the last, or one in the middle
   * that leaves it out. One request shows which, if it is known how to ask.
   */
  #guessBehind(pageInfo: PageInfo): UnplacedRequest | null {
    const { records, next, more, totalPages } = pageInfo;
    const isSilent = next === null && more === null && this.#hasNamed;
    if (!isSilent || this.#before === null || records < Math.max(2, this.#largest)) return null;
    const isLast = totalPages !== null && this.#current.place.position + 1 >= totalPages;
    if (isLast || this.#total.areAlwaysAll(this.#records)) return null;
    return guessNext(this.#before, { request: unplaced(this.#current), pageInfo });
  }

  /** The page before said that there is more, and this one has nothing and says nothing, asked for twice. */
  #isEmptyAfterMore({ records, more, next }: PageInfo): boolean {
    return this.#previous?.more === true && records === 0 && more === null && next === null;
  }

  #onEmptyAfterMore(): void {
    const { position } = this.#current.place;
    if (this.#total.areAlwaysAll(this.#records)) this.#finish('total', position, null);
    else {
      const detail = `page ${position} says that there is more, and what follows it is empty`;
      this.#finish('broken', position, detail);
    }
  }

  #stopWithoutNext({ next, more }: PageInfo): void {
    const after = this.#current.place.position + 1;
    const { whyBroken } = this.#parts.style;
    if (whyBroken !== undefined) this.#finish('broken', after, whyBroken(after));
    else if (more !== true && (next === null || (next.kind === 'cursor' && next.value === ''))) {
      this.#finish(this.#reasonOfSilence(), after, null);
    } else {
      this.#finish(
        'broken',
        after,
        `what page ${after} names as its next page cannot be asked for`,
      );
    }
  }

  /** Where no page has ever spoken of a next one, that none is named states nothing. */
  #reasonOfSilence(): PlanEnd['reason'] {
    if (this.#hasSpoken) return 'stated';
    return this.#total.areAlwaysAll(this.#records) ? 'total' : 'short';
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
      } else if (pageInfo.records === 0 && isSameRequest(request, this.#current)) {
        // As where a client may ask again later for what is new.
        this.#finish('past-end', position + 1, null);
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

  /** @param pageInfo of the page that leads to it */
  #ask(request: PageRequest, pageInfo: PageInfo): void {
    this.#before = { request: this.#current, pageInfo };
    this.#largest = Math.max(this.#largest, pageInfo.records);
    const isDeep = mayBeCeiling(this.#records) && this.#total.exceeds(this.#records);
    const speculative = isDeep || this.#doubt !== null;
    const isSure = this.#doubt === null;
    this.#current = { ...request, speculative, ...(isSure && { expected: 'promised' }) };
    this.#isAsked = false;
  }

  /** Whether the refusal of a page that is asked for in doubt shows that the list has ended. */
  #isEndByDoubt({ status }: { readonly status: number | null }): boolean {
    if (this.#doubt === null) return false;
    if (this.#doubt === 'no-more' || this.#doubt === 'silence') return true;
    if (status === null) return false;
    const { pastEnd } = this.#parts.pagination;
    if (this.#doubt !== 'unpromised') return [...pastEnd, ...NO_SUCH_PAGE].includes(status);
    // Where nothing says that all came, a status that may speak of a limit is no end.
    return NO_SUCH_PAGE.includes(status) && !this.#total.exceeds(this.#records);
  }

  /** Only pages of this branch count: other slices may use the same tokens. */
  #isEarlier(place: PageInfo['nextSeenAt']): boolean {
    const own = this.#current.place;
    return place !== null && place.branch === own.branch && place.position < own.position;
  }

  #depth(): string {
    const total = formatCount(this.#total.records ?? 0);
    const least = this.#total.isLowerBound ? 'at least ' : '';
    return ` after ${formatCount(this.#records)} of ${least}${total} records`;
  }

  #finish(reason: PlanEnd['reason'], position: number, detail: string | null): void {
    const end = { reason, detail, ends: [{ branch: this.#current.place.branch, position }] };
    const dropped = this.#dropped();
    this.#end = dropped.length === 0 ? end : { ...end, dropped };
  }

  #dropped(): readonly Dropped[] {
    const dropped = this.#total.contradictions.dropped();
    return this.#more === null ? dropped : [...dropped, { what: 'more', why: this.#more }];
  }
}
