import { hash } from 'node:crypto';
import type { AttemptRecord, PageRow } from '../archive/archive-types.ts';
import type { KnownCredentials } from '../core/known-credentials.ts';
import type { PageInfo } from '../core/page-info.ts';
import { isRecheck, PAGE_KEY_BYTES } from '../core/page-request.ts';
import { isParallel, noPagination, type Pagination } from '../core/pagination.ts';
import { redactUrl } from '../core/redact.ts';
import {
  type BodyCheck,
  type BodyVerdict,
  createBodyCheck,
  faulty,
  withDigest,
} from '../decode/check-body.ts';
import {
  createJsonScanner,
  type FoundRecords,
  isExpression,
  listOfExpression,
  nullsIn,
  type PageCondition,
  parseSelection,
  readSelection,
  type Selection,
} from '../decode/decode.ts';
import { lastAttempt, NO_KEYS, NOTHING_FOUND, rowOf } from './arrived-row.ts';
import type { EchoWatch } from './echoed-credentials.ts';
import { createJoiner, mayComeInParts, PartsWatch } from './joined-records.ts';
import type { KeptPages } from './kept-pages.ts';
import type { ArrivedPage, Batch, Rejection } from './messages.ts';
import { createPageInfoReader, type InfoAndKeys } from './page-info-reader.ts';
import { countRepeats } from './repeated-records.ts';
import { SisterPages } from './sister-pages.ts';
import { type DecodedPage, NO_RECORDS } from './stored-pages.ts';

export interface ReadBatch {
  readonly rejections: readonly Rejection[];
  /** What is to be stored. */
  readonly pages: readonly ReadPage[];
  readonly attempts: readonly AttemptRecord[];
}

interface ReadPage {
  /** The page's index in the batch. */
  readonly index: number;
  /** Credentials in its page info and keys are sealed. */
  readonly record: PageRow;
  /** The page info with the credentials that `record` has sealed. */
  readonly pageInfo: PageInfo | null;
  /** Null where it has no body that is stored. */
  readonly decoded: DecodedPage | null;
}

type Good = Extract<BodyVerdict, { ok: true }>;

type CheckedPage = Good & { readonly info: InfoAndKeys | null };
type Checked = Exclude<BodyVerdict, Good> | CheckedPage;

/** Takes batches apart: checks each body, and reads its page info where the run is paginated. */
export class BatchReader {
  readonly #check: BodyCheck;
  readonly #checkWhole: BodyCheck;
  readonly #readInfo: ReturnType<typeof createPageInfoReader> | null;
  /** Null where it is not known where records stand. */
  readonly #sisters: SisterPages | null;
  /** Finds the list that an expression takes its records from; null where the selection is the list. */
  readonly #findList: ((page: Uint8Array) => FoundRecords | null) | null;
  /** Reads what is worth keeping of a page in a list of URLs: which of its records are null. */
  readonly #readNulls: ReturnType<typeof createPageInfoReader> | null;
  readonly #kept: KeptPages;
  /** Null where records do not come in parts. */
  readonly #parts: PartsWatch | null;
  readonly #isPaginated: boolean;
  readonly #isChain: boolean;
  readonly #credentials: KnownCredentials;
  readonly #echoes: EchoWatch | null;

  /**
   * @param selection the list's records where it is paginated, else what the export takes
   * @param pagination null for a list of known pages
   * @param credentials of the user's
   * @param echoes null where no credentials were given
   * @param kept what is stored already
   */
  constructor(
    selection: Selection,
    pagination: Pagination | null,
    maxDecodedBytes: number,
    failWhen: PageCondition | null,
    credentials: KnownCredentials,
    echoes: EchoWatch | null,
    kept: KeptPages,
  ) {
    this.#check = createBodyCheck(selection, maxDecodedBytes, failWhen);
    this.#checkWhole = createBodyCheck(parseSelection(null), maxDecodedBytes);
    this.#readInfo = pagination === null ? null : createPageInfoReader(pagination);
    this.#kept = kept;
    this.#parts = mayComeInParts(pagination)
      ? new PartsWatch(createJoiner(pagination.records), kept, maxDecodedBytes)
      : null;
    this.#isPaginated = pagination !== null;
    this.#isChain = pagination !== null && pagination.key !== null && !isParallel(pagination);
    const selected = pagination === null ? selection.text : pagination.records;
    const isExpressed = isExpression(selection.text);
    const list = pagination === null && isExpressed ? listOfExpression(selection.text) : selected;
    this.#readNulls =
      pagination === null && selection.text !== '' && !isExpressed
        ? createPageInfoReader({ ...noPagination, records: selection.text })
        : null;
    this.#findList = list !== null && list !== selected ? createListFinder(list) : null;
    this.#sisters = canCompare(list) ? new SisterPages(list, kept.firstWithRecords) : null;
    this.#credentials = credentials;
    this.#echoes = echoes;
  }

