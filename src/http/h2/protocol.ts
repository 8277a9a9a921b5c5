/** Numbers of RFC 9113: frame types (§6), flags, settings (§6.5.2), error codes (§7). */

export const FrameType = {
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

export const Flag = {
  END_STREAM: 0x1,
  /** Of SETTINGS and PING. */
  ACK: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13,
} as const;

const CODE_NAMES = Object.keys(ErrorCode);

export const nameOfCode = (code: number): string => CODE_NAMES[code] ?? `code ${code}`;

export const FRAME_HEADER_BYTES = 9;
/** What a peer may send that was not told otherwise (§6.5.2); we tell it nothing else. */
export const DEFAULT_MAX_FRAME_BYTES = 16_384;
export const DEFAULT_WINDOW_BYTES = 65_535;
/** The largest header list that we tell the server to send, and that we accept. */
export const MAX_HEADER_LIST_BYTES = 64 * 1024;
/** Of windows and stream ids. */
export const MAX_31_BITS = 0x7fffffff;

/** The peer broke HTTP/2 in a way that ends the connection (RFC 9113 §5.4.1). */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** Sent in our GOAWAY. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(`${message} (${nameOfCode(code)})`);
    this.code = code;
  }
}

/** Where a frame is due stands a response of HTTP/1.1: the peer does not speak HTTP/2. */
export class Http1AnswerError extends ConnectionError {
  constructor() {
    super(ErrorCode.PROTOCOL_ERROR, 'an answer in HTTP/1.1');
  }
}

const ENTRY_BYTES = 6;
const MAX_MAX_FRAME_BYTES = 0xffffff;

export interface PeerSettings {
  maxConcurrentStreams: number;
  initialWindowBytes: number;
  maxFrameBytes: number;
}

/** The server's SETTINGS (RFC 9113 §6.5). */
export function defaultPeerSettings(): PeerSettings {
  return {
    maxConcurrentStreams: Number.POSITIVE_INFINITY,
    initialWindowBytes: DEFAULT_WINDOW_BYTES,
    maxFrameBytes: DEFAULT_MAX_FRAME_BYTES,
  };
}

/**
 * Applies a frame's payload, in order: a setting may stand twice.
 *
 * @param onTableBytes gets every size of the header table, since the smallest counts too (RFC 7541 §4.2)
 * @throws ConnectionError
 */
export function applySettings(
  settings: PeerSettings,
  bytes: Buffer,
  start: number,
  end: number,
  onTableBytes: (bytes: number) => void,
): void {
  if ((end - start) % ENTRY_BYTES !== 0) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'SETTINGS of an odd length');
  }
  for (let at = start; at < end; at += ENTRY_BYTES) {
    const id = bytes.readUInt16BE(at);
    const value = bytes.readUInt32BE(at + 2);
    if (id === Setting.HEADER_TABLE_SIZE) onTableBytes(value);
    else applySetting(settings, id, value);
  }
}

function applySetting(settings: PeerSettings, id: number, value: number): void {
  switch (id) {
    case Setting.ENABLE_PUSH:
      // 1 may only be said by a client (§6.5.2).
      if (value !== 0) throw wrong(ErrorCode.PROTOCOL_ERROR, 'ENABLE_PUSH');
      return;
    case Setting.MAX_CONCURRENT_STREAMS:
      settings.maxConcurrentStreams = value;
      return;
    case Setting.INITIAL_WINDOW_SIZE:
      if (value > MAX_31_BITS) throw wrong(ErrorCode.FLOW_CONTROL_ERROR, 'INITIAL_WINDOW_SIZE');
      settings.initialWindowBytes = value;
      return;
    case Setting.MAX_FRAME_SIZE:
      if (value < DEFAULT_MAX_FRAME_BYTES || value > MAX_MAX_FRAME_BYTES) {
        throw wrong(ErrorCode.PROTOCOL_ERROR, 'MAX_FRAME_SIZE');
      }
      settings.maxFrameBytes = value;
      return;
    default:
      // MAX_HEADER_LIST_SIZE is advice; a server may answer 431. Unknown ones are to be ignored.
      return;
  }
}

function wrong(code: number, name: string): ConnectionError {
  return new ConnectionError(code, `SETTINGS with a wrong ${name}`);
}
