import { connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { clientCertificateFault, errorCode } from './connect-fault.ts';
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
    const session = connectHttp2(origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: tuning.streamWindowBytes },
      // In MB. At Node's default of 10 it refuses streams by itself; what bounds memory is the
      // number of requests in flight.
      maxSessionMemory: 4096,
    });
    const fail = (
      fault: 'connect-timeout' | 'reset' | 'protocol',
      text: string,
      cause?: unknown,
    ) => {
      clearTimeout(timer);
      session.destroy();
      reject(
        clientCertificateFault(cause, host) ??
          new TransportError(fault, text, cause === undefined ? undefined : { cause }),
      );
    };
    const timer = setTimeout(
      () => fail('connect-timeout', `${host} did not begin HTTP/2 within ${timeoutMs / 1000} s`),
      timeoutMs,
    );
    const onError = (error: Error): void => {
      const fault = errorCode(error).startsWith('ERR_HTTP2') ? 'protocol' : 'reset';
      fail(fault, `${host} did not begin HTTP/2 (${errorCode(error)})`, error);
    };
    const onClose = (): void => fail('reset', `${host} closed the connection before HTTP/2 began`);
    session.once('error', onError);
    session.once('close', onClose);
    // An alert after the handshake reaches the socket alone; node:http2 would wait for ever.
    let connection: Http2Connection | null = null;
    socket.once('error', (error) => {
      if (connection === null) onError(error);
      else connection.lose(error);
      socket.destroy();
    });
    session.once('remoteSettings', () => {
      clearTimeout(timer);
      session.off('close', onClose);
      session.setLocalWindowSize(tuning.connectionWindowBytes);
      connection = new Http2Connection(session, socket, origin, events, tuning);
      session.off('error', onError);
      resolve(connection);
    });
  });
}
