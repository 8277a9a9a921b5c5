import type { PageInfo } from '../core/page-info.ts';
import type { PageGrid } from './page-grid.ts';

/** A position past the last page with records: empty, refused, or with records that had come before. */
export type Trailing = 'empty' | 'repeated' | Refusal;

export interface Refusal {
  readonly status: number | null;
  /** The position after the last one that the page should reach. */
  readonly to: number;
}

/** What the answers so far cover: how far records reach, and what lies behind the last of them. */
export class Coverage {
  readonly #grid: PageGrid;
  readonly #trailing = new Map<number, Trailing>();
  #newest = { position: 0, pageInfo: null as PageInfo | null };
  #end = 0;
  #failedEnd = 0;
  #received = 0;

  constructor(grid: PageGrid) {
    this.#grid = grid;
  }

  /** The position after the last record. */
  get end(): number {
    return this.#end;
  }

  /** The position after the last page that failed. */
  get failedEnd(): number {
    return this.#failedEnd;
  }

  /** New records in all pages. */
  get received(): number {
    return this.#received;
  }

  /** What the page furthest on taught; null before the first. */
  get newest(): PageInfo | null {
    return this.#newest.pageInfo;
  }

  /** Only the first page has records of its own. */
  get isOnePage(): boolean {
    return this.#newest.position === 0;
  }

  /** Past the last page with records. */
  get trailing(): ReadonlyMap<number, Trailing> {
    return this.#trailing;
  }

  /** Takes in a page with records; gives the refused ones before it, which have to be there then. */
  accept(position: number, pageInfo: PageInfo): (readonly [position: number, refusal: Refusal])[] {
    const end = this.#grid.endOf(position, pageInfo);
    this.#received += this.#grid.isPaged ? pageInfo.records : end - position;
    this.#end = Math.max(this.#end, end);
    if (position < this.#newest.position) return [];
    this.#newest = { position, pageInfo };
    const refused: (readonly [number, Refusal])[] = [];
    for (const [earlier, kind] of this.#trailing) {
      if (earlier > position) continue;
      this.#trailing.delete(earlier);
      if (typeof kind === 'object') refused.push([earlier, kind]);
    }
    return refused;
  }

  /** Takes in a page without records of its own; false where there are records behind it. */
  trail(position: number, kind: Trailing): boolean {
    if (position < this.#newest.position) return false;
    this.#trailing.set(position, kind);
    return true;
  }

  fail(position: number): void {
    this.#failedEnd = Math.max(this.#failedEnd, position + 1);
  }
}
