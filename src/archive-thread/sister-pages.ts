/**
 * Whether a page is like the other pages of its list. Some servers say in a 200 that they refuse or
 * fail: a sentence or an error stands where the list stood, or the list is gone and the status is
 * another one. Such a page is none; an empty one is.
 */
import { escapeText } from '../core/escape.ts';
import {
  describeMissing,
  type FoundRecords,
  nullsIn,
  pageValue,
  parseSelection,
  pathOf,
} from '../decode/decode.ts';
import { findAbsentList } from '../plan/detect/absent-list.ts';
import { means, squash } from '../plan/names.ts';
import { type Field, isObject, keysOf, listFields, valueAt } from '../plan/page-fields.ts';
import {
  differences,
  envelopeWithFault,
  failuresIn,
  faultsIn,
  type Outcomes,
  readOutcomes,
  saysNothingThere,
} from './outcome-words.ts';

export type Likeness =
  | { readonly kind: 'alike' }
  /** The page has no records, as a page of a list may. */
  | { readonly kind: 'empty'; readonly listIs?: 'null' | 'absent' }
  /**
   * What differs, a phrase without text of the server's but names; and whether the page says by itself,
   * without another to compare it with, that it failed.
   */
  | { readonly kind: 'unlike'; readonly reason: string; readonly saysFailed?: true };

const alike: Likeness = { kind: 'alike' };
const empty: Likeness = { kind: 'empty' };
const unlike = (reason: string): Likeness => ({ kind: 'unlike', reason });

const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;
const LOWER_N = 0x6e;

/** What stands at the path: `none` for an empty list and for null. */
type Shape = 'none' | 'objects' | 'others' | 'one';

/** The page that others are compared with. */
interface Sister {
  readonly fields: readonly Field[];
  readonly outcomes: Outcomes;
  readonly isOfObjects: boolean;
  /** Keys of its first records, where they are objects. */
  readonly recordKeys: ReadonlySet<string>;
}

/** Records whose keys are taken for those of all. */
const MOST_RECORDS = 20;
const MOST_NAMED = 3;

export class SisterPages {
  readonly #path: string;
  readonly #isById: boolean;
  readonly #keys: readonly string[];
  readonly #find: () => Uint8Array | null;
  #usual: Shape | null = null;
  /** Records in the first page. */
  #count = 0;
  #sister: Sister | null = null;
  /** The first page while it is not stored. */
  #first: Uint8Array | null = null;

  /**
   * @param path to the records
   * @param find the first stored page that has records, decoded, or null
   */
  constructor(path: string, find: () => Uint8Array | null) {
    // Records in an object, each under its id: the object is the list.
    this.#isById = path === '*' || path.endsWith('.*');
    this.#path = path === '*' ? '@' : this.#isById ? path.slice(0, -2) : path;
    this.#keys = keysOf(this.#path) ?? [];
    this.#find = find;
  }

