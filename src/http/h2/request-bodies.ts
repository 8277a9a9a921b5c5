/** Request bodies, as fast as the server's windows allow (RFC 9113 §5.2, §6.9). */
import type { ClientStream } from './client-stream.ts';
import { ConnectionError } from './connection-error.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { PeerSettings } from './peer-settings.ts';
import { DEFAULT_WINDOW_BYTES, ErrorCode, MAX_31_BITS } from './protocol-numbers.ts';

export class RequestBodies {
  readonly #writer: FrameWriter;
  readonly #settings: PeerSettings;
  readonly #isCongested: () => boolean;
  #connectionWindow = DEFAULT_WINDOW_BYTES;
  readonly #waiting = new Set<ClientStream>();

  /** @param isCongested the socket wants no more for now; `resume()` when it does again */
  constructor(writer: FrameWriter, settings: PeerSettings, isCongested: () => boolean) {
    this.#writer = writer;
    this.#settings = settings;
    this.#isCongested = isCongested;
  }

  get areWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Sends what may be sent now; the rest follows by itself. */
  send(stream: ClientStream): void {
    const { body, id } = stream;
    if (body === null) return;
    while (!stream.isSent) {
      const allowed = Math.min(
        body.length - stream.sentBytes,
        this.#connectionWindow,
        stream.sendWindow,
        this.#settings.maxFrameBytes,
      );
      if (allowed <= 0 || this.#isCongested()) {
        this.#waiting.add(stream);
        return;
      }
      const start = stream.sentBytes;
      stream.sentBytes += allowed;
      stream.sendWindow -= allowed;
      this.#connectionWindow -= allowed;
      this.#writer.data(id, body, start, stream.sentBytes, stream.isSent);
    }
    this.#waiting.delete(stream);
  }

  drop(stream: ClientStream): void {
    this.#waiting.delete(stream);
  }

  resume(): void {
    for (const stream of this.#waiting) {
      if (this.#connectionWindow <= 0 || this.#isCongested()) return;
      this.send(stream);
    }
  }

  widenConnection(increment: number): void {
    this.#connectionWindow += increment;
    if (increment === 0 || this.#connectionWindow > MAX_31_BITS) throw badWindow(increment);
    this.resume();
  }

  /** @returns false if that breaks the stream */
  widen(stream: ClientStream, increment: number): boolean {
    stream.sendWindow += increment;
    if (increment === 0 || stream.sendWindow > MAX_31_BITS) return false;
    if (this.#waiting.has(stream)) this.send(stream);
    return true;
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE changed; that holds for open streams too (§6.9.2). */
  shiftAll(streams: Iterable<ClientStream>, change: number): void {
    for (const stream of streams) {
      stream.sendWindow += change;
      if (stream.sendWindow > MAX_31_BITS) throw badWindow(change);
    }
    this.resume();
  }
}

function badWindow(change: number): ConnectionError {
  return change === 0
    ? new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE by 0')
    : new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'a window beyond 2^31-1');
}
