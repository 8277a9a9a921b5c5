/** HTTP/1.1 byte by byte: what a well-behaved library would not send. */
import type { Socket } from 'node:net';
import {
  dripping,
  ENDLESS_PAUSE,
  type FaultConnection,
  type FullReply,
} from './fault-connection.ts';

/** Answers the requests on a socket, one after the other; bodies of requests are not understood. */
export function serveFaultsHttp1(socket: Socket, connection: FaultConnection): void {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
      const path = text.slice(0, end).split(' ', 2)[1] ?? '/';
      text = text.slice(end + 4);
      connection.answer(path, (reply, isLast) => play(socket, reply, isLast));
    }
  });
}

function play(socket: Socket, reply: FullReply, isLast: boolean): void {
  const { body, truncateAt, framing = 'length' } = reply;
  const isCut = truncateAt !== undefined;
  if (reply.dead === true || (reply.hang === true && !isCut)) return;
  if (reply.goaway === true || (reply.reset !== undefined && !isCut)) {
    socket.destroy();
    return;
  }
  const isChunked = framing === 'chunked' || reply.endless === true;
  socket.write(head(reply, isChunked, framing === 'close' || isLast));
  if (reply.endless === true) {
    sendForEver(socket, chunkOf(body));
    return;
  }
  const sent = isCut ? body.subarray(0, truncateAt) : body;
  if (reply.bytesPerSecond !== undefined) {
    const send = (byte: Uint8Array) => socket.write(isChunked ? chunkOf(byte) : byte);
    const stop = dripping(sent, reply.bytesPerSecond, send);
    socket.once('close', stop);
    return;
  }
  if (isChunked) {
    // A chunk that is cut states more than comes.
    const stated = isCut ? body : sent;
    socket.write(`${stated.length.toString(16)}\r\n`);
    socket.write(sent);
    if (!isCut) socket.write('\r\n0\r\n\r\n');
  } else socket.write(sent);
  if (isCut && reply.hang === true) return;
  if (isCut && reply.reset !== undefined) setImmediate(() => socket.destroy());
  else if (isCut || framing === 'close' || isLast) socket.end();
}

function head({ status, headers, body }: FullReply, isChunked: boolean, closes: boolean): string {
  const lines = [`HTTP/1.1 ${status} ${status < 400 ? 'OK' : 'No'}`];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  if (isChunked) lines.push('transfer-encoding: chunked');
  else if (!closes && status !== 204) lines.push(`content-length: ${body.length}`);
  if (closes) lines.push('connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function chunkOf(bytes: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ]);
}

function sendForEver(socket: Socket, chunk: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
    if (!socket.destroyed) socket.once('drain', () => setTimeout(more, ENDLESS_PAUSE));
  };
  more();
}
