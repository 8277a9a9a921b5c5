import { MAX_HEADER_LIST_BYTES } from './client-streams.ts';
import type { FrameWriter } from './frame-writer.ts';
import { DEFAULT_WINDOW_BYTES, Setting } from './protocol-numbers.ts';

export interface PrefaceSettings {
  readonly streamWindowBytes: number;
  /** At least 65,535, which is what it begins with. */
  readonly connectionWindowBytes: number;
}

const MAGIC = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** What a client says first (RFC 9113 §3.4), with the windows that a long way needs. */
export function writePreface(writer: FrameWriter, settings: PrefaceSettings): void {
  writer.bytes(MAGIC);
  writer.settings([
    [Setting.ENABLE_PUSH, 0],
    [Setting.INITIAL_WINDOW_SIZE, settings.streamWindowBytes],
    [Setting.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST_BYTES],
  ]);
  const increment = settings.connectionWindowBytes - DEFAULT_WINDOW_BYTES;
  if (increment > 0) writer.windowUpdate(0, increment);
  writer.flush();
}
