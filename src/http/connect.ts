/**
 * From an origin to a connected socket: TCP (happy eyeballs), the proxy's tunnel, TLS with ALPN.
 * It does not know what is spoken afterwards, and repeats nothing, but for one case: a certificate
 * whose authority Node does not know is looked up in the operating system's list as well.
 */
import { connect as connectPlain, isIP, type LookupFunction, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  TLSSocket,
} from 'node:tls';
import { setRunningTimeout } from '../core/clock.ts';
import {
  certificateFault,
  isUnknownAuthority,
  noHttp2Fault,
  tcpFault,
  tlsFault,
} from './connect-fault.ts';
import { connectTcp } from './connect-tcp.ts';
import { readInPlace } from './h2/frame-reader.ts';
import { openTunnel } from './proxy.ts';
import { TransportError } from './transport.ts';

export type Alpn = 'h2' | 'http/1.1';

export interface Endpoint {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

export interface ConnectSettings {
  readonly contexts: TlsContexts;
  readonly insecure: boolean;
  readonly connectTimeoutMs: number;
  /** Also refuses addresses, and then fails with the TransportError that says so. */
  readonly lookup: LookupFunction;
  /** Every TCP socket, as soon as there is one, so that it can be cut from outside. */
  readonly onSocket: (socket: Socket) => void;
  /** Gives up at once, with the signal's reason. */
  readonly signal: AbortSignal;
}

export interface Connected {
  readonly socket: Socket;
  readonly alpn: Alpn;
}

/** `https://host:port` taken apart. */
export function endpointOf(url: URL): Endpoint {
  const tls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, port: Number(url.port) || (tls ? 443 : 80), tls };
}

/** As in a `Host` header; never holds user info. */
export function describeEndpoint({ host, port }: Endpoint): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Connects to `target`. With a proxy and `tunnel`, through CONNECT; with a proxy and no `tunnel`
 * the socket ends at the proxy, for requests in absolute form (RFC 9112 §3.2.2).
 *
 * @throws TransportError
 */
export async function connect(
  target: Endpoint,
  proxy: URL | null,
  tunnel: boolean,
  offered: readonly Alpn[],
  settings: ConnectSettings,
): Promise<Connected> {
  try {
    return await attemptConnect(target, proxy, tunnel, offered, settings, false);
  } catch (error) {
    if (!isUnknownAuthority(error) || settings.signal.aborted) throw error;
    return await attemptConnect(target, proxy, tunnel, offered, settings, true).catch(() => {
      throw error;
    });
  }
}

async function attemptConnect(
  target: Endpoint,
  proxy: URL | null,
  tunnel: boolean,
  offered: readonly Alpn[],
  settings: ConnectSettings,
  systemAuthorities: boolean,
): Promise<Connected> {
  const first = proxy === null ? target : endpointOf(proxy);
  const peer = `${proxy === null ? '' : 'proxy '}${describeEndpoint(first)}`;
  const giveUp = new AbortController();
  const sockets: Socket[] = [];
  const onSocket = (socket: Socket): void => {
    sockets.push(socket);
    settings.onSocket(socket);
  };
  let stage = `no connection to ${peer}`;
  settings.signal.throwIfAborted();
  const given = Promise.withResolvers<never>();
  const onAbort = (): void => given.reject(settings.signal.reason);
  settings.signal.addEventListener('abort', onAbort, { once: true });
  const cancel = setRunningTimeout(() => {
    const text = `${stage} within ${settings.connectTimeoutMs / 1000} s; --connect-timeout allows longer`;
    given.reject(new TransportError('connect-timeout', text));
  }, settings.connectTimeoutMs);
  const build = async (): Promise<Connected> => {
    const { lookup } = settings;
    const { signal } = giveUp;
    const direct =
      proxy === null && target.tls
        ? tlsOptions(target, offered, settings, systemAuthorities)
        : null;
    const open = (address: string, port: number): Socket => {
      const place = { host: address, port, noDelay: true };
      // Only a TLS socket that connects by itself reads in place.
      return direct === null
        ? connectPlain(place)
        : connectTls(Object.assign({}, direct, place, readInPlace()));
    };
    let socket = await connectTcp({ ...first, lookup, open, onSocket, signal }).catch((error) => {
      throw tcpFault(error, peer);
    });
    if (proxy !== null && first.tls) {
      stage = `no TLS handshake with ${peer}`;
      const toProxy = tlsOptions(first, ['http/1.1'], settings, systemAuthorities);
      socket = await secured(connectTls({ ...toProxy, socket }), peer);
    }
    if (proxy !== null && tunnel) {
      stage = `no tunnel through ${peer}`;
      await openTunnel(socket, proxy, peer, describeEndpoint(target));
    }
    if (!target.tls) return { socket, alpn: offered[0] ?? 'http/1.1' };
    const named = describeEndpoint(target);
    stage = `no TLS handshake with ${named}`;
    const safe =
      direct !== null && socket instanceof TLSSocket
        ? socket
        : connectTls({ ...tlsOptions(target, offered, settings, systemAuthorities), socket });
    await secured(safe, named);
    const alpn = safe.alpnProtocol === 'h2' ? 'h2' : 'http/1.1';
    if (!offered.includes(alpn)) throw noHttp2Fault(named);
    return { socket: safe, alpn };
  };
  try {
    return await Promise.race([build(), given.promise]);
  } catch (error) {
    giveUp.abort(error);
    for (const socket of sockets) {
      socket.on('error', ignore);
      socket.destroy();
    }
    throw error;
  } finally {
    cancel();
    settings.signal.removeEventListener('abort', onAbort);
  }
}

