/** A response as detection looks at it, and what is made of it: its fields, its records, candidates. */
import type { PageRequest } from '../../core/page-request.ts';
import type { Pagination } from '../../core/pagination.ts';
import {
  createJsonScanner,
  createKeyReader,
  createPicker,
  type FoundRecords,
  freeSpans,
  isExpression,
  type JsonScan,
  parseSelection,
  pathOf,
  readSelection,
} from '../../decode/decode.ts';

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

/** Where the records of a page stand. */
export interface RecordsFound {
  /**
   * Dotted path (a dot in a key is `\.`), `@` for a page that is itself the array, or an expression:
   * such a path and `.*` for the values of an object, `[1]` for the second of a page's two parts,
   * `rows(…)` for columns.
   */
  readonly path: string;
  readonly items: readonly unknown[];
  /** Keys to the object that the records stand in, as `Field.keys` has them. */
  readonly around: readonly string[];
}

/** One way to ask for the second page, to be tried. */
export interface Candidate {
  /** The pagination, if the second page confirms it. */
  readonly pagination: Pagination;
  /** The second page's request; its place is given by who sends it. */
  readonly request: Omit<PageRequest, 'place'>;
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
  | (Omit<ToTry, 'kind' | 'names'> & {
      readonly kind: 'candidates';
      /** In the order to try, at most six. */
      readonly candidates: readonly Candidate[];
      /** What is left if none is accepted: one page, with what it says of itself. */
      readonly otherwise: Pagination;
    })
  | {
      readonly kind: 'single';
      /** True where the page itself says that it is the whole list. */
      readonly complete: boolean;
      /** Style `single`, with records, key and what the page says of itself. */
      readonly pagination: Pagination;
      readonly evidence: readonly string[];
    };

/** There may be more pages, and a request has to show how to get them. */
interface ToTry {
  readonly kind: 'trial';
  readonly evidence: readonly string[];
  /** Without an accepted candidate the one page is all: its flag says so, though that may say nothing. */
  readonly completeOtherwise: boolean;
  /** Nothing says that there is more, and nothing says that there is not. */
  readonly isSilent: boolean;
  /** Parameters that may be guessed. */
  readonly names: RegExp;
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
  const usual = { completeOtherwise: false, isSilent: false, names: /(?:)/ };
  return { kind: 'trial', evidence, ...usual, ...how };
}

/** A value in the page's envelope. */
export interface Field {
  /** Dotted path from the top. */
  readonly path: string;
  /** Keys from the top. */
  readonly keys: readonly string[];
  /** The last key. */
  readonly name: string;
  /** The key before it, empty at the top. */
  readonly parent: string;
  readonly value: unknown;
}

/** Envelopes are small. A larger object is a map of records, and reading all of it would be slow. */
const MAX_FIELDS = 5_000;
const MAX_KEYS_OF_AN_OBJECT = 500;
const MAX_DEPTH = 7;

/** The page itself as a path to the records. */
export const PAGE_ITSELF = '@';
/** The list of a pair. */
export const SECOND_PART = '[1]';
/** Behind a path: the values of the object there, as an expression has it. */
export const VALUES_OF = '.*';

/** A page of two parts, what it says of itself and its list: `[{"page":1,"total":304},[…]]`. */
export function isPair(json: unknown): json is readonly [Record<string, unknown>, unknown[]] {
  return Array.isArray(json) && json.length === 2 && isObject(json[0]) && Array.isArray(json[1]);
}

/**
 * All fields of objects within objects, the shallow ones first. It enters no array but a pair, and no
 * object that is a map by number.
 */
export function listFields(json: unknown): readonly Field[] {
  const fields: Field[] = [];
  const queue: { readonly object: object; readonly keys: readonly string[] }[] = [];
  // What the first part says stands as if at the top, but for its path.
  const lead = isPair(json) ? ['0'] : [];
  const top = isPair(json) ? json[0] : json;
  if (isObject(top)) queue.push({ object: top, keys: [] });
  for (const { object, keys } of queue) {
    const names = Object.keys(object).slice(0, MAX_KEYS_OF_AN_OBJECT);
    if (isMapByNumber(names)) continue;
    for (const name of names) {
      // No path can say an empty name.
      if (name === '') continue;
      if (fields.length === MAX_FIELDS) return fields;
      const value = (object as Record<string, unknown>)[name];
      const own = [...keys, name];
      fields.push({
        path: pathOf([...lead, ...own]),
        keys: own,
        name,
        parent: keys.at(-1) ?? '',
        value,
      });
      if (isObject(value) && own.length < MAX_DEPTH) queue.push({ object: value, keys: own });
    }
  }
  return fields;
}

/** Whether a value is an object and no array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of `RecordsFound` or a dotted one, undefined where nothing stands there. */
export function valueAt(json: unknown, path: string): unknown {
  if (path === PAGE_ITSELF) return json;
  if (path === SECOND_PART) return Array.isArray(json) ? json[1] : undefined;
  if (path.endsWith(VALUES_OF)) {
    const object = valueAt(json, path.slice(0, -VALUES_OF.length));
    return isObject(object) ? Object.values(object) : undefined;
  }
  if (isExpression(path)) return recordsBy(path, json);
  const keys = keysOf(path);
  if (keys === null) return undefined;
  let value = json;
  for (const key of keys) {
    // Of an array, a number is an index, as where single values are picked out of a page.
    const isThere = Array.isArray(value) ? /^\d+$/.test(key) : isObject(value);
    if (!isThere || !Object.hasOwn(value as object, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Undefined where the expression does not fit. */
function recordsBy(expression: string, json: unknown): readonly unknown[] | undefined {
  try {
    const scan = createJsonScanner(readSelection(expression)).scan(
      Buffer.from(JSON.stringify(json)),
    );
    if (!scan.valid || scan.found === 'missing' || scan.source === undefined) return undefined;
    const text = `[${Buffer.from(scan.source).toString('utf8', 0, scan.spans[2 * scan.count - 1] ?? 0)}]`;
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The keys of a dotted path; null for what is none. */
export function keysOf(path: string): readonly string[] | null {
  if (path === PAGE_ITSELF) return [];
  const own = path.endsWith(VALUES_OF) ? path.slice(0, -VALUES_OF.length) : path;
  try {
    return parseSelection(own).keys.map((key) => key.name);
  } catch {
    return null;
  }
}

export function isMapByNumber(names: readonly string[]): boolean {
  return names.length > 0 && names.every((name) => /^-?\d+$/.test(name));
}

/**
 * The literal at a path of a page, null where there is none. Keys and records are compared as the
 * server wrote them: parsed, neighbouring 64-bit ids would be one.
 */
export function literalOf(view: PageView, path: string): string | null {
  if (view.json === undefined) return null;
  return createPicker([path])(view.body)[0] ?? null;
}

/** Of a page with more, its first and its last records are compared, half of so many each. */
export const MOST_COMPARED = 20_000;

/** Records in a page, or null where it has no such path. */
export function countRecords(view: PageView, path: string): number | null {
  return withRecords(view, path, ({ count }) => count);
}

/** Each record's text, see `MOST_COMPARED`, or null where the page has no such path. */
export function recordTexts(view: PageView, path: string): readonly string[] | null {
  return withRecords(view, path, (scan) => textsOf(view, compared(scan)));
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

/** A JSON body's value; undefined for everything else. */
export function parseBody(body: Uint8Array | null): unknown {
  if (body === null) return undefined;
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}

export function isSuccess({ status }: PageView): boolean {
  return status >= 200 && status <= 299;
}
