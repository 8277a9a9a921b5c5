/** The pages that are served: distinct, realistic, and known by hash. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoPage } from '../src/demo/demo-items.ts';

/** Records a page of each set holds, for about 5 KB and 60 KB. */
const RECORDS = { '5k': 17, '60k': 205 } as const;

export type SetName = keyof typeof RECORDS;

/**
 * Writes `1.json` to `<pages>.json` to the set's folder below `root`, without insignificant white
 * space, so that a page is its own line of NDJSON.
 */
export function writePages(root: string, set: SetName, pages: number): void {
  const folder = join(root, set);
  mkdirSync(folder, { recursive: true });
  for (let page = 1; page <= pages; page += 1) {
    writeFileSync(join(folder, `${page}.json`), demoPage(1, page, pages, RECORDS[set]));
  }
}

/** What a client must have fetched: hash of the first pages as NDJSON, and their bytes together. */
export interface Expected {
  readonly expectedHash: string;
  readonly expectedBytes: number;
}

export function expectedOf(root: string, set: SetName, pages: number): Expected {
  const folder = join(root, set);
  let expectedBytes = 0;
  for (let page = 1; page <= pages; page += 1) {
    expectedBytes += statSync(join(folder, `${page}.json`)).size;
  }
  return { expectedHash: hashOfFiles(folder, pages), expectedBytes };
}

/** Hash of the first pages in order, a line each, read from a folder of files; throws where one is missing. */
export function hashOfFiles(folder: string, pages: number): string {
  const hash = createHash('sha256');
  for (let page = 1; page <= pages; page += 1) {
    hash.update(readFileSync(join(folder, `${page}.json`))).update('\n');
  }
  return hash.digest('hex');
}

export function hashOfFile(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
