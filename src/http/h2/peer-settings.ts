/** The server's SETTINGS (RFC 9113 §6.5). */
import { ConnectionError } from './connection-error.ts';
import {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  MAX_31_BITS,
  Setting,
} from './protocol-numbers.ts';

const ENTRY_BYTES = 6;
const MAX_MAX_FRAME_BYTES = 0xffffff;

export interface PeerSettings {
  maxConcurrentStreams: number;
  initialWindowBytes: number;
  maxFrameBytes: number;
}

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
