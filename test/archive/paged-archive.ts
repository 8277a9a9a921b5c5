/** Archives of lists that page by themselves, made of pages that are nothing but keys. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Archive } from '../../src/archive/archive.ts';
import type { PageRow } from '../../src/archive/archive-types.ts';
import { type PageInfo, type PlanEnd, shortKey } from '../../src/core/page-info.ts';
import { RECHECK_BRANCH } from '../../src/core/page-request.ts';
import { noPagination, type Pagination } from '../../src/core/pagination.ts';
import type { Verdict } from '../../src/core/summary.ts';
import type { KeyPart } from '../../src/decode/decode.ts';
import { BORN_AT, createArchive, pageInfoOf, storedPage, temporaryFolder } from './sample-pages.ts';

const digest = new Uint8Array();

export function paging(change: Partial<Pagination>): Pagination {
  return { ...noPagination, records: 'items', key: 'id', ...change };
}

/** `k5` … `k9` for 5 and 10. */
export function keysFrom(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `k${from + index}`);
}

/** As a page's row has them. */
export function keyPartsOf(keys: readonly string[]): readonly KeyPart[] {
  const list = Buffer.from(JSON.stringify(keys.map(shortKey)));
  return keys.length === 0 ? [] : [{ first: 0, list }];
}

/** A page at a position of branch 0 whose records have these keys. */
export function pageWithInfo(
  position: number,
  keys: readonly string[],
  pageInfo: Partial<PageInfo> = {},
  change: Partial<PageRow> = {},
): PageRow {
  const body = Buffer.from(JSON.stringify({ items: keys.map((id) => ({ id })) }));
  return storedPage(position, {
    body,
    hash: createHash('sha256').update(body).digest(),
    keys: keyPartsOf(keys),
    records: keys.length,
    pageInfo: pageInfoOf(keys.length, {
      digest: keys.length === 0 ? null : digestOf(keys),
      firstKey: keys[0] ?? null,
      lastKey: keys.at(-1) ?? null,
      ...pageInfo,
    }),
    ...change,
  });
}

/** Pages of ten records, the last one shorter, of a list of `records`. */
export function pagesOf(records: number, byOrdinal: boolean, pageInfo: Partial<PageInfo> = {}) {
  const count = Math.ceil(records / 10);
  return Array.from({ length: count }, (_, index) =>
    pageWithInfo(
      byOrdinal ? index * 10 : index,
      keysFrom(index * 10, Math.min(records, index * 10 + 10)),
      pageInfo,
    ),
  );
}

/** These pages, and each of them once more at the end, unchanged. */
export function twice(pages: readonly PageRow[]): PageRow[] {
  const later = pages
    .filter(({ state }) => state === 'stored')
    .map((page) => ({
      ...page,
      place: { ...page.place, branch: page.place.branch + RECHECK_BRANCH },
      startedAt: BORN_AT + 1e6,
    }));
  return [...pages, ...later];
}

/** A page as it was when it was read again at the end. */
export function again(position: number, keys: readonly string[], pageInfo: Partial<PageInfo> = {}) {
  const place = { branch: RECHECK_BRANCH, position };
  return pageWithInfo(position, keys, pageInfo, { place, startedAt: BORN_AT + 1e6 });
}

/**
 * Pages of ten records, each of which begins with the last record of the page before; `change` gives
 * the keys of the page at a position other than they would be.
 */
export function overlappingPages(
  records: number,
  pageInfo: Partial<PageInfo> = {},
  change: Readonly<Record<number, readonly string[]>> = {},
): PageRow[] {
  const positions = [0];
  for (let position = 10; position < records; position += 9) positions.push(position);
  return positions.map((position) =>
    borderPage(
      position,
      change[position] ??
        keysFrom(Math.max(0, position - 1), Math.min(records, Math.max(10, position + 9))),
      pageInfo,
    ),
  );
}

/** A page that keeps what it begins and ends with. */
export function borderPage(
  position: number,
  keys: readonly string[],
  pageInfo: Partial<PageInfo> = {},
): PageRow {
  const ends = keys.length === 0 ? {} : { firstRecord: keys[0]!, lastRecord: keys.at(-1)! };
  return pageWithInfo(position, keys, { ...ends, ...pageInfo });
}

function digestOf(keys: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(keys)).digest('hex').slice(0, 16);
}

export function pagedArchive(context: TestContext, pagination: Pagination): Archive {
  const archive = createArchive(join(temporaryFolder(context), 'a'));
  archive.setPagination(pagination);
  return archive;
}

/** Ends the plan in branch 0 before `position`. */
export function endAt(
  archive: Archive,
  position: number,
  reason: PlanEnd['reason'],
  detail: string | null = null,
): void {
  archive.endPlan(0, digest, { reason, detail, ends: [{ branch: 0, position }] });
}

interface Read {
  readonly style?: Pagination['style'];
  readonly change?: Partial<Pagination>;
  readonly pages: readonly PageRow[];
  readonly end: number;
  readonly reason?: PlanEnd['reason'];
  readonly detail?: string;
  readonly expect?: number;
}

/** The verdict of a list of these pages; `pages` are stored in the order given. */
export function verdictOf(context: TestContext, read: Read): Verdict {
  const { style = 'page', change = {}, pages, end, reason = 'total', detail = null } = read;
  const archive = pagedArchive(context, paging({ style, ...change }));
  for (const page of pages) archive.store([page], []);
  endAt(archive, end, reason, detail);
  const verdict = archive.verdict({ expect: read.expect ?? null });
  archive.close();
  return verdict;
}
