/** The transport: one set of connections per origin, one sweep for all timeouts. */
import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import { runningTime } from '../core/clock.ts';
import {
  AddressGuard,
  type AddressKind,
  addressKind,
  addressMatcher,
  publicStart,
  type Start,
} from './address-guard.ts';
import { connect, createTlsContexts, endpointOf } from './connect.ts';
import { Exchange, sweepExchange } from './exchange.ts';
import { OriginConnections } from './origin-connections.ts';
import { BodyRoom, OUTSTANDING_BYTES } from './response-body.ts';
import {
  defaultTuning,
  type Protocol,
  type RawResponse,
  type Transport,
  TransportError,
  type TransportOptions,
  type TransportTuning,
} from './transport.ts';

/** The least window of a stream: with a round trip of 40 ms it lets 6 MB a second through. */
const LEAST_WINDOW_BYTES = 256 * 1024;

/** The least wait for the answer to a PING, however short the idle timeout is. */
const LEAST_PING_TIMEOUT_MS = 1000;

/** What tests shorten or replace. */
export interface TransportInternals extends Partial<TransportTuning> {
  /** Default: the system's resolver. */
  readonly lookup?: LookupFunction;
  /** What counts as public; default: IANA's registries. */
  readonly kindOf?: (address: string) => AddressKind;
  /** Told how much of bodies has arrived or is held by the caller, as it grows. */
  readonly onBodyBytes?: (bytes: number) => void;
}

/**
 * A transport over HTTP/2 (the client in h2/) and HTTP/1.1 (undici), chosen by ALPN per origin.
 *
 * The chunks of a response may be views of a buffer that other responses share: copy before
 * transferring one to another thread. A request's `headers` object, if frozen and used again,
 * costs nothing the second time.
 *
 * @example
 * const transport = createTransport({ ...options, proxyFor: () => null });
 * const response = await transport.request({ method: 'GET', origin, path: '/', headers, body: null });
 * await transport.close();
 */
