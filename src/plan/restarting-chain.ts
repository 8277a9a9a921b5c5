import type { PageEnd, PlanEnd } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import { formatCount } from '../core/units.ts';
import type { PlanState } from './plan.ts';

export interface RestartingChainParts {
  readonly start: PageRequest;
  /** One reading of the chain, in the branch that its start is in. */
  readonly planOf: (start: PageRequest) => PlanState;
  /** Without a key, repeated records could not be recognised. */
  readonly hasKey: boolean;
  /** How many branches after the start's the further readings may take. */
  readonly mostRestarts: number;
}

/** Readings of one list in one archive; each costs the whole list again. */
export const MOST_RESTARTS = 15;

/** How servers refuse a cursor that has expired; some do it with a 200 that holds no list. */
const expiredStatuses = new Set([200, 400, 404, 409, 410, 412, 422]);
/** Ends that a refusal shows, by what was stated before. */
const endsByRefusal = new Set<PlanEnd['reason']>(['stated', 'total', 'past-end']);
/** Servers limit depth at round numbers, and refuse what lies deeper as they would a dead cursor. */
const CEILING_STEP = 1000;

interface Reading {
  readonly branch: number;
  readonly plan: PlanState;
  /** Pages and records that came before a page was refused. */
  pages: number;
  records: number;
  /** The page that came last was stored by an earlier run: its cursor is as old. */
  isStale: boolean;
  refusal: { readonly status: number | null; readonly end: PlanEnd } | null;
}

/**
 * A chain whose cursors may expire (docs/pagination.md, "Cursors that expire"). After an expired cursor
 * no further page can be requested, so the list is read again from its first request, in a branch of
 * its own. The reading that came furthest is the list. The archive keeps the pages of the others for
 * comparison; their records are recognised by their keys. A reading that comes no further than one
 * before it ends the plan, unless its cursor was stored by an earlier run.
 */
export class RestartingChain implements PlanState {
  readonly #parts: RestartingChainParts;
  readonly #readings: Reading[] = [];
  #end: PlanEnd | null = null;

  constructor(parts: RestartingChainParts) {
    this.#parts = parts;
    this.#begin();
  }

  take(most: number): readonly PageRequest[] {
    return this.#end === null ? this.#current.plan.take(most) : [];
  }

  onPage(request: PageRequest, ended: PageEnd): void {
    const reading = this.#current;
    if (this.#end !== null || request.place.branch !== reading.branch) return;
    reading.plan.onPage(request, ended);
    if (ended.state === 'stored') {
      reading.pages += 1;
      reading.records += ended.pageInfo.records;
      reading.isStale = ended.isKnown === true;
    }
    const end = reading.plan.end();
    if (end === null) return;
    // A refusal behind everything that there is ends the list, whatever state the page is in.
    if (ended.state === 'stored' || endsByRefusal.has(end.reason)) {
      this.#end = this.#ended(reading, end);
      return;
    }
    reading.refusal = { status: ended.status, end };
    if (this.#mayGoBeyond(reading, ended)) this.#begin();
    else this.#end = this.#endOfFurthest(reading, ended);
  }

  known(): number | null {
    const last = this.#current.plan.known();
    if (this.#end === null || last === null) return null;
    // Pages of all readings were asked for, and the one that was refused in each.
    return this.#readings.slice(0, -1).reduce((sum, { pages }) => sum + pages + 1, last);
  }

  end(): PlanEnd | null {
    return this.#end;
  }

  get #current(): Reading {
    return this.#readings.at(-1)!;
  }

  #begin(): void {
    const { start, planOf } = this.#parts;
    const branch = start.place.branch + this.#readings.length;
    const plan = planOf({ ...start, place: { ...start.place, branch } });
    const reading = { branch, plan, pages: 0, records: 0, isStale: false, refusal: null };
    this.#readings.push(reading);
  }

  #mayGoBeyond(reading: Reading, ended: PageEnd): boolean {
    const { hasKey, mostRestarts } = this.#parts;
    if (!hasKey || !isLikeExpired(reading, ended)) return false;
    if (this.#readings.length > mostRestarts) return false;
    const before = this.#readings.slice(0, -1);
    return reading.isStale || before.every(({ pages }) => reading.pages > pages);
  }

  #endOfFurthest(reading: Reading, ended: PageEnd): PlanEnd {
    const [furthest] = this.#readings.toSorted((a, b) => b.pages - a.pages || a.branch - b.branch);
    const { end, status } = furthest!.refusal!;
    const refused = `page ${formatCount(furthest!.pages + 1)} was refused${statusText(status)}`;
    const count = this.#readings.length - 1;
    if (count > 0) {
      const times = count === 1 ? 'once' : `${formatCount(count)} times`;
      const detail = `${refused}, so what follows it is unknown; the list was read again from its first page ${times} and came no further`;
      return this.#ended(furthest!, end.reason === 'broken' ? { ...end, detail } : end);
    }
    if (this.#parts.hasKey || end.reason !== 'broken' || !isLikeExpired(reading, ended)) return end;
    const detail = `${refused}, so what follows it is unknown. Its cursor may have expired; the list is not read again from its first page, since no key is known to tell records that come twice by: name one with --key, and --fresh`;
    return { ...end, detail };
  }

  /** The end of one reading as the end of the list, without the pages of the others. */
  #ended(reading: Reading, end: PlanEnd): PlanEnd {
    if (this.#readings.length === 1) return end;
    const others = this.#readings.filter((it) => it !== reading);
    const ends = [...end.ends, ...others.map(({ branch }) => ({ branch, position: 0 }))];
    const restarts = this.#readings.slice(0, -1).map(({ branch, pages, refusal }) => ({
      branch,
      position: pages,
      status: refusal?.status ?? null,
      into: reading.branch,
    }));
    return { ...end, ends: ends.toSorted((a, b) => a.branch - b.branch), restarts };
  }
}

function isLikeExpired({ pages, records, isStale }: Reading, ended: PageEnd): boolean {
  if (ended.state === 'stored' || pages === 0 || records === 0) return false;
  const { status } = ended;
  if (status === null || !expiredStatuses.has(status)) return false;
  return ended.state === 'failed' || isStale || status === 410 || records % CEILING_STEP !== 0;
}

function statusText(status: number | null): string {
  return status === null || status === 200 ? '' : ` (${status})`;
}
