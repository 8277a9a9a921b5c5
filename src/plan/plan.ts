/**
 * plan/ decides WHAT to fetch: it makes page requests, from lists of URLs or from what pages say of
 * the pages after them. It sends nothing and knows no pace. `styles/` has one module for each style
 * of pagination, `detect/` finds out which style a list has. May import `core/` and the contract of
 * `decode/`. This file is the contract of the folder.
 */
import type { PageEnd, PlanEnd } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';

/** One source of URLs, in the order the user gave them. */
export type PlanSource =
  /** An argument; ranges and sets in it are expanded lazily. */
  | { readonly kind: 'template'; readonly text: string }
  /** An argument taken as it stands (`-g`). */
  | { readonly kind: 'literal'; readonly text: string }
  /** `@file`: one URL a line, read lazily. */
  | { readonly kind: 'file'; readonly path: string }
  /** `-` */
  | { readonly kind: 'stdin' }
  /** The library's lists; strings are never expanded. */
  | { readonly kind: 'iterable'; readonly urls: Iterable<string> | AsyncIterable<string> };

export interface Plan {
  /**
   * Page requests in plan order, made lazily; it may be iterated once. A batch holds 1 to 256 of
   * them, since waiting for each alone would cost more than making it. A slow source gives what it
   * has rather than wait for a full batch.
   */
  batches(): AsyncIterable<readonly PageRequest[]>;
  /** How many pages there will be, or null where only reading to the end can tell. */
  count(): Promise<number | null>;
}

/**
 * A plan that grows with what its pages say. Every request it gave is answered by one `onPage`, in
 * any order; its batches end when nothing is left to ask for. Until then they wait.
 */
export interface GrowingPlan extends Plan {
  onPage(request: PageRequest, ended: PageEnd): void;
  /** Pages that are known of so far, or null while the end is unknown; changes with `onPage`. */
  known(): number | null;
  /** After `batches` has ended. */
  end(): PlanEnd;
}

/**
 * A growing plan without the waiting: what can be asked for now, and what follows from an answer.
 * Plain state, so that several can be run side by side as one.
 *
 * The same page infos lead to the same requests in the same places, whatever order they come in. Where
 * totals change under way it may depend on the order whether a page past the end is asked for.
 */
export interface PlanState {
  /** At most `most` requests that may be asked for now; none where answers have to come first. */
  take(most: number): readonly PageRequest[];
  onPage(request: PageRequest, ended: PageEnd): void;
  known(): number | null;
  /** Null until every request is answered and nothing is left to ask for. */
  end(): PlanEnd | null;
}
