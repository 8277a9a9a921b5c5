/**
 * Records that come in parts, page after page: MediaWiki gives the pages of one batch again, each time with
 * further properties, until it says `batchcomplete`.
 */

import type { ArchiveReader } from '../archive/archive-reader.ts';
import { EverypageError } from '../core/errors.ts';
import type { Place } from '../core/page-request.ts';
import { factsOf, type Pagination } from '../core/pagination.ts';
import { createJsonScanner, type RecordKeys, readSelection } from '../decode/decode.ts';
import { readElements, readMembers } from '../plan/literal.ts';
import type { KeptPages } from './kept-pages.ts';
import type { DecodedPage } from './stored-pages.ts';

/** Puts the records of two pages together, in their order; null where they contradict one another. */
export type Joiner = (page: Uint8Array, further: Uint8Array) => Uint8Array | null;

/** @param records the path to them */
export function createJoiner(records: string): Joiner {
  // Records under names of their own are the members of one object.
  const scanner = createJsonScanner(readSelection(records.replace(/\.\*$/, '')));
  const spansOf = (page: Uint8Array): Uint32Array | null => {
    const scan = scanner.scan(page);
    if (!scan.valid || scan.found === 'missing' || scan.source !== undefined) return null;
    return scan.spans.slice(0, 2 * scan.count);
  };
  return (page, further) => {
    const [own, other] = [spansOf(page), spansOf(further)];
    if (own === null || other === null || own.length !== other.length) return null;
    const parts: Uint8Array[] = [];
    let from = 0;
    for (let at = 0; at < own.length; at += 2) {
      const record = textOf(page.subarray(own[at], own[at + 1]));
      const joined = joinLiterals(record, textOf(further.subarray(other[at], other[at + 1])));
      if (joined === null) return null;
      parts.push(page.subarray(from, own[at]), Buffer.from(joined, 'latin1'));
      from = own[at + 1]!;
    }
    return Buffer.concat([...parts, page.subarray(from)]);
  };
}

/** Each byte is one character, so that all come back as they were. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/**
 * The members of two objects together, the elements of two arrays one after another. Null where they
 * differ in anything else, or where arrays share some elements and not all.
 */
function joinLiterals(own: string, other: string): string | null {
  if (own === other) return own;
  const [members, further] = [readMembers(own), readMembers(other)];
  if (members !== null && further !== null) return joinMembers(members, further);
  if (!own.startsWith('[') || !other.startsWith('[')) return null;
  const elements = readElements(own);
  const known = new Set(elements);
  const others = readElements(other);
  if (others.some((element) => known.has(element))) return null;
  return `[${[...elements, ...others].join(',')}]`;
}

function joinMembers(
  members: ReadonlyMap<string, string>,
  further: ReadonlyMap<string, string>,
): string | null {
  const all = new Map(members);
  for (const [name, literal] of further) {
    const own = members.get(name);
    const joined = own === undefined ? literal : joinLiterals(own, literal);
    if (joined === null) return null;
    all.set(name, joined);
  }
  return `{${[...all].map(([name, literal]) => `${JSON.stringify(name)}:${literal}`).join(',')}}`;
}

export function mayComeInParts(
  pagination: Pagination | null,
): pagination is Pagination & { readonly records: string } {
  if (pagination === null || pagination.key === null || pagination.records === null) return false;
  return factsOf(pagination).mayComeInParts === true;
}

type StoredParts = Omit<KeptPages, 'firstWithRecords'>;

/** Tells, of the pages of a chain in their order, which go on with the records of the page before. */
export class PartsWatch {
  readonly #join: Joiner;
  readonly #stored: StoredParts;
  readonly #mostBytes: number;
  /** The pages of a batch up to this place, put together. */
  #joined: { readonly place: Place; readonly body: Uint8Array } | null = null;

  /** @param mostBytes of a batch whose pages are put together; longer ones are not */
  constructor(join: Joiner, stored: StoredParts, mostBytes: number) {
    this.#join = join;
    this.#stored = stored;
    this.#mostBytes = mostBytes;
  }

  /**
   * @param keys as they are kept
   * @param before the page before
   */
  goesOn(body: Uint8Array, { parts, hasUnnamed }: RecordKeys, before: Place): boolean {
    const info = this.#stored.pageInfoAt(before);
    if (info?.isPart !== true || info.records === 0 || hasUnnamed || parts.length > 1) return false;
    const keysBefore = this.#stored.lastKeysAt(before);
    if (keysBefore === null || Buffer.compare(keysBefore, parts[0]!.list) !== 0) return false;
    const earlier = this.#joinedUpTo(before);
    const joined = earlier === null ? null : this.#join(earlier, body);
    const isJoined = joined !== null && joined.length <= this.#mostBytes;
    const place = { ...before, position: before.position + 1 };
    this.#joined = isJoined ? { place, body: joined } : null;
    return isJoined;
  }

  /** What was joined last, or read again where an earlier run stored it. */
  #joinedUpTo({ branch, position }: Place): Uint8Array | null {
    const last = this.#joined?.place;
    if (last?.branch === branch && last.position === position) return this.#joined!.body;
    let first = position;
    while (this.#stored.pageInfoAt({ branch, position: first })?.goesOn === true) first -= 1;
    let joined = this.#stored.bodyAt({ branch, position: first });
    for (let at = first + 1; at <= position && joined !== null; at += 1) {
      const further = this.#stored.bodyAt({ branch, position: at });
      joined = further === null ? null : this.#join(joined, further);
    }
    return joined;
  }
}

/** Joins stored pages, in page order, where several hold parts of the same records. */
export class JoinedPages {
  readonly #join: Joiner;
  readonly #pageInfoAt: ArchiveReader['pageInfoAt'];
  #held: DecodedPage | null = null;

  constructor(join: Joiner, pageInfoAt: ArchiveReader['pageInfoAt']) {
    this.#join = join;
    this.#pageInfoAt = pageInfoAt;
  }

  take(page: DecodedPage): readonly DecodedPage[] {
    const { isPart, goesOn } = this.#pageInfoAt(page.place) ?? {};
    const held = goesOn === true ? null : this.#held;
    const whole = goesOn === true ? this.#joined(page) : page;
    // What was found is overwritten by what is found in the next page, and the body may be: it stands in
    // memory that the next batch is written to.
    const { found: _, ...later } = whole;
    this.#held = isPart === true ? { ...later, body: later.body.slice() } : null;
    const given = isPart === true ? [] : [whole];
    return held === null ? given : [held, ...given];
  }

  rest(): readonly DecodedPage[] {
    const held = this.#held;
    this.#held = null;
    return held === null ? [] : [held];
  }

  /** They were joined before, when they were stored. */
  #joined({ body: further, url }: DecodedPage): DecodedPage {
    const body = this.#held === null ? null : this.#join(this.#held.body, further);
    if (body === null) {
      throw new EverypageError(
        'ARCHIVE_DAMAGED',
        `${url} does not go on with the records of the page before, as it did when it was stored. ` +
          'everypage verify names what was changed, and --fresh fetches it again.',
      );
    }
    return { ...this.#held!, body };
  }
}