function tlsOptions(
  { host }: Endpoint,
  offered: readonly Alpn[],
  { contexts, insecure }: ConnectSettings,
  systemAuthorities: boolean,
): ConnectionOptions {
  return {
    host,
    // A name only: addresses are not allowed in SNI (RFC 6066 §3).
    servername: isIP(host) === 0 ? host : '',
    ALPNProtocols: [...offered],
    secureContext: systemAuthorities ? contexts.withSystem() : contexts.usual(),
    rejectUnauthorized: !insecure,
  };
}

/** Resolves when the handshake with `peer` has ended well. */
async function secured(socket: TLSSocket, peer: string): Promise<TLSSocket> {
  await once(socket, 'secureConnect', (error) =>
    socket.authorizationError ? certificateFault(error, peer) : tlsFault(error, peer),
  );
  return socket;
}

/** Resolves on `event`; rejects with what `toFault` makes of an error or an early close. */
function once(
  socket: Socket,
  event: 'secureConnect',
  toFault: (error: unknown) => TransportError,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      socket.off('error', onError);
      socket.off('close', onClose);
      socket.off(event, onReady);
    };
    const onReady = (): void => {
      settle();
      resolve();
    };
    const onError = (error: Error): void => {
      settle();
      // A broken handshake may report twice.
      socket.on('error', ignore);
      reject(toFault(error));
    };
    const onClose = (): void => {
      settle();
      reject(toFault(new Error('closed')));
    };
    socket.on('error', onError);
    socket.on('close', onClose);
    socket.on(event, onReady);
  });
}

const ignore = (): void => undefined;

export interface TlsIdentity {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

/** TLS contexts of a run, made once each: loading authorities takes milliseconds. */
export interface TlsContexts {
  /** Node's authorities (with NODE_EXTRA_CA_CERTS) and the given ones. */
  usual(): SecureContext;
  /** The operating system's authorities too: where a company's own are installed. */
  withSystem(): SecureContext;
}

/** Nothing is loaded before it is asked for; a bad PEM throws then, with fault `certificate`. */
export function createTlsContexts(identity: TlsIdentity): TlsContexts {
  let usual: SecureContext | null = null;
  let withSystem: SecureContext | null = null;
  return {
    usual: () => {
      usual ??= build(identity, null);
      return usual;
    },
    withSystem: () => {
      withSystem ??= build(identity, [
        ...getCACertificates('default'),
        ...getCACertificates('system'),
      ]);
      return withSystem;
    },
  };
}

/** @param authorities all that are trusted besides the given ones; null for Node's own */
function build(identity: TlsIdentity, authorities: string[] | null): SecureContext {
  try {
    const context = createSecureContext({
      ...(authorities === null ? {} : { ca: authorities }),
      ...(identity.cert === null ? {} : { cert: identity.cert }),
      ...(identity.key === null ? {} : { key: identity.key }),
    });
    if (identity.ca === null || addAuthority(context, identity.ca)) return context;
    const all = [...(authorities ?? getCACertificates('default')), identity.ca];
    return build({ ...identity, ca: null }, all);
  } catch (error) {
    throw new TransportError(
      'certificate',
      `the certificates given cannot be used (${(error as Error).message}): check --cacert, --cert and --cert-key`,
      { cause: error },
    );
  }
}

/**
 * Adds to the authorities that a context trusts. Without this, Node parses its own 150 again for each
 * list that names more, which takes 15 ms of a start. The method is not documented, so there is a way
 * without it.
 *
 * @returns false where this Node cannot do it
 */
function addAuthority(secure: SecureContext, pem: string): boolean {
  const { context } = secure as { context?: { addCACert?: (pem: string) => void } };
  if (typeof context?.addCACert !== 'function') return false;
  context.addCACert(pem);
  return true;
}
