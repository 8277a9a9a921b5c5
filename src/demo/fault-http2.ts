/** HTTP/2 frame by frame: resets and ends where no library would put them. */
import type { Socket } from 'node:net';
import { dripping, type FaultConnection, type FullReply } from './fault-connection.ts';
import {
  ACK,
  cutFrames,
  data,
  END_HEADERS,
  END_STREAM,
  type Frame,
  frame,
  goaway,
  headers,
  reset,
  settings,
  TYPES,
} from './http2-frames.ts';
import { readPath } from './http2-path.ts';

const MAGIC_BYTES = 24;
const FRAME_BYTES = 16_384;
const DEFAULT_WINDOW_BYTES = 65_535;
const INITIAL_WINDOW_SIZE = 4;
const MAX_CONCURRENT_STREAMS = 3;

/** A body on its way, as far as the client's windows let it. */
interface Sending {
  readonly reply: FullReply;
  readonly end: number;
  at: number;
  window: number;
}

/** @param maxStreams announced in SETTINGS; null for no limit */
export function serveFaultsHttp2(
  socket: Socket,
  connection: FaultConnection,
  maxStreams: number | null,
): void {
  const sending = new Map<number, Sending>();
  const drips = new Map<number, () => void>();
  let rest = Buffer.alloc(0);
  let hasMagic = false;
  let connectionWindow = DEFAULT_WINDOW_BYTES;
  let streamWindow = DEFAULT_WINDOW_BYTES;
  let lastId = 0;
  let isDead = false;

  const send = (...frames: readonly Uint8Array[]): void => {
    if (!socket.destroyed && !isDead) for (const each of frames) socket.write(each);
  };

  function onFrame({ type, flags, streamId, payload }: Frame): void {
    switch (type) {
      case TYPES.HEADERS: {
        lastId = streamId;
        const path = readPath(payload) ?? '/';
        connection.answer(path, (reply, isLast) => play(streamId, reply, isLast));
        return;
      }
      case TYPES.SETTINGS:
        if ((flags & ACK) !== 0) return;
        for (let at = 0; at + 6 <= payload.length; at += 6) {
          if (payload.readUInt16BE(at) === INITIAL_WINDOW_SIZE) {
            streamWindow = payload.readUInt32BE(at + 2);
          }
        }
        send(frame(TYPES.SETTINGS, ACK, 0));
        return;
      case TYPES.PING:
        if ((flags & ACK) === 0) send(frame(TYPES.PING, ACK, 0, payload));
        return;
      case TYPES.WINDOW_UPDATE: {
        const increment = payload.readUInt32BE(0);
        const stream = sending.get(streamId);
        if (streamId === 0) connectionWindow += increment;
        else if (stream !== undefined) stream.window += increment;
        pump();
        return;
      }
      case TYPES.RST_STREAM:
        sending.delete(streamId);
        drips.get(streamId)?.();
        drips.delete(streamId);
    }
  }

  function play(id: number, reply: FullReply, isLast: boolean): void {
    const { body, truncateAt } = reply;
    const isCut = truncateAt !== undefined;
    if (isLast) send(goaway(lastId, 0));
    if (reply.dead === true) {
      // Not even a PING is answered any more.
      isDead = true;
      socket.removeAllListeners('data').pause();
      return;
    }
    if (reply.hang === true && !isCut) return;
    if (reply.goaway === true) {
      send(goaway(Math.max(0, id - 2), 0));
      return;
    }
    if (reply.reset !== undefined && !isCut) {
      send(reset(id, reply.reset));
      return;
    }
    const hasLength = (reply.framing ?? 'length') === 'length' && reply.endless !== true;
    const fields: (readonly [string, string])[] = [
      [':status', String(reply.status)],
      ...reply.headers,
    ];
    if (hasLength && reply.status !== 204) fields.push(['content-length', String(body.length)]);
    const end = isCut ? Math.min(truncateAt, body.length) : body.length;
    if (end === 0 && !isCut) {
      send(headers(id, fields, END_HEADERS | END_STREAM));
      return;
    }
    send(headers(id, fields));
    if (reply.bytesPerSecond !== undefined) {
      const drip = (byte: Uint8Array) => send(data(id, byte, 0));
      drips.set(id, dripping(body.subarray(0, end), reply.bytesPerSecond, drip));
      return;
    }
    sending.set(id, { reply, end, at: 0, window: streamWindow });
    pump();
  }

  /** Sends what the windows and the socket allow, a frame of each stream in turn. */
  function pump(): void {
    for (let isMoving = true; isMoving; ) {
      isMoving = false;
      for (const [id, stream] of sending) {
        if (socket.destroyed || socket.writableNeedDrain) return;
        isMoving = sendPart(id, stream) || isMoving;
      }
    }
  }

  function sendPart(id: number, stream: Sending): boolean {
    const { reply, end } = stream;
    const size = Math.min(FRAME_BYTES, end - stream.at, stream.window, connectionWindow);
    if (size <= 0) return false;
    const part = reply.body.subarray(stream.at, stream.at + size);
    stream.at += size;
    stream.window -= size;
    connectionWindow -= size;
    const isOver = stream.at === end && reply.endless !== true;
    const isOpenEnded = reply.truncateAt !== undefined && (reply.hang || reply.reset !== undefined);
    send(data(id, part, isOver && !isOpenEnded ? END_STREAM : 0));
    if (stream.at === end) stream.at = 0;
    if (!isOver) return true;
    sending.delete(id);
    if (isOpenEnded && reply.hang !== true) send(reset(id, reply.reset!));
    return true;
  }

  socket.on('drain', pump);
  socket.once('close', () => {
    for (const stop of drips.values()) stop();
  });
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    if (!hasMagic) {
      if (rest.length < MAGIC_BYTES) return;
      rest = rest.subarray(MAGIC_BYTES);
      hasMagic = true;
      send(maxStreams === null ? settings() : settings([MAX_CONCURRENT_STREAMS, maxStreams]));
    }
    rest = Buffer.from(cutFrames(rest, onFrame));
  });
}
