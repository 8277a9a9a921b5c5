/** How a test tells the page server to answer, and how that is played over HTTP/2 and HTTP/1.1. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Reply } from '../fixtures/faults/reply.ts';

export interface PageServerRequest {
  /** Page number, from `/pages/N`; 0 for any other path. */
  readonly n: number;
  readonly path: string;
  /** 1 for the first request of this page (for other paths: of this path). */
  readonly attempt: number;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Empty unless the method is POST. */
  readonly body: Buffer;
}

/** Puts the ordinary answer's parts in place of absent ones. */
export interface FullReply extends HeldReply {
  readonly status: number;
  readonly body: Uint8Array;
}

/** For a server in the process of the test. */
export interface HeldReply extends Reply {
  /** Nothing of the answer is sent before it resolves. */
  readonly until?: Promise<unknown>;
}

type OutgoingHeaders = Record<string, string | number | readonly string[]>;

function headersOf(reply: FullReply): OutgoingHeaders {
  const headers: OutgoingHeaders = { 'content-type': 'application/json', ...reply.headers };
  const isLength = (reply.framing ?? 'length') === 'length';
  if (isLength && headers['content-length'] === undefined) {
    headers['content-length'] = reply.body.length;
  }
  return headers;
}

const isPartial = (reply: Reply): boolean => reply.truncateAt !== undefined;

export function playHttp2(stream: ServerHttp2Stream, reply: FullReply, flushed: () => void): void {
  if (stream.destroyed || stream.closed) return;
  if (reply.goaway !== undefined) {
    stream.session?.goaway(reply.goaway.code, reply.goaway.lastStreamId);
    if ((stream.id ?? 0) > reply.goaway.lastStreamId) return;
  }
  if (!isPartial(reply)) {
    if (reply.hang) return;
    if (reply.reset !== undefined) {
      stream.close(reply.reset);
      return;
    }
  }
  const headers = { ':status': reply.status, ...headersOf(reply) };
  if (!isPartial(reply)) {
    stream.respond(headers);
    stream.end(reply.body, flushed);
    return;
  }
  // With trailers awaited, nothing ends the stream but the reset itself.
  const isOpenEnded = reply.reset !== undefined || reply.hang === true;
  stream.respond(headers, { waitForTrailers: isOpenEnded });
  const part = reply.body.subarray(0, reply.truncateAt);
  if (!isOpenEnded) stream.end(part, flushed);
  else if (reply.hang) stream.write(part, flushed);
  else stream.write(part, () => resetAfterData(stream, reply.reset!));
}

/** CANCEL is sent ahead of data that is still queued, other codes behind it; a turn of the loop lets the data go first. */
function resetAfterData(stream: ServerHttp2Stream, code: number): void {
  setImmediate(() => {
    if (!stream.destroyed) stream.close(code);
  });
}

export function playHttp1(response: ServerResponse, reply: FullReply): void {
  if (response.destroyed) return;
  if (!isPartial(reply)) {
    if (reply.hang) return;
    if (reply.reset !== undefined) {
      response.destroy();
      return;
    }
  }
  const headers = headersOf(reply);
  if (reply.framing === 'close') {
    response.removeHeader('transfer-encoding');
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
  }
  response.writeHead(reply.status, headers as Record<string, string>);
  if (!isPartial(reply)) {
    response.end(reply.body);
    return;
  }
  response.write(reply.body.subarray(0, reply.truncateAt), () => {
    if (reply.hang) return;
    // FIN where the body would end at the connection's end, else a plain cut.
    if (reply.framing === 'close') response.socket?.end();
    else response.destroy();
  });
}
