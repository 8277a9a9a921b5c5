import { isUtf8 } from 'node:buffer';

/** Whether it begins as something that people can read. */
export function isText(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, 64);
  return (
    isUtf8(start.subarray(0, start.findLastIndex((byte) => byte < 0x80) + 1)) && !start.includes(0)
  );
}
