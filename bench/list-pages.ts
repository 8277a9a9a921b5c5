/** A list that pages by number and says how much there is: what `list-server.ts` serves. */
import { createHash } from 'node:crypto';
import { demoPage } from '../src/demo/demo-items.ts';

/** About 5 KB. */
const RECORDS = 17;

/** Page `page` of `pages`, from 1. */
export function listPage(page: number, pages: number): string {
  const next = page < pages ? `"/${pages}/items?page=${page + 1}"` : 'null';
  const body = demoPage(1, page, pages, RECORDS);
  return `${body.slice(0, -1)},"total":${pages * RECORDS},"next":${next}}`;
}

/** Hash of all records of that list as NDJSON. */
export function hashOfRecords(pages: number): string {
  const hash = createHash('sha256');
  for (let page = 1; page <= pages; page += 1) {
    const [, items] = /"items":\[(.*)\]\},"page":/.exec(listPage(page, pages))!;
    hash.update(items!.replaceAll('},{"id":', '}\n{"id":')).update('\n');
  }
  return hash.digest('hex');
}
