import type { PageEnd, PlanEnd } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import type { PlanState } from './plan.ts';
import { findNearRange } from './url-argument.ts';

/** One page, because nothing shows how to go on from it. */
export class SinglePlan implements PlanState {
  readonly #request: PageRequest;
  readonly #hasRecords: boolean;
  #isAsked = false;
  #end: PlanEnd | null = null;

  /** @param hasRecords whether it is known where records stand; a total counts nothing else */
  constructor(start: PageRequest, hasRecords: boolean) {
    this.#hasRecords = hasRecords;
    this.#request = { ...start, place: { ...start.place, position: 0 } };
  }

  take(): readonly PageRequest[] {
    if (this.#isAsked) return [];
    this.#isAsked = true;
    return [this.#request];
  }

  onPage(_request: PageRequest, ended: PageEnd): void {
    const { branch } = this.#request.place;
    const reason = ended.state === 'stored' ? 'single' : 'broken';
    const detail = reason === 'single' ? nearRangeDetail(this.#request.url) : null;
    this.#end = { reason, detail, ends: [{ branch, position: 1 }] };
    if (ended.state !== 'stored') return;
    const { more, total, totalIsLowerBound, records } = ended.pageInfo;
    if (more === false) this.#end = { ...this.#end, detail: null, reason: 'stated' };
    else if (this.#hasRecords && total === records && !totalIsLowerBound && more === null) {
      this.#end = { ...this.#end, detail: null, reason: 'total' };
    }
  }

  known(): number {
    return 1;
  }

  end(): PlanEnd | null {
    return this.#end;
  }
}

/** Null: nothing more is known than that nothing shows how to go on. */
function nearRangeDetail(url: string): string | null {
  const piece = findNearRange(url);
  if (piece === null) return null;
  return `nothing in it shows how to go on, and ${piece} is no range and was sent as it stands; ranges are [1-3], sets {a,b}`;
}
