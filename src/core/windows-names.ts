/** Names that Windows does not keep as they are written. */
import { win32 } from 'node:path';

/** `C:`, also where the path is given literally (`\\\\?\\C:`). */
const DRIVE = /^(?:\\\\[?.]\\)?[a-z]:/i;

/** Devices, with any ending too: what is written to `nul.json` may be gone. */
const DEVICE =
  /^(?:con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(?=\.|$)/i;

/**
 * Why Windows would write something else than a file of this name, in words; null where it writes that.
 * `NUL` alone is what a person means who writes it: what is written there is thrown away.
 *
 * @example whyNoWindowsName('items:1.json') // 'Windows allows no : in names'
 */
export function whyNoWindowsName(path: string): string | null {
  if (/^nul$/i.test(path)) return null;
  // What follows a colon would be a second content of the file.
  if (path.replace(DRIVE, '').includes(':')) return 'Windows allows no : in names';
  const name = win32.basename(path);
  const stray = /[<>"|?*\p{Cc}]/u.exec(name)?.[0];
  if (stray !== undefined) {
    return `Windows allows no ${stray < ' ' ? 'control character' : stray} in names`;
  }
  const device = DEVICE.exec(name)?.[0];
  if (device !== undefined) return `${device} is a device of Windows, with any ending`;
  return /[. ]$/.test(name) ? 'Windows takes dots and spaces away from the end of a name' : null;
}
