/** Keys of objects as they stand in a page. */

/** As most servers write a key, without its quotes. */
export function writtenKey(key: string): Uint8Array {
  return Buffer.from(JSON.stringify(key).slice(1, -1));
}

/** Whether these bytes, within quotes, are the written key. */
export function isSameKey(bytes: Uint8Array, start: number, end: number, key: Uint8Array): boolean {
  if (key.length !== end - start) return false;
  for (let at = 0; at < key.length; at += 1) if (bytes[start + at] !== key[at]) return false;
  return true;
}