  read({ pages: text, arena }: Batch): ReadBatch {
    const rejections: Rejection[] = [];
    const pages: ReadPage[] = [];
    const attempts: AttemptRecord[] = [];
    const arrived: readonly ArrivedPage[] = JSON.parse(text);
    let at = 0;
    for (let index = 0; index < arrived.length; index += 1) {
      const page = arrived[index]!;
      const key = arena.subarray(at, at + PAGE_KEY_BYTES);
      at += PAGE_KEY_BYTES + page.bodyBytes;
      const body = arena.subarray(at - page.bodyBytes, at);
      const read = page.state === 'stored' ? this.#checked(body, page) : null;
      if (read?.ok === false) {
        const { ok: _, ...rejection } = read;
        rejections.push({ index, ...rejection });
        continue;
      }
      pages.push(
        read === null
          ? { index, record: rowOf(page, key, NOTHING_FOUND), pageInfo: null, decoded: null }
          : this.#readPage(index, page, key, body, read),
      );
      if (page.log.length > 0) attempts.push(...page.log);
      attempts.push(lastAttempt(page));
    }
    return { rejections, pages, attempts };
  }

  #readPage(
    index: number,
    page: ArrivedPage,
    key: Uint8Array,
    body: Uint8Array,
    read: CheckedPage,
  ): ReadPage {
    const { hash, info } = read;
    // In a list that pages by itself a null has a place, by which the next page is asked for.
    const nulls = this.#isPaginated ? 0 : (info?.pageInfo.nulls?.length ?? 0);
    const records = read.records === null ? null : read.records - nulls;
    this.#echoes?.look(read.decoded, page);
    const pageInfo = info === null ? null : sealedPageInfo(info.pageInfo, this.#credentials);
    const keys = info?.keys?.parts ?? NO_KEYS;
    const record = rowOf(page, key, { body, hash, records, pageInfo, keys });
    return { index, record, pageInfo: info?.pageInfo ?? null, decoded: decodedPage(page, read) };
  }

  /** What was read is stored. */
  stored(): void {
    this.#sisters?.stored();
  }

  /** What a stored page names as the next one, with the credentials that its body holds. */
  nextOf({ url, body }: DecodedPage): PageInfo['next'] {
    const read = this.#readInfo?.({ url, headers: {}, body, found: NO_RECORDS });
    return read?.pageInfo.next ?? null;
  }

  #checked(wire: Uint8Array, page: ArrivedPage): Checked {
    const verdict = this.#check(wire, page.encoding);
    const sisters = this.#sisters;
    if (!verdict.ok) {
      if (sisters === null || verdict.kind !== 'selection') return verdict;
      const whole = this.#checkWhole(wire, page.encoding);
      return whole.ok
        ? this.#compared(sisters, page, { ...whole, found: NO_RECORDS }, null)
        : whole;
    }
    const { decoded } = verdict;
    const found = this.#findList === null ? verdict.found : this.#findList(decoded);
    if (found === null) return this.#compared(sisters!, page, verdict, null);
    // The pages of a list of URLs come in any order.
    if (page.place.position === 0 || !this.#isPaginated) sisters?.began(decoded, found);
    if (sisters === null) return { ...verdict, info: this.#infoOf(page, verdict) };
    // A list of URLs has no verdict on what its pages say.
    const [fault] = this.#isPaginated ? [] : sisters.faultsBeside(decoded, found);
    if (fault !== undefined) {
      return withDigest(faulty('unlike', `it reports an error in ${fault}`, decoded), wire);
    }
    if (sisters.isUsual(decoded, found)) {
      return { ...verdict, info: this.#infoOf(page, verdict) };
    }
    const compared = this.#compared(sisters, page, verdict, found);
    return compared.ok ? compared : withDigest(compared, wire);
  }

  /** @param found null where the path to the records leads nowhere */
  #compared(
    sisters: SisterPages,
    page: ArrivedPage,
    good: Good,
    found: FoundRecords | null,
  ): Checked {
    const likeness = sisters.judge(good.decoded, found);
    if (likeness.kind === 'unlike') {
      const kind = found === null && !likeness.saysFailed ? 'selection' : 'unlike';
      return faulty(kind, likeness.reason, good.decoded);
    }
    if (likeness.kind === 'empty' && likeness.listIs !== undefined && !this.#isPaginated) {
      return faulty('unlike', 'there is no list where the other pages have one', good.decoded);
    }
    const isList = this.#findList === null;
    const own =
      likeness.kind === 'empty' && isList ? { ...good, records: 0, found: NO_RECORDS } : good;
    const read = this.#infoOf(page, own);
    const listIs = likeness.kind === 'empty' ? likeness.listIs : undefined;
    const info =
      read === null || listIs === undefined
        ? read
        : { ...read, pageInfo: { ...read.pageInfo, listIs } };
    // An empty list may be one that a filter left; that there is none is stranger.
    const isOpen = listIs === undefined && leadsOn(info?.pageInfo);
    if (page.expected === true && own.found.count === 0 && !isOpen) {
      return faulty(
        'no-records',
        'the page holds no records, though the server said that there are more',
      );
    }
    return { ...own, info };
  }

  #infoOf(
    { url, asked, paging, place }: ArrivedPage,
    { decoded, found }: Good,
  ): InfoAndKeys | null {
    const isBare = this.#readNulls !== null && nullsIn(decoded, found).length === 0;
    const readInfo = isBare ? null : (this.#readNulls ?? this.#readInfo);
    if (readInfo === null) return null;
    const read = readInfo({ url: asked ?? url, headers: paging ?? {}, body: decoded, found });
    // Keys are compared as they are kept.
    const keys = read.keys && {
      ...this.#credentials.sealIn(read.keys),
      parts: read.keys.parts.map(({ first, list }) => ({
        first,
        list: this.#credentials.sealBytes(list),
      })),
    };
    const info = { pageInfo: { ...read.pageInfo, ...this.#oddIn(decoded, found) }, keys };
    if (!this.#isChain || keys === null || place.position === 0 || isRecheck(place)) return info;
    // The pages of a chain come one after the other, so the one before is stored.
    const before = { ...place, position: place.position - 1 };
    if (this.#parts?.goesOn(decoded, keys, before)) {
      return { ...info, pageInfo: { ...info.pageInfo, goesOn: true } };
    }
    const repeats = countRepeats(
      { body: decoded, found, keys: keys.parts[0]!.list },
      before,
      this.#kept,
    );
    return repeats === 0 ? info : { ...info, pageInfo: { ...info.pageInfo, repeats } };
  }

  #oddIn(page: Uint8Array, found: FoundRecords): Pick<PageInfo, 'partialBy' | 'strangers'> {
    const sisters = this.#sisters;
    if (sisters === null || found.count === 0) return {};
    const [partialBy] = sisters.faultsBeside(page, found, true);
    const strangers = sisters.strangersIn(page, found);
    return {
      ...(partialBy === undefined ? {} : { partialBy }),
      ...(strangers === 0 ? {} : { strangers }),
    };
  }
}

/** Pages can be compared only where the place of their records is known: an expression does not say it. */
function canCompare(records: string | null): records is string {
  return records !== null && records !== '' && !isExpression(records.replace(/(?:^|\.)\*$/, ''));
}

/** Null where the path leads nowhere. */
function createListFinder(list: string): (page: Uint8Array) => FoundRecords | null {
  const scanner = createJsonScanner(readSelection(list));
  return (page) => {
    const scan = scanner.scan(page);
    return scan.valid && scan.found === 'records' ? scan : null;
  };
}

/** An empty page that names a next one says itself that it is not the end. */
function leadsOn(info: PageInfo | undefined): boolean {
  return info !== undefined && (info.next !== null || info.more === true);
}

function decodedPage(page: ArrivedPage, { decoded: body, found, records }: Good): DecodedPage {
  const { place, url, headers } = page;
  return { place, url, status: page.status ?? 0, headers, body, found, records: records ?? 1 };
}

/**
 * A server may put credentials into a next link, and into all else that it says. What tells two links
 * apart may be one of its own, so these leave a hash; the user's do not.
 */
function sealedPageInfo(pageInfo: PageInfo, credentials: KnownCredentials): PageInfo {
  const { next } = pageInfo;
  if (next?.kind !== 'url') return credentials.sealIn(pageInfo);
  const sealed = credentials.sealIn({ ...pageInfo, next: null });
  const url = credentials.url(next.url);
  const own = credentials.withhold(next.url);
  const isBare = redactUrl(own, credentials.secretParams) === own;
  const mark = isBare ? {} : { mark: hash('sha256', own, 'base64url').slice(0, 22) };
  return { ...sealed, next: { ...credentials.sealIn(next), url, ...mark } };
}
