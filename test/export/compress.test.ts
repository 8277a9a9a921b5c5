import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { tableOptions } from '../../src/core/table-options.ts';
import type { ExportPage } from '../../src/export/format.ts';
import { writePages } from '../../src/export/write-output.ts';

/** More than the buffers of any stream hold, and nothing that compresses well. */
const RECORDS = Array.from({ length: 400 }, () => randomBytes(4096).toString('hex'));
const PAGES: readonly ExportPage[] = RECORDS.map((record, position) => ({
  place: { branch: 0, position },
  url: 'https://api.example.com/items',
  body: Buffer.from(JSON.stringify([record])),
}));

const kinds = [
  ['.gz', gunzipSync],
  ['.zst', zstdDecompressSync],
] as const;

for (const [compression, decompress] of kinds) {
  const form = { format: 'ndjson', compression } as const;

  test(`${compression} is one whole stream, however slowly it is taken`, async () => {
    const blocks: Uint8Array[] = [];
    const slow = {
      async write(bytes: Uint8Array) {
        await new Promise(setImmediate);
        blocks.push(bytes);
      },
    };
    const { records, bytes } = await writePages(form, () => PAGES, slow, '@', tableOptions({}));
    const all = Buffer.concat(blocks);
    assert.deepEqual([records, bytes], [RECORDS.length, all.length]);
    assert.equal(decompress(all).toString(), RECORDS.map((it) => `"${it}"\n`).join(''));
  });

  test(`${compression} ends with the error of its destination`, async () => {
    let blocks = 0;
    const full = {
      write() {
        blocks += 1;
        if (blocks === 3) throw new Error('the disk is full');
      },
    };
    const written = writePages(form, () => PAGES, full, '@', tableOptions({}));
    await assert.rejects(written, /the disk is full/);
    assert.equal(blocks, 3);
  });

  test(`${compression} ends with the error of its pages`, async () => {
    const broken = [...PAGES.slice(0, 3), { ...PAGES[0]!, body: Buffer.from('{') }];
    const written = writePages(form, () => broken, { write() {} }, '@', tableOptions({}));
    await assert.rejects(written, { code: 'ARCHIVE_DAMAGED' });
  });
}
