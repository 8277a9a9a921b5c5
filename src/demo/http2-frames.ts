/** HTTP/2 frames made by hand, for servers that say what no library would. */

export const TYPES = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const END_STREAM = 0x1;
export const ACK = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;
export const PRIORITY = 0x20;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array | string = '',
): Buffer {
  const bytes = Buffer.from(payload as string);
  const header = Buffer.alloc(9);
  header.writeUIntBE(bytes.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, bytes]);
}

export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value, index * 4);
  });
  return bytes;
}

/** Literal without indexing, without Huffman coding; up to 16,000 bytes a string. */
export function literals(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value, 'latin1');
    const { length } = bytes;
    if (length < 127) return Buffer.concat([Buffer.from([length]), bytes]);
    const rest = length - 127;
    const prefix = rest < 128 ? [127, rest] : [127, (rest & 127) | 128, rest >> 7];
    return Buffer.concat([Buffer.from(prefix), bytes]);
  };
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]),
  );
}

export const OK: readonly (readonly [string, string])[] = [[':status', '200']];

export function headers(
  streamId: number,
  fields: readonly (readonly [string, string])[] = OK,
  flags: number = END_HEADERS,
): Buffer {
  return frame(TYPES.HEADERS, flags, streamId, literals(fields));
}

export const data = (
  streamId: number,
  payload: Uint8Array | string,
  flags: number = END_STREAM,
): Buffer => frame(TYPES.DATA, flags, streamId, payload);

export const settings = (...entries: readonly (readonly [id: number, value: number])[]): Buffer => {
  const payload = Buffer.alloc(entries.length * 6);
  entries.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return frame(TYPES.SETTINGS, 0, 0, payload);
};

export const reset = (streamId: number, code: number): Buffer =>
  frame(TYPES.RST_STREAM, 0, streamId, uint32(code));

export const goaway = (lastId: number, code: number): Buffer =>
  frame(TYPES.GOAWAY, 0, 0, uint32(lastId, code));

export const windowUpdate = (streamId: number, increment: number): Buffer =>
  frame(TYPES.WINDOW_UPDATE, 0, streamId, uint32(increment));

export const ping = (opaque: string, flags = 0): Buffer => frame(TYPES.PING, flags, 0, opaque);

/** Cuts whole frames off; gives what is left. */
export function cutFrames(bytes: Buffer, onFrame: (frame: Frame) => void): Buffer {
  let rest = bytes;
  while (rest.length >= 9) {
    const end = 9 + rest.readUIntBE(0, 3);
    if (rest.length < end) break;
    onFrame({
      type: rest[3]!,
      flags: rest[4]!,
      streamId: rest.readUInt32BE(5),
      payload: rest.subarray(9, end),
    });
    rest = rest.subarray(end);
  }
  return rest;
}