export function createTransport(
  options: TransportOptions,
  internals: TransportInternals = {},
): Transport {
  // A connection to an address needs no resolver: its module is loaded when it is called.
  const {
    lookup = (...asked) => systemLookup(...asked),
    kindOf = addressKind,
    onBodyBytes,
    ...overrides
  } = internals;
  const tuning = tuneFor(options, { ...defaultTuning, ...overrides });
  const room = new BodyRoom(options.bodyBudgetBytes, options.maxBodyBytes, onBodyBytes);
  const contexts = createTlsContexts(options);
  const isAllowed = addressMatcher(options.allowAddresses ?? []);
  const guards = new Map<string, AddressGuard>();
  const origins = new Map<string, OriginConnections>();
  const sockets = new Set<Socket>();
  /** Ends the connections that are still being made. */
  const giveUp = new AbortController();
  const counts: Record<Protocol, number> = { 'HTTP/1.1': 0, 'HTTP/2': 0 };
  const sweepMs = sweepIntervalMs(options, tuning);
  const exchanges = new Set<Exchange>();
  const wire = { maxBodyBytes: options.maxBodyBytes, room, exchanges, sweepMs };
  let sweptAt = runningTime.now();
  // Not `look`: another transport may look less often, and the time since would seem a stop.
  let stopsSeen = runningTime.stops;
  let sweepTimer: NodeJS.Timeout | null = null;
  let closed: Promise<void> | null = null;

  const onSocket = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (closed !== null) socket.destroy();
  };

  const guardFor = (origin: string, start: Start | null): AddressGuard => {
    const { host } = endpointOf(new URL(origin));
    return new AddressGuard({ host, start, isAllowed, kindOf, lookup });
  };

  const guardOf = (named: string): AddressGuard => {
    const guard = guards.get(named) ?? guardFor(named, null);
    guards.set(named, guard);
    return guard;
  };

  /** Behind a proxy it cannot be known where a start is. */
  const startOf = (origin: string): Start => {
    const guard = guardOf(origin);
    return guard.isPublic === null && options.proxyFor(origin) !== null ? publicStart : guard;
  };

  const connectionsOf = (origin: string, start: string | null): OriginConnections => {
    const from = start === null ? null : startOf(start);
    // Apart from those of an origin that was named: another rule holds for their connections.
    const name = poolName(origin, start, from);
    const known = origins.get(name);
    if (known !== undefined) return known;
    const url = new URL(origin);
    const guard = name === origin ? guardOf(origin) : guardFor(origin, from);
    const proxy = options.proxyFor(origin);
    const created = new OriginConnections({
      origin: url,
      proxy,
      protocol: options.protocol,
      hasClientCertificate: options.cert !== null,
      concurrency: options.concurrency,
      connectTimeoutMs: options.connectTimeoutMs,
      idleTimeoutMs: options.idleTimeoutMs,
      tuning,
      connect: (offered, tunnel) =>
        connect(endpointOf(url), proxy, tunnel, offered, {
          contexts,
          insecure: options.insecure,
          connectTimeoutMs: options.connectTimeoutMs,
          onSocket,
          signal: giveUp.signal,
          // A proxy is the user's own choice, and resolves the names that it is asked for.
          lookup: proxy === null ? guard.lookup : lookup,
        }),
      onOpened: (protocol) => {
        counts[protocol] += 1;
      },
    });
    origins.set(name, created);
    return created;
  };

  const sweep = (): void => {
    const seen = runningTime.look(sweepMs);
    const now = runningTime.now();
    if (seen !== stopsSeen) for (const exchange of exchanges) exchange.beginAfresh(now);
    stopsSeen = seen;
    for (const exchange of exchanges) sweepExchange(exchange, now, now - sweptAt, options);
    sweptAt = now;
    for (const origin of origins.values()) origin.sweep(now);
  };

  const shutDown = async (): Promise<void> => {
    if (sweepTimer !== null) clearInterval(sweepTimer);
    const error = new TransportError('closed', 'the run is over');
    giveUp.abort(error);
    const gone = [...sockets].map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, tuning.goodbyeMs);
    const ended = Promise.all([...origins.values()].map((origin) => origin.destroy(error)));
    await Promise.all([ended, ...gone]);
    clearTimeout(cut);
  };

  return {
    request: (request) => {
      if (closed !== null) return Promise.reject(new TransportError('closed', 'the run is over'));
      if (sweepTimer === null) {
        runningTime.begin();
        sweepTimer = setInterval(sweep, sweepMs).unref();
      }
      const { promise, resolve, reject } = Promise.withResolvers<RawResponse>();
      try {
        const exchange = new Exchange(request, wire, resolve, reject);
        connectionsOf(request.origin, request.start ?? null).pool.submit(exchange);
      } catch (error) {
        reject(error);
      }
      return promise;
    },
    connect: (origin) => {
      if (closed === null) connectionsOf(origin, null).open();
    },
    setHeldBytes: (bytes) => room.setHeldBytes(bytes),
    connectionCounts: () => ({ ...counts }),
    close: () => {
      closed ??= shutDown();
      return closed;
    },
  };
}

/** All public starts share the connections to where they lead, and so do all others. */
function poolName(origin: string, start: string | null, from: Start | null): string {
  if (from === null || from.isPublic === false) return origin;
  return `${origin} from ${from.isPublic === null ? start : 'a public start'}`;
}

/** Timeouts are noticed up to one interval late: an eighth of the shortest, at most a second. */
function sweepIntervalMs(options: TransportOptions, tuning: TransportTuning): number {
  const shortest = Math.min(
    options.idleTimeoutMs,
    options.timeoutMs,
    tuning.silenceMs,
    tuning.pingTimeoutMs,
  );
  return Math.max(5, Math.min(1000, Math.floor(shortest / 8)));
}

function tuneFor(
  { concurrency, idleTimeoutMs }: TransportOptions,
  tuning: TransportTuning,
): TransportTuning {
  // Bodies that stand still may have a window each outstanding: together no more than is left for that.
  const share = Math.max(LEAST_WINDOW_BYTES, Math.floor(OUTSTANDING_BYTES / concurrency));
  return {
    ...tuning,
    streamWindowBytes: Math.min(tuning.streamWindowBytes, share),
    // A dead connection is to be found about when its requests are given up, or all their attempts
    // would be sent on it.
    silenceMs: Math.min(tuning.silenceMs, idleTimeoutMs / 3),
    pingTimeoutMs: Math.min(
      tuning.pingTimeoutMs,
      Math.max(LEAST_PING_TIMEOUT_MS, idleTimeoutMs / 2),
    ),
  };
}