  /** A first page with records: what comes after it is compared with it. */
  began(page: Uint8Array, found: FoundRecords): void {
    if (this.#usual !== null || nullsIn(page, found).length === found.count) return;
    this.#usual = shapeOf(page, found);
    this.#count = found.count;
    this.#first = page;
  }

  /** What was given to `began` is stored. */
  stored(): void {
    this.#first = null;
  }

  /** Whether it surely is one of the list's; it reads two bytes of the page. */
  isUsual(page: Uint8Array, found: FoundRecords): boolean {
    const usual = this.#usual;
    if (usual === null || found.count === 0) return false;
    // Only a list of objects shows by a byte that others are not of it.
    if (usual === 'one') return true;
    // One object alone may be an error that stands in the place of the list.
    if (found.count === 1 && this.#count > 1) return false;
    const shape = shapeOf(page, found);
    return shape === usual || (usual === 'others' && shape === 'objects');
  }

  /**
   * Fields in which a page with records says that not all of it could be served: a page of the list,
   * but not a whole one.
   *
   * @param isAlone also what its sisters say
   */
  faultsBeside(page: Uint8Array, found: FoundRecords, isAlone = false): readonly string[] {
    const json = envelopeWithFault(page, found);
    if (json === null) return [];
    const { outcomes } = this.#envelope(json);
    if (failuresIn(outcomes).length === 0) return [];
    const isFirst = isAlone || this.#first === page || this.#readSister() === null;
    return faultsIn(outcomes, isFirst ? null : this.#readSister()!.outcomes);
  }

  /** Records of another type than those of the other pages have: text among objects. */
  strangersIn(page: Uint8Array, { count, spans, source }: FoundRecords): number {
    if (this.#usual !== 'objects' || source !== undefined) return 0;
    let strangers = 0;
    for (let index = 0; index < count; index++) {
      const first = page[spans[2 * index]!];
      if (first !== OPEN_BRACE && first !== LOWER_N) strangers += 1;
    }
    return strangers;
  }

  /** @param found null where the path leads nowhere */
  judge(page: Uint8Array, found: FoundRecords | null): Likeness {
    const sister = this.#readSister();
    if (sister !== null && this.#usual === 'one' && found !== null) return alike;
    const json = parsed(page);
    // What nests too deeply to be compared is no message of an error.
    if (json === undefined && found !== null && found.count > 0) return alike;
    if (json === undefined)
      return unlike('it nests too deeply to be compared with the other pages');
    if (sister === null) return this.#judgeAlone(page, json, found);
    const value = this.#listIn(json);
    if (isNothing(value)) return this.#judgeEmpty(page, json, value, sister);
    if (Array.isArray(value)) {
      const items = value.filter((item) => item !== null);
      if (!sister.isOfObjects || value.length === 0) return alike;
      if (items.length === 0) return this.#isOther(json, sister, 'holds nothing but null');
      // A list of lists is no message of an error.
      if (items.every(Array.isArray)) return alike;
      if (!items.some(isObject)) {
        return this.#isOther(json, sister, 'holds no objects, as the other pages do');
      }
      const [item] = items;
      const isStrange = items.length === 1 && isObject(item) && sharedKeys(item, sister) === 0;
      return isStrange
        ? this.#isOther(json, sister, 'holds one object, which has no field of the other records')
        : alike;
    }
    // Some APIs write a list of one as the record alone.
    if (isObject(value) && isLikeRecord(value, sister)) return alike;
    const what = isObject(value) ? 'an object' : typeof value === 'string' ? 'text' : typeof value;
    return this.#isOther(json, sister, `is ${what} where the other pages have a list`);
  }

  /** Without a page to compare with, only what says itself that it failed is none. */
  #judgeAlone(page: Uint8Array, json: unknown, found: FoundRecords | null): Likeness {
    if (found !== null && found.count > 0) return alike;
    const { outcomes } = this.#envelope(json);
    const failures = failuresIn(outcomes);
    if (failures.length > 0 && !saysNothingThere(failures, outcomes)) {
      const what = found === null ? this.#isMissing(page) : `${this.#name()} is empty`;
      const reason = `${what}, and the page says that it failed (${namesOf(failures)})`;
      return { kind: 'unlike', reason, saysFailed: true };
    }
    if (found !== null) return alike;
    return findAbsentList(listFields(json)) === null ? unlike(this.#isMissing(page)) : empty;
  }

  #isOther(json: unknown, sister: Sister, what: string): Likeness {
    const { outcomes } = this.#envelope(json);
    const differ = differences(sister.outcomes, outcomes);
    return unlike(`${this.#name()} ${what}${andDiffer(differ)}`);
  }

  #judgeEmpty(page: Uint8Array, json: unknown, value: unknown, sister: Sister): Likeness {
    const { fields, outcomes } = this.#envelope(json);
    const differ = differences(sister.outcomes, outcomes);
    const isMissing = value === undefined;
    const what = isMissing ? this.#isMissing(page) : `${this.#name()} is ${wordFor(value)}`;
    if (differ.length > 0 && !saysNothingThere(differ, outcomes)) {
      return unlike(`${what}${andDiffer(differ)}`);
    }
    const other = isMissing ? this.#otherField(fields, sister.fields) : null;
    if (other !== null) return unlike(`${what}, and ${other}`);
    if (Array.isArray(value)) return empty;
    return { kind: 'empty', listIs: value === null ? 'null' : 'absent' };
  }

  /** What a page that leaves its list out has, or has not, unlike its sisters; null for nothing. */
  #otherField(own: readonly Field[], others: readonly Field[]): string | null {
    const isAround = ({ keys }: Field) => this.#isAround(keys.slice(0, -1));
    const ofPage = new Map(own.filter(isAround).map((field) => [field.path, field]));
    const ofSister = new Map(others.filter(isAround).map((field) => [field.path, field]));
    for (const field of ofPage.values()) {
      if (ofSister.has(field.path) || mayComeAndGo(field)) continue;
      return `only this page has ${nameOf(field.path)}`;
    }
    for (const field of ofSister.values()) {
      if (ofPage.has(field.path) || mayComeAndGo(field) || this.#isAround(field.keys)) continue;
      // What holds the list may be null itself, and all that is in it gone with that.
      if (field.keys.length > 1 && isNothing(ofPage.get(pathOf(field.keys.slice(0, -1)))?.value)) {
        continue;
      }
      return `it has no ${nameOf(field.path)}, as the other pages do`;
    }
    return null;
  }

  /** Whether these keys lead to what holds the list. */
  #isAround(keys: readonly string[]): boolean {
    return keys.length < this.#keys.length && keys.every((key, at) => key === this.#keys[at]);
  }

  /** What stands where the list should; records by their ids as a list. */
  #listIn(json: unknown): unknown {
    const value = this.#path === '@' ? json : valueAt(json, this.#path);
    if (!this.#isById) return value;
    if (Array.isArray(value)) return 'a list';
    return isObject(value) ? Object.values(value) : value;
  }

  #readSister(): Sister | null {
    if (this.#sister !== null) return this.#sister;
    const page = this.#first ?? this.#find();
    if (page === null) return null;
    const json = parsed(page);
    const value = this.#listIn(json);
    const items = Array.isArray(value) ? value.slice(0, MOST_RECORDS) : [];
    const objects = items.filter(isObject);
    this.#count = Array.isArray(value) ? value.length : 1;
    if (!Array.isArray(value)) this.#usual = 'one';
    else this.#usual = isObject(value[0]) ? 'objects' : 'others';
    this.#sister = {
      ...this.#envelope(json),
      isOfObjects: objects.length > 0,
      recordKeys: new Set(objects.flatMap(Object.keys)),
    };
    return this.#sister;
  }

  #envelope(json: unknown): Pick<Sister, 'fields' | 'outcomes'> {
    const isInList = (keys: readonly string[]): boolean =>
      (this.#keys.length > 0 || this.#isById) && this.#keys.every((key, at) => key === keys[at]);
    const fields = listFields(json).filter(({ keys }) => !isInList(keys));
    return { fields, outcomes: readOutcomes(fields) };
  }

  #isMissing(page: Uint8Array): string {
    return describeMissing(page, parseSelection(this.#path));
  }

  #name(): string {
    return this.#path === '@' ? 'the page' : nameOf(this.#path);
  }
}

function shapeOf(page: Uint8Array, { count, spans, source }: FoundRecords): Shape {
  if (count === 0) return 'none';
  const start = spans[0]!;
  // What an expression found stands by itself.
  if (source !== undefined) return source[start] === OPEN_BRACE ? 'objects' : 'others';
  if (count === 1) {
    let before = start - 1;
    while (before >= 0 && page[before]! <= 0x20) before--;
    if (page[before] !== OPEN_BRACKET) return 'one';
  }
  return page[start] === OPEN_BRACE ? 'objects' : 'others';
}

/** What APIs write for an empty list: PHP an empty text or false, Lua an empty object. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Half of what it has, or half of what records have. */
function isLikeRecord(value: Record<string, unknown>, sister: Sister): boolean {
  const shared = sharedKeys(value, sister);
  return shared > 0 && 2 * shared >= Math.min(Object.keys(value).length, sister.recordKeys.size);
}

function sharedKeys(value: Record<string, unknown>, { recordKeys }: Sister): number {
  return Object.keys(value).filter((key) => recordKeys.has(key)).length;
}

/** A link or a token for what comes next, what is beside the records, and nothing at all. */
function mayComeAndGo({ name, parent, value }: Field): boolean {
  if (value === 0 || isNothing(value)) return true;
  if (Array.isArray(value)) return means.besideRecords(name);
  return (
    means.next(name) ||
    means.more(name) ||
    means.done(name) ||
    means.token({ name, parent }) ||
    /^(?:prev|previous|first|last|self|message|msg)/.test(squash(name))
  );
}

function andDiffer(paths: readonly string[]): string {
  if (paths.length === 0) return '';
  return `, and what it says in ${namesOf(paths)} differs`;
}

function namesOf(paths: readonly string[]): string {
  return paths.slice(0, MOST_NAMED).map(nameOf).join(', ');
}

function nameOf(path: string): string {
  return escapeText(path, 60);
}

function wordFor(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'empty' : 'an array';
  return value === '' || isObject(value) ? 'empty' : String(typeof value);
}

/** Undefined where it nests too deeply. */
function parsed(page: Uint8Array): unknown {
  try {
    return pageValue(page);
  } catch {
    return undefined;
  }
}
