import { codeOfStatus, type PageCode } from '../core/errors.ts';
import type { Place } from '../core/page-request.ts';
import type { FailedPage } from '../core/summary.ts';

/** Far more than a summary names; bounds memory where a million pages fail. */
const KEPT = 1000;

/**
 * The codes of the first pages that failed in this run, for its summary. The archive keeps a page's
 * status and reason, and no code.
 */
export class FailedCodes {
  #codes: { readonly place: Place; readonly code: PageCode }[] = [];

  failed(place: Place, code: PageCode): void {
    this.#codes.push({ place, code });
    if (this.#codes.length < 2 * KEPT) return;
    this.#codes.sort((a, b) => comparePlaces(a.place, b.place));
    this.#codes.length = KEPT;
  }

  /** The same failures, with what is known here. */
  named(failures: readonly FailedPage[]): readonly FailedPage[] {
    return failures.map((failure) => ({
      ...failure,
      code: this.#codeAt(failure.place) ?? codeOfStatus(failure.status),
    }));
  }

  /** Of the last time that it failed. */
  #codeAt(place: Place): PageCode | undefined {
    return this.#codes.findLast((it) => comparePlaces(it.place, place) === 0)?.code;
  }
}

function comparePlaces(a: Place, b: Place): number {
  return a.branch - b.branch || a.position - b.position;
}
