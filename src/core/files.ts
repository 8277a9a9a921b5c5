/** Files that the user named, and the folders they stand in. */
import { closeSync, fsyncSync, openSync } from 'node:fs';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it does not exist',
  EISDIR: 'it is a folder',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
};

/**
 * Why a file that the user named cannot be read, in words.
 *
 * @param error what `node:fs` threw
 */
export function whyUnreadable(error: unknown): string {
  const { code } = error as { code?: string };
  return REASONS[code ?? ''] ?? code ?? String(error);
}

/** Makes created, renamed and removed names in `folder` survive a power cut (fsync(2), NOTES). */
export function syncFolder(folder: string): void {
  // Windows cannot open a folder as a file, and journals names by itself.
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
