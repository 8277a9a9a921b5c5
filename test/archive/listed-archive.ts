/** Finished archives of lists of URLs, made of the pages' bodies. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createArchive, sha256, storedPage, temporaryFolder } from './sample-pages.ts';

/** @param select where the records are in each page */
export function listedArchive(
  t: TestContext,
  bodies: readonly string[],
  { select = null, missing = 0 }: { select?: string | null; missing?: number } = {},
): { readonly path: string; readonly folder: string } {
  const folder = temporaryFolder(t);
  const path = join(folder, 'items.ndjson.everypage');
  const archive = createArchive(path);
  archive.setSelection(select);
  const rows = bodies.map((text, position) => {
    const body = new Uint8Array(Buffer.from(text));
    return storedPage(position, { body, hash: sha256(body) });
  });
  archive.store(rows, []);
  archive.endPlan(bodies.length + missing, new Uint8Array(32));
  archive.close();
  return { path, folder };
}
