import { closeSync, fsyncSync, openSync } from 'node:fs';

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
