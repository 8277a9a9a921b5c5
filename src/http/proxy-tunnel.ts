/** A tunnel through an HTTP proxy (CONNECT, RFC 9110 §9.3.6), over a socket that stands already. */
import type { Socket } from 'node:net';
import { TLS_QUESTION, withProxyCure } from './connect-fault.ts';
import { proxyAuthorization } from './proxy.ts';
import { TransportError } from './transport.ts';

/** A proxy's answer to CONNECT is a few hundred bytes; more is no proxy. */
const LONGEST_HEAD_BYTES = 64 * 1024;

/**
 * Asks `proxy` for `authority` (`host:port`). On return the socket is the tunnel.
 * @param peer how messages name the proxy; without user info
 */
export async function openTunnel(
  socket: Socket,
  proxy: URL,
  peer: string,
  authority: string,
): Promise<void> {
  const authorization = proxyAuthorization(proxy);
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (authorization !== null) lines.push(`Proxy-Authorization: ${authorization}`);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const head = await readHead(socket, peer, proxy.protocol === 'http:');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? Number.NaN);
  if (status >= 200 && status < 300) return;
  throw proxyRefusal(status, peer, authority);
}

export function proxyRefusal(status: number, peer: string, authority: string): TransportError {
  if (status === 407) {
    return new TransportError(
      'proxy-credentials',
      `${peer} asks for credentials (407): give them as -x http://user:password@host:port`,
    );
  }
  const answer = Number.isNaN(status) ? 'did not answer in HTTP' : `answered ${status}`;
  // What it does not allow now it will not allow in a minute; what it cannot reach, it may.
  const fault = status >= 400 && status < 500 ? 'proxy-denied' : 'proxy';
  const what = `${peer} ${answer} when asked for ${authority}`;
  return new TransportError(fault, withProxyCure(what, peer));
}

function readHead(socket: Socket, peer: string, isPlain: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const question = isPlain ? `; ${TLS_QUESTION}` : '';
    let received: Buffer = Buffer.alloc(0);
    const settle = (): void => {
      socket.off('readable', onReadable);
      socket.off('error', onError);
      socket.off('close', onGone);
      socket.off('end', onGone);
    };
    const fail = (what: string, cause?: unknown): void => {
      settle();
      reject(new TransportError('proxy', withProxyCure(`${peer} ${what}`, peer), { cause }));
    };
    const onError = (error: Error): void => fail(`broke the connection${question}`, error);
    const onGone = (): void => fail(`closed the connection instead of opening a tunnel${question}`);
    // 'readable' and read() take exactly what is there, so the socket is not left flowing for TLS.
    const onReadable = (): void => {
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
        received = Buffer.concat([received, chunk as Buffer]);
        const end = received.indexOf('\r\n\r\n');
        if (end !== -1) {
          settle();
          if (received.length > end + 4) socket.unshift(received.subarray(end + 4));
          resolve(received.toString('latin1', 0, end));
          return;
        }
        if (received.length > LONGEST_HEAD_BYTES) {
          fail('did not answer in HTTP');
          return;
        }
      }
    };
    socket.on('readable', onReadable);
    socket.on('error', onError);
    socket.on('close', onGone);
    socket.on('end', onGone);
  });
}
