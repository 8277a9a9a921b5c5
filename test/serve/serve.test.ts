import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { ArchiveReader } from '../../src/archive/archive-reader.ts';
import { archivePages, decodeStored } from '../../src/archive-thread/stored-pages.ts';
import { run, serveArchive } from '../../src/index.ts';
import { apiNames } from '../fixtures/apis/api-shapes.ts';
import { OUTPUT, startFixture } from '../run/pagination-setup.ts';

const left = new Set([
  // Their runs end without a whole list.
  ...['sliced', 'ambiguous', 'loop', 'self-next'],
  // Its parameter was found by trials, which are no pages and were not stored.
  'discord',
  // Its cursors, which had expired, are good again.
  'expiring-cursor',
]);

/** What two archives of one list have in common. */
function contentOf(path: string): unknown[] {
  const archive = ArchiveReader.openReadOnly(path);
  try {
    return Array.from(archivePages(archive), (page) => ({
      place: page.place,
      status: page.status,
      body: Buffer.from(decodeStored(archive, page).body).toString(),
    }));
  } finally {
    archive.close();
  }
}

suite('an archive that is served and fetched again gives an equal one', { concurrency: 4 }, () => {
  // Neighbours in the list are alike, so each third one shows what all do; the rest is for EVERYPAGE_ALL=1.
  const all = apiNames.filter((name) => !left.has(name));
  const some = process.env['EVERYPAGE_ALL'] === '1' ? all : all.filter((_, at) => at % 3 === 0);
  for (const api of some) {
    test(api, async (t) => {
      const fixture = await startFixture(t, { api, records: 60 });
      const first = await fixture.fetch();
      const archive = first.archivePath!;
      await fixture.server.close();
      const served = await serveArchive(archive, { port: 0 });
      t.after(() => served.close());
      const again = await run([{ kind: 'template', text: served.url! }], {
        ...fixture.options,
        output: join(fixture.folder, 'again.ndjson'),
      });
      assert.equal(again.verdict.name, first.verdict.name, again.verdict.reasons.join());
      assert.equal(fixture.read('again.ndjson'), fixture.read(OUTPUT));
      const own = (text: unknown) =>
        JSON.stringify(text).replaceAll(served.origin, new URL(fixture.server.url).origin);
      assert.equal(own(contentOf(again.archivePath!)), own(contentOf(archive)));
    });
  }
});
