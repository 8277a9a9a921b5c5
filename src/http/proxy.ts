/**
 * Which proxy, if any, stands before an origin: one that was named, or the environment's, by the
 * rules of curl. Pure: no I/O, and no `process.env`.
 *
 * Unlike curl, a proxy without a port is taken at its scheme's default port (80, 443), not at 1080:
 * that is what every other reader of these variables does.
 */
import { isIP, type Socket } from 'node:net';
import { usageError } from '../core/errors.ts';
import { percentDecoded } from '../core/escape.ts';
import { addressMatcher } from './address-guard.ts';
import { TLS_QUESTION, withProxyCure } from './connect-fault.ts';
import { TransportError } from './transport.ts';

export interface ProxySettings {
  /** A proxy for every origin, `''` for none at all, or null: what the environment says. */
  readonly proxy: string | null;
  /** `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY` in either case are read from here. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Resolves the settings once, into a function from an origin (`https://host:port`) to its proxy.
 * `NO_PROXY` holds for a named proxy too, as in curl.
 *
 * @throws EverypageError `USAGE` where a proxy is not an `http:` or `https:` URL.
 * @example chooseProxy({ proxy: null, env: process.env })('https://api.example.com')
 */
export function chooseProxy(settings: ProxySettings): (origin: string) => URL | null {
  const { proxy, env } = settings;
  if (proxy === '') return () => null;
  const all = variable(env, 'ALL_PROXY');
  const secure = parseProxy(proxy ?? (variable(env, 'HTTPS_PROXY') || all), 'HTTPS_PROXY');
  // Upper-case HTTP_PROXY is what a CGI server makes of a client's `Proxy:` header, so curl and we
  // do not trust it.
  const plain = parseProxy(proxy ?? (env['http_proxy'] || all), 'http_proxy');
  if (secure === null && plain === null) return () => null;
  const isExempt = noProxyMatcher(variable(env, 'NO_PROXY'));
  return (origin) => {
    const url = new URL(origin);
    const found = url.protocol === 'https:' ? secure : plain;
    return found === null || isExempt(url) ? null : found;
  };
}

/** The lower-case name wins, as in curl. */
function variable(env: ProxySettings['env'], name: string): string {
  return env[name.toLowerCase()] ?? env[name] ?? '';
}

function parseProxy(text: string, source: string): URL | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`;
  const url = URL.parse(withScheme);
  // The text itself is not repeated: it may hold a password.
  if (url === null || url.hostname === '') {
    throw usageError(
      `The proxy (--proxy or ${source}) is not a URL; write http://host:port or https://host:port.`,
    );
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw usageError(
      `The proxy (--proxy or ${source}) begins with ${url.protocol}//; only http:// and https:// proxies are supported.`,
    );
  }
  return url;
}

/** `Basic …` for the proxy's user info, or null. */
export function proxyAuthorization(proxy: URL): string | null {
  if (proxy.username === '' && proxy.password === '') return null;
  const user = percentDecoded(proxy.username);
  const password = percentDecoded(proxy.password);
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

type Exemption = (host: string, port: string) => boolean;

function noProxyMatcher(list: string): (url: URL) => boolean {
  const exemptions = list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(parseExemption);
  return (url) => {
    const host = bareHost(url.hostname);
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    return exemptions.some((isExempt) => isExempt(host, port));
  };
}

function parseExemption(entry: string): Exemption {
  if (entry === '*') return () => true;
  const slash = entry.lastIndexOf('/');
  if (slash !== -1) return subnet(bareHost(entry.slice(0, slash)), entry.slice(slash + 1));
  const { name, port } = splitPort(entry);
  const wanted = bareHost(name).replace(/^\*?\./, '');
  if (wanted === '') return () => false;
  const samePort = (actual: string): boolean => port === null || port === actual;
  if (isIP(wanted) !== 0) {
    const isWanted = addressMatcher([wanted]);
    return (host, actual) => isWanted(host) && samePort(actual);
  }
  return (host, actual) =>
    (host === wanted || host.endsWith(`.${wanted}`)) && isIP(host) === 0 && samePort(actual);
}

/** `host:443` and `[::1]:443` hold a port, a bare `::1` does not. */
function splitPort(entry: string): { name: string; port: string | null } {
  const match = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry);
  return match === null ? { name: entry, port: null } : { name: match[1]!, port: match[2]! };
}

function bareHost(host: string): string {
  return host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

function subnet(network: string, bits: string): Exemption {
  const longest = isIP(network) === 4 ? 32 : 128;
  const isValid = isIP(network) !== 0 && /^\d+$/.test(bits) && Number(bits) <= longest;
  return isValid ? addressMatcher([`${network}/${bits}`]) : () => false;
}

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

/** A tunnel through an HTTP proxy (CONNECT, RFC 9110 §9.3.6), over a socket that stands already. */
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
        let end = received.indexOf('\r\n\r\n');
        // Interim responses are skipped, asked for or not (RFC 9110 §15.2).
        while (end !== -1 && /^HTTP\/1\.1 1\d\d/.test(received.toString('latin1', 0, 12))) {
          received = received.subarray(end + 4);
          end = received.indexOf('\r\n\r\n');
        }
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
