/** A response as detection looks at it, and what is made of it: its records, candidates. */
import type { PageRequest } from '../../core/page-request.ts';
import type { Pagination } from '../../core/pagination.ts';
import {
  createJsonScanner,
  createKeyReader,
  createPicker,
  type FoundRecords,
  freeSpans,
  type JsonScan,
  readSelection,
} from '../../decode/decode.ts';
import type { UnplacedRequest } from '../request-parts.ts';
import type { LinkingPage } from '../styles/page-reading.ts';

/** A response, its body decoded. */
export interface PageView {
  readonly request: PageRequest;
  readonly status: number;
  /** Names in lower case; repeated headers joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** `pageValue` of the body; undefined where it is no JSON. */
  readonly json: unknown;
}

/** One way to ask for the second page, to be tried. */
export interface Candidate {
  /** The pagination, if the second page confirms it. */
  readonly pagination: Pagination;
  /** The second page's request; its place is given by who sends it. */
  readonly request: UnplacedRequest;
  /** A sentence for people. */
  readonly why: string;
  /** Neither the page nor its request names the parameter or what it takes. */
  readonly isGuess?: true;
}

/** What a first page shows of its list's pagination. */
export type Detection =
  | {
      readonly kind: 'found';
      readonly pagination: Pagination;
      /** Phrases for people. */
      readonly evidence: readonly string[];
      /** The page says that nothing comes after it. */
      readonly lastPage: boolean;
    }
  | (Omit<ToTry, 'kind' | 'mayBe'> & {
      readonly kind: 'candidates';
      /** In the order to try, at most six. */
      readonly candidates: readonly Candidate[];
      /** What is left if none is accepted: one page, with what it says about itself. */
      readonly otherwise: Pagination;
    })
  | {
      readonly kind: 'single';
      /** True where the page itself says that it is the whole list. */
      readonly complete: boolean;
      /** Style `single`, with records, key and what the page says about itself. */
      readonly pagination: Pagination;
      readonly evidence: readonly string[];
    };

/** There may be more pages, and a request has to show how to get them. */
export interface ToTry {
  readonly kind: 'trial';
  readonly evidence: readonly string[];
  /** Without an accepted candidate the one page is all: its flag says so, though that may say nothing. */
  readonly completeOtherwise: boolean;
  /** Nothing says that there is more, and nothing says that there is not. */
  readonly isSilent: boolean;
  /** Which parameters may be guessed, by their names. */
  readonly mayBe: (name: string) => boolean;
}

/** What one kind of evidence shows, before candidates are sought. */
export type Shown = Exclude<Detection, { readonly kind: 'candidates' }> | ToTry;

export function found(
  pagination: Pagination,
  evidence: readonly string[],
  lastPage: boolean,
): Shown {
  return { kind: 'found', pagination, evidence, lastPage };
}

export function trial(
  evidence: readonly string[],
  how: Partial<Omit<ToTry, 'kind' | 'evidence'>> = {},
): Shown {
  const usual = { completeOtherwise: false, isSilent: false, mayBe: () => true };
  return { kind: 'trial', evidence, ...usual, ...how };
}

/**
 * The literal at a path of a page, null where there is none. Keys and records are compared as the
 * server wrote them: parsed, neighbouring 64-bit ids would be one.
 */
export function literalOf(view: PageView, path: string): string | null {
  if (view.json === undefined) return null;
  return createPicker([path])(view.body)[0] ?? null;
}

/** A view as the pages of a run are read. */
export function linkingPage(view: PageView): LinkingPage {
  const { request, headers } = view;
  return { url: request.url, headers, literal: (path) => literalOf(view, path) };
}

/** Of a page with more, its first and its last records are compared, half of so many each. */
export const MOST_COMPARED = 20_000;

/** Records in a page, or null where it has no such path. */
export function countRecords(view: PageView, path: string): number | null {
  return withRecords(view, path, ({ count }) => count);
}

function textsOf(view: PageView, scan: FoundRecords): readonly string[] {
  const bytes = scan.source ?? view.body;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: scan.count }, (_, index) =>
    text.toString('utf8', scan.spans[2 * index], scan.spans[2 * index + 1]),
  );
}

/**
 * Each record's key as its literal says, or the whole record's text where no key is known or one is
 * missing; null where the page has no such path.
 */
export function recordIdentities(
  view: PageView,
  path: string,
  key: string | null,
): readonly string[] | null {
  const keysOf = key === null ? null : createKeyReader(key);
  return withRecords(view, path, (scan) => {
    const keys = keysOf?.(view.body, compared(scan)) ?? [''];
    return keys.includes('') ? textsOf(view, compared(scan)) : keys;
  });
}

/**
 * Which records a page has, by the key of the pagination or byte by byte; null where its list is not there.
 * What is null is no record: two pages have none in common by that.
 */
export function identitiesOf(
  view: PageView,
  { records, key }: Pick<Pagination, 'records' | 'key'>,
): readonly string[] | null {
  const all = records === null ? null : recordIdentities(view, records, key);
  return all?.filter((text) => text !== 'null') ?? null;
}

function compared(scan: FoundRecords): FoundRecords {
  if (scan.count <= MOST_COMPARED) return scan;
  const spans = new Uint32Array(2 * MOST_COMPARED);
  spans.set(scan.spans.subarray(0, MOST_COMPARED));
  spans.set(scan.spans.subarray(2 * scan.count - MOST_COMPARED, 2 * scan.count), MOST_COMPARED);
  return { ...scan, count: MOST_COMPARED, spans };
}

/** What `use` makes of the records, which it does not keep; null where the page has no such path. */
function withRecords<T>(view: PageView, path: string, use: (scan: FoundRecords) => T): T | null {
  const scan = scanRecords(view, path);
  if (scan === null) return null;
  const used = use(scan);
  freeSpans(scan);
  return used;
}

function scanRecords(view: PageView, path: string): (JsonScan & { readonly valid: true }) | null {
  if (view.json === undefined) return null;
  try {
    const scan = createJsonScanner(readSelection(path)).scan(view.body);
    return scan.valid && scan.found === 'records' ? scan : null;
  } catch {
    // An expression that does not fit this page.
    return null;
  }
}

export function isSuccess({ status }: PageView): boolean {
  return status >= 200 && status <= 299;
}
