/** The contract of this folder: WHAT to fetch. */
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
 * A plan that grows by what its pages teach. Every request it gave is answered by one `learn`, in
 * any order; its batches end when nothing is left to ask for. Until then they wait.
 */
export interface GrowingPlan extends Plan {
  onPage(request: PageRequest, ended: PageEnd): void;
  /** Pages that are known of so far, or null while the end is unknown; changes with `learn`. */
  known(): number | null;
  /** After `batches` has ended. */
  end(): PlanEnd;
}
