/** The plain data of detection: a response as it is seen, and what was made of it. */
import type { PageRequest } from '../../core/page-request.ts';
import type { Pagination } from '../../core/pagination.ts';

/** A response to judge, its body decoded. */
export interface PageView {
  readonly request: PageRequest;
  readonly status: number;
  /** Names in lower case; repeated headers joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** `JSON.parse` of the body; undefined where it is no JSON. */
  readonly json: unknown;
}

/** Where the records of a page stand. */
export interface RecordsFound {
  /** Dotted path (a dot in a key is `\.`), or `@` for a page that is itself the array. */
  readonly path: string;
  readonly count: number;
  readonly items: readonly unknown[];
}

/** One way to ask for the second page, to be tried. */
export interface Candidate {
  /** How it goes on if the second page bears it out. */
  readonly pagination: Pagination;
  /** The second page's request; its place is given by who sends it. */
  readonly request: Omit<PageRequest, 'place'>;
  /** A sentence for people. */
  readonly why: string;
}

/** What a first page shows of how its list goes on. */
export type Detection =
  | {
      readonly kind: 'found';
      readonly pagination: Pagination;
      /** Sentences for people, without their full stops. */
      readonly evidence: readonly string[];
      /** The command line's flags that pin it down. */
      readonly flags: readonly string[];
      /** The page says that nothing comes after it. */
      readonly lastPage: boolean;
    }
  | {
      readonly kind: 'candidates';
      /** Why the list may go on, and what is missing to know how. */
      readonly reason: string;
      /** In the order to try, at most six. */
      readonly candidates: readonly Candidate[];
      /** What is left if none is accepted: one page, with what it says of itself. */
      readonly otherwise: Pagination;
      /** None accepted means that the one page is all: its total says so, though it may be chance. */
      readonly completeOtherwise: boolean;
      /** Nothing says that there is more; it is tried because nothing says that there is not. */
      readonly isSilent: boolean;
      readonly evidence: readonly string[];
    }
  | {
      readonly kind: 'single';
      /** True where the page itself says that it is all; false where nothing tells. */
      readonly complete: boolean;
      /** Style `single`, with records, key and what the page says of itself. */
      readonly pagination: Pagination;
      readonly evidence: readonly string[];
    };
