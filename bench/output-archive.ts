/** An archive of many records, made once, as a run would have left it. */
import { hash } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { Archive } from '../src/archive/archive.ts';
import { ArchiveReader } from '../src/archive/archive-reader.ts';
import type { PageRow } from '../src/archive/archive-types.ts';
import { archivePages } from '../src/archive-thread/stored-pages.ts';
import { seededRandom } from '../src/demo/demo-items.ts';
import { BORN_AT, storedPage } from '../test/archive/sample-pages.ts';

/** What the records are selected by. */
export const SELECTION = 'items';

const RECORDS_A_PAGE = 100;
const PAGES_AT_ONCE = 100;

const WORDS =
  'harbour silent copper meadow lantern quarry velvet thunder cedar ribbon granite ember willow saddle marble orchard drift feather anchor canyon'.split(
    ' ',
  );
const STATES = ['new', 'paid', 'packed', 'shipped', 'returned'];
const CITIES = ['Zürich', 'São Paulo', 'Kraków', '東京', 'Reykjavík', 'Oslo', 'Lagos', 'Lima'];

/** A record of about 1 KB with 20 fields: identifiers, text, decimals, moments, an object, a list. */
function recordOf(index: number, random: () => number): string {
  const upTo = (most: number): number => Math.floor(random() * most);
  const words = (count: number): string =>
    Array.from({ length: count }, () => WORDS[upTo(WORDS.length)]!).join(' ');
  const hex = (digits: number): string =>
    Array.from({ length: digits / 8 }, () =>
      upTo(2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join('');
  const time = (digits: number): string =>
    new Date(BORN_AT + index * 1000 + upTo(1000))
      .toISOString()
      .replace(/\d{3}Z$/, (ms) =>
        digits === 3 ? ms : `${ms.slice(0, 3)}${String(upTo(1000)).padStart(3, '0')}Z`,
      );
  const note = upTo(10) === 0 ? `said \\"${words(4)}\\"\\n${words(30)}` : words(36);
  return [
    `{"id":${9_007_199_254_740_993n + BigInt(index)}`,
    `"uuid":"${hex(32)}"`,
    `"account":${upTo(1_000_000)}`,
    `"state":"${STATES[upTo(STATES.length)]}"`,
    `"name":"${words(3)}"`,
    `"email":"${words(2).replace(' ', '.')}@example.com"`,
    `"price":${(upTo(1_000_000) / 100).toFixed(2)}`,
    `"tax":${(upTo(10_000) / 10_000).toFixed(4)}`,
    `"balance":${upTo(2) === 0 ? '-' : ''}${upTo(1e9)}${upTo(1e9)}.${upTo(10)}5`,
    `"quantity":${upTo(20)}`,
    `"isActive":${upTo(3) > 0}`,
    `"createdAt":"${time(3)}"`,
    `"updatedAt":"${time(6)}"`,
    `"day":"${time(3).slice(0, 10)}"`,
    `"discount":${upTo(4) === 0 ? 'null' : `0.${upTo(9) + 1}`}`,
    `"title":"${words(8)}"`,
    `"description":"${note}"`,
    `"address":{"street":"${words(2)} ${upTo(200)}","city":"${CITIES[upTo(CITIES.length)]}","zip":"${10_000 + upTo(89_999)}","at":{"lat":${(random() * 180 - 90).toFixed(6)},"lon":${(random() * 360 - 180).toFixed(6)}}}`,
    `"tags":[${Array.from({ length: upTo(5) }, () => `"${words(1)}"`).join(',')}]`,
    `"url":"https://shop.example.com/items/${index}?ref=${hex(16)}"}`,
  ].join(',');
}

export interface Made {
  readonly records: number;
  /** Of JSON, in all pages. */
  readonly bytes: number;
}

/** Makes the archive at `path`, or takes the one that is there. */
export function makeArchive(path: string, records: number): Made {
  const pages = Math.ceil(records / RECORDS_A_PAGE);
  if (!existsSync(path) || !isOfThisFormat(path)) {
    const unfinished = `${path}.making`;
    removeArchive(unfinished);
    fill(unfinished, records, pages);
    removeArchive(path);
    renameSync(unfinished, path);
  }
  const archive = ArchiveReader.openReadOnly(path);
  try {
    let bytes = 0;
    for (const { body } of archivePages(archive)) bytes += body.length;
    return { records, bytes };
  } finally {
    archive.close();
  }
}

/** An earlier version may have made it. */
function isOfThisFormat(path: string): boolean {
  try {
    ArchiveReader.openReadOnly(path).close();
    return true;
  } catch {
    return false;
  }
}

function removeArchive(path: string): void {
  for (const ending of ['', '-wal', '-shm', '-journal'])
    rmSync(`${path}${ending}`, { force: true });
}

function fill(path: string, records: number, pages: number): void {
  const specification = {
    pagination: null,
    sources: [`https://api.example.com/items?page=[1-${pages}]`],
    method: 'GET',
    bodyDigest: null,
    headers: [],
  };
  const most = 128 * 1024 * 1024;
  const { archive } = Archive.openOrCreate(path, specification, BORN_AT, most);
  const random = seededRandom(17);
  for (let from = 0; from < pages; from += PAGES_AT_ONCE) {
    const count = Math.min(PAGES_AT_ONCE, pages - from);
    archive.store(
      Array.from({ length: count }, (_, index) => pageAt(from + index, records, random)),
      [],
    );
  }
  archive.endPlan(pages, new Uint8Array(32));
  archive.seal('complete', BORN_AT);
  archive.close();
}

function pageAt(position: number, records: number, random: () => number): PageRow {
  const first = position * RECORDS_A_PAGE;
  const count = Math.min(RECORDS_A_PAGE, records - first);
  const items = Array.from({ length: count }, (_, index) => recordOf(first + index, random));
  const body = Buffer.from(`{"${SELECTION}":[${items.join(',')}],"page":${position + 1}}`);
  return storedPage(position, { body, hash: hash('sha256', body, 'buffer'), records: count });
}
