import type { Socket } from 'node:net';
import { clientCertificateFault, errorCode } from './connect-fault.ts';
import { ConnectionError } from './h2/connection-error.ts';
import { Http2Connection, type Http2Events } from './http2-connection.ts';
import { TransportError } from './transport.ts';
import type { TransportTuning } from './transport-tuning.ts';

/**
 * Speaks HTTP/2 on a connected socket. Resolves once the server's SETTINGS are there, since a
 * request sent before might exceed a limit stated in them.
 *
 * @throws TransportError
 */
export function openHttp2(
  socket: Socket,
  origin: URL,
  events: Http2Events,
  timeoutMs: number,
  tuning: TransportTuning,
): Promise<Http2Connection> {
  const host = origin.host;
  return new Promise((resolve, reject) => {
    const onBegun = (): void => {
      clearTimeout(timer);
      resolve(connection);
    };
    const onLost = (cause: Error | null): void => {
      clearTimeout(timer);
      reject(beginningFault(host, cause));
    };
    const connection = new Http2Connection(socket, origin, events, tuning, onBegun, onLost);
    const timer = setTimeout(() => {
      const text = `${host} did not begin HTTP/2 within ${timeoutMs / 1000} s; --http1.1 does without`;
      const error = new TransportError('connect-timeout', text);
      reject(error);
      connection.destroy(error);
    }, timeoutMs);
  });
}

function beginningFault(host: string, cause: Error | null): TransportError {
  if (cause === null) {
    return new TransportError('reset', `${host} closed the connection before HTTP/2 began`);
  }
  const certificate = clientCertificateFault(cause, host);
  if (certificate !== null) return certificate;
  const isBroken = cause instanceof ConnectionError;
  return new TransportError(
    isBroken ? 'protocol' : 'reset',
    `${host} did not begin HTTP/2 (${isBroken ? cause.message : errorCode(cause)}); --http1.1 does without`,
    { cause },
  );
}
