import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type AskedTable, tableOptions } from '../../src/core/table-options.ts';
import type { ExportPage } from '../../src/export/format.ts';
import { parquet } from '../../src/export/parquet.ts';
import { temporaryFolder } from '../archive/sample-pages.ts';

/** Writes these records, a page each, to a Parquet file. */
export async function writeParquet(
  t: TestContext,
  records: readonly string[],
  asked: AskedTable = {},
) {
  const pages: ExportPage[] = records.map((record, position) => ({
    place: { branch: 0, position },
    url: 'https://api.example.com/items',
    body: Buffer.from(`{"data":[${record}]}`),
  }));
  const blocks: Buffer[] = [];
  const counts = await parquet(
    () => pages,
    {
      write(bytes) {
        blocks.push(Buffer.from(bytes));
        // As one for another thread does.
        structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] });
      },
    },
    'data',
    tableOptions(asked),
  );
  const bytes = Buffer.concat(blocks);
  assert.equal(counts.records, records.length);
  assert.equal(counts.bytes, bytes.length);
  const path = join(temporaryFolder(t), 'items.parquet');
  writeFileSync(path, bytes);
  return { path, counts };
}
