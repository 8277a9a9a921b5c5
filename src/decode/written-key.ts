/** Keys of objects as they stand in a page. */

const QUOTE = 0x22;

/** As most servers write a key, without its quotes. */
export function writtenKey(key: string): Uint8Array {
  return Buffer.from(JSON.stringify(key).slice(1, -1));
}

/** Whether the key whose content begins at `start` is this written one. */
export function isWritten(bytes: Uint8Array, start: number, key: Uint8Array): boolean {
  const { length } = key;
  for (let at = 0; at < length; at += 1) if (bytes[start + at] !== key[at]) return false;
  return bytes[start + length] === QUOTE;
}
