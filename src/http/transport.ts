/**
 * The contract of this folder: HOW one request becomes one response.
 *
 * A transport gives back a response only when it was transferred whole (HTTP/2: END_STREAM seen and
 * no reset; HTTP/1.1: framing ended; both: content-length met where stated). It follows no redirect,
 * repeats nothing and decodes nothing; it throws `TransportError` for everything else.
 */
import type { Method } from '../core/page-request.ts';

export interface TransportRequest {
  /** A plan asks with GET and POST alone; the others are for a store. */
  readonly method: Method | 'PUT' | 'DELETE';
  /** `https://host:port`, as `URL.origin` gives it. */
  readonly origin: string;
  /** The origin that the user named and whose server led here; absent where this one was named. */
  readonly start?: string | null;
  /** Path and query, beginning with `/`. */
  readonly path: string;
  /** Names in lower case; without `host`, `connection`, `content-length` and pseudo-headers. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
}

export type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>;

export type Protocol = 'HTTP/1.1' | 'HTTP/2';

export interface RawResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: HeaderValues;
  /** The body as it came off the wire (content-encoding not removed). */
  readonly chunks: readonly Uint8Array[];
  readonly bodyBytes: number;
  readonly protocol: Protocol;
}

/** What went wrong below HTTP semantics. `outcome.ts` says which of these are tried again. */
export type TransportFault =
  | 'no-name' // the resolver says that there is no such name
  | 'dns' // the name does not resolve otherwise
  | 'refused' // nobody listens, or no route
  | 'connect-timeout'
  | 'open-files' // this process, or the machine, may open no further socket: nothing of the server's
  | 'address' // a public server led to one that is not; never retried
  | 'certificate' // never retried; names the cure
  | 'no-tls' // the port answers something that is no TLS
  | 'tls' // handshake failed otherwise
  | 'proxy' // the proxy could not make the tunnel
  | 'proxy-denied' // the proxy does not allow it; never retried
  | 'proxy-credentials' // 407; never retried
  | 'protocol' // the peer broke HTTP, or does not speak the version asked for
  | 'reset' // connection or stream closed under the request
  | 'truncated' // fewer bytes than the framing promised
  | 'unprocessed' // the server says it did not process the request: REFUSED_STREAM, above GOAWAY's last id, or an idle keep-alive connection closed under it
  | 'calm' // ENHANCE_YOUR_CALM: the server asks for less
  | 'idle-timeout' // silence for longer than idleTimeoutMs
  | 'timeout' // the attempt took longer than timeoutMs
  | 'too-slow' // the body came slower than minBytesPerSecond
  | 'too-large' // the body exceeds maxBodyBytes
  | 'closed'; // the transport was closed by us

export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly fault: TransportFault;

  constructor(fault: TransportFault, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.fault = fault;
  }
}

export interface Transport {
  request(request: TransportRequest): Promise<RawResponse>;
  /** Begins the connection that the first request to an origin will need; that one tells if it failed. */
  connect(origin: string): void;
  /** What the caller still holds of bodies that it was given: it counts against `bodyBudgetBytes`. */
  setHeldBytes(bytes: number): void;
  /** Connections opened so far, by protocol; for the summary. */
  connectionCounts(): Readonly<Record<Protocol, number>>;
  /** Rejects what is in flight with fault `closed`, closes connections, keeps no handle alive. */
  close(): Promise<void>;
}

export interface TransportOptions {
  /** `auto`: by ALPN, HTTP/2 first. `http2` on a plain http URL is prior knowledge (RFC 9113 §3.3). */
  readonly protocol: 'auto' | 'http1' | 'http2';
  /** Most requests this run keeps in flight at once; the pools size themselves by it. */
  readonly concurrency: number;
  /** Proxy per origin, or null. May hold user info. */
  readonly proxyFor: (origin: string) => URL | null;
  /** Extra certificate authorities, PEM; they add to the system's and NODE_EXTRA_CA_CERTS. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  /** Accept any certificate (`-k`). */
  readonly insecure: boolean;
  /** Addresses and blocks that are not public and may be led to. Default none. */
  readonly allowAddresses?: readonly string[];
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  /** A body that comes slower, over a whole `idleTimeoutMs`, is given up; 0 for no limit. */
  readonly minBytesPerSecond: number;
  /** All bodies that are held at once; beyond it those that arrive wait. One larger than that may come alone. */
  readonly bodyBudgetBytes: number;
}

/** What the transport decides by itself; one object, so that tests can make it impatient. */
export interface TransportTuning {
  /** Connections to one HTTP/2 origin, where its stream limit is below what the run wants. */
  readonly maxSessions: number;
  /** A connection with requests in flight that says nothing for so long is asked (PING). */
  readonly silenceMs: number;
  /** A connection that was idle for so long is asked while it carries its next request. */
  readonly idleCheckMs: number;
  /** Without an answer for so long the connection is given up. */
  readonly pingTimeoutMs: number;
  /** After an extra connection failed: none is tried for so long, those that stand carry on. */
  readonly reopenDelayMs: number;
  /** SETTINGS_INITIAL_WINDOW_SIZE. */
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  /** How long `close()` lets connections say goodbye before it cuts them. */
  readonly goodbyeMs: number;
}

export const defaultTuning: TransportTuning = {
  maxSessions: 6,
  silenceMs: 10_000,
  idleCheckMs: 5_000,
  pingTimeoutMs: 5_000,
  reopenDelayMs: 1_000,
  // Behind 40 ms the default windows (64 KiB) give 30 pages of 60 KB a second, these give 1,000.
  streamWindowBytes: 4 * 1024 * 1024,
  connectionWindowBytes: 32 * 1024 * 1024,
  goodbyeMs: 250,
};
