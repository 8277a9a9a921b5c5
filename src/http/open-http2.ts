import type { Socket } from 'node:net';
import { Http2Connection, type Http2Events } from './http2-connection.ts';
import { TransportError } from './transport.ts';
import type { TransportTuning } from './transport-tuning.ts';

export interface OpeningHttp2 {
  /** Has room for one request until the server's SETTINGS are there: more might exceed its limit. */
  readonly connection: Http2Connection;
  /** Resolves with the server's SETTINGS; rejects with a TransportError. */
  readonly begun: Promise<void>;
}

/** Speaks HTTP/2 on a connected socket. */
export function openHttp2(
  socket: Socket,
  origin: URL,
  events: Http2Events,
  timeoutMs: number,
  tuning: TransportTuning,
): OpeningHttp2 {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onBegun = (): void => {
    clearTimeout(timer);
    resolve();
  };
  const onLost = (fault: TransportError): void => {
    clearTimeout(timer);
    reject(fault);
  };
  const connection = new Http2Connection(socket, origin, events, tuning, onBegun, onLost);
  const timer = setTimeout(() => {
    const text = `${origin.host} did not begin HTTP/2 within ${timeoutMs / 1000} s; --http1.1 does without`;
    const error = new TransportError('connect-timeout', text);
    reject(error);
    connection.destroy(error);
  }, timeoutMs);
  return { connection, begun: promise };
}
