/** From what `--store` says to the place that it means. */
import { isS3Url } from '../core/database-url.ts';
import { FolderHome } from './folder-home.ts';
import type { HomeParts, StoreHome } from './store-home.ts';

/**
 * @param where a folder, or `s3://bucket/prefix`
 * @throws EverypageError USAGE for the name of a bucket that is none, or where credentials or a region are missing
 */
export async function openHome(where: string, parts: HomeParts): Promise<StoreHome> {
  if (!isS3Url(where)) return new FolderHome(where);
  const { S3Home } = await import('./s3/s3-home.ts');
  return S3Home.open(where, parts);
}
