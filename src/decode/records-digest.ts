import { hash } from 'node:crypto';
import type { FoundRecords } from './found-records.ts';

/**
 * The first 16 hex digits of a SHA-256 over the bytes from a page's first record to the end of its
 * last one; null without records. Two pages with one digest gave the same records.
 */
export function recordsDigest(page: Uint8Array, found: FoundRecords): string | null {
  if (found.count === 0) return null;
  const bytes = found.source ?? page;
  const region = bytes.subarray(found.spans[0]!, found.spans[2 * found.count - 1]!);
  return hash('sha256', region, 'hex').slice(0, 16);
}
