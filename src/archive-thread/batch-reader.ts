import type { AttemptRecord, PageRecord } from '../archive/archive-types.ts';
import type { PageInfo } from '../core/page-info.ts';
import { PAGE_KEY_BYTES } from '../core/page-request.ts';
import { redactUrl } from '../core/redact.ts';
import { type BodyCheck, type BodyVerdict, createBodyCheck } from '../decode/check-body.ts';
import {
  type FoundRecords,
  type PageCondition,
  parseSelection,
  type Selection,
} from '../decode/decode.ts';
import type { EchoWatch } from './echoed-credentials.ts';
import type { FailedCodes } from './failed-codes.ts';
import type { FollowedPage } from './follow-archive.ts';
import type { ArrivedPage, Batch, Rejection } from './messages.ts';
import type { InfoAndKeys, PageInfoReader } from './page-info-reader.ts';

export interface ReadBatch {
  readonly rejections: readonly Rejection[];
  /** What is to be stored; credentials in page infos are redacted. */
  readonly records: readonly PageRecord[];
  readonly attempts: readonly AttemptRecord[];
  /** For each record: where it stood in the batch, and what it taught with all it holds. */
  readonly indexes: readonly number[];
  readonly pageInfos: readonly (PageInfo | null)[];
  /** For each record: its page decoded, or null where it is not stored. */
  readonly pages: readonly (FollowedPage | null)[];
}

type Good = Extract<BodyVerdict, { ok: true }>;

const NO_RECORDS: FoundRecords = { count: 0, spans: new Uint32Array(0), compact: true };

/** Takes batches apart: checks each body, and reads what it teaches where the run is paginated. */
export class BatchReader {
  readonly #check: BodyCheck;
  readonly #checkWhole: BodyCheck;
  readonly #read: PageInfoReader | null;
  readonly #secretParams: readonly string[];
  readonly #echoes: EchoWatch;
  readonly #codes: FailedCodes;

  /**
   * @param selection the list's records where it is paginated, else what the export takes
   * @param readPageInfo null where the plan does not learn
   */
  constructor(
    selection: Selection,
    readPageInfo: PageInfoReader | null,
    maxDecodedBytes: number,
    failWhen: PageCondition | null,
    secretParams: readonly string[],
    echoes: EchoWatch,
    codes: FailedCodes,
  ) {
    this.#check = createBodyCheck(selection, maxDecodedBytes, failWhen);
    this.#checkWhole = createBodyCheck(parseSelection(null), maxDecodedBytes);
    this.#read = readPageInfo;
    this.#secretParams = secretParams;
    this.#echoes = echoes;
    this.#codes = codes;
  }

  read({ pages, arena }: Batch): ReadBatch {
    const rejections: Rejection[] = [];
    const records: PageRecord[] = [];
    const attempts: AttemptRecord[] = [];
    const indexes: number[] = [];
    const pageInfos: (PageInfo | null)[] = [];
    const decoded: (FollowedPage | null)[] = [];
    const arrived: readonly ArrivedPage[] = JSON.parse(pages);
    let at = 0;
    for (const [index, page] of arrived.entries()) {
      const { bodyBytes, log, paging, code, ...kept } = page;
      if (page.state === 'failed' && code !== null) this.#codes.failed(page.place, code);
      const key = new Uint8Array(arena, at, PAGE_KEY_BYTES);
      const bodyAt = at + PAGE_KEY_BYTES;
      at = bodyAt + bodyBytes;
      const bare = { ...kept, key, body: null, hash: null, records: null };
      let record: PageRecord = { ...bare, pageInfo: null, keys: null };
      let taught: InfoAndKeys | null = null;
      let followed: FollowedPage | null = null;
      if (page.state === 'stored') {
        const wire = new Uint8Array(arena, bodyAt, bodyBytes);
        const checked = this.#judge(wire, page);
        if (!checked.verdict.ok) {
          const { kind, reason, beginning } = checked.verdict;
          rejections.push({ index, kind, reason, beginning });
          continue;
        }
        taught = checked.taught;
        followed = followedPage(page, checked.verdict);
        const { hash, records: count, decoded: body } = checked.verdict;
        this.#echoes.look(body, page);
        record = { ...record, body: wire, hash, records: count };
        if (taught !== null) {
          const pageInfo = redactPageInfo(taught.pageInfo, this.#secretParams);
          record = { ...record, pageInfo, keys: taught.keys };
        }
      }
      indexes.push(index);
      records.push(record);
      pageInfos.push(taught?.pageInfo ?? null);
      decoded.push(followed);
      for (const earlier of log) attempts.push(earlier);
      attempts.push({
        place: page.place,
        number: log.length + 1,
        startedAt: page.startedAt,
        durationMs: page.durationMs,
        status: page.status,
        outcome: page.reason ?? 'ok',
        toldToWaitMs: null,
      });
    }
    return { rejections, records, attempts, indexes, pageInfos, pages: decoded };
  }

  #judge(
    wire: Uint8Array,
    page: ArrivedPage,
  ): { verdict: BodyVerdict; taught: InfoAndKeys | null } {
    const verdict = this.#check(wire, page.encoding);
    if (this.#read === null) return { verdict, taught: null };
    if (verdict.ok) return { verdict, taught: this.#teach(page, verdict) };
    if (verdict.kind !== 'selection') return { verdict, taught: null };
    // Some APIs leave the list out where it is empty. A page that still says how the list goes on is
    // such a page; one that says nothing may be an error in the clothes of a 200.
    const whole = this.#checkWhole(wire, page.encoding);
    if (!whole.ok) return { verdict: whole, taught: null };
    const empty: Good = { ...whole, records: 0, found: NO_RECORDS };
    const taught = this.#teach(page, empty);
    const { next, more, total, totalPages } = taught.pageInfo;
    const speaks = next !== null || more !== null || total !== null || totalPages !== null;
    return speaks ? { verdict: empty, taught } : { verdict, taught: null };
  }

  #teach(page: ArrivedPage, { decoded, found }: Good): InfoAndKeys {
    const { url, paging } = page;
    return this.#read!({ url, headers: paging ?? {}, body: decoded, found });
  }
}

function followedPage(page: ArrivedPage, { decoded: body, found, records }: Good): FollowedPage {
  const { place, url, headers } = page;
  return { place, url, status: page.status ?? 0, headers, body, found, records: records ?? 1 };
}

/** A next link may hold credentials that the server put there; they are not stored. */
function redactPageInfo(pageInfo: PageInfo, secretParams: readonly string[]): PageInfo {
  if (pageInfo.next?.kind !== 'url') return pageInfo;
  return { ...pageInfo, next: { kind: 'url', url: redactUrl(pageInfo.next.url, secretParams) } };
}
