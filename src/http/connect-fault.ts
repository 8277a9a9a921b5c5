/** What an error of DNS, TCP or TLS means: its fault, and a message a person can act on. */
import { TransportError, type TransportFault } from './transport.ts';

/** Node's errors carry a code; happy eyeballs wraps one error per address. */
export function errorCode(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return errorCode(error.errors[0]);
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

const NO_ROUTE = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EHOSTDOWN',
  'ENETDOWN',
  'EACCES',
  'EPERM',
]);

/** Alerts by which a server turns our certificate, or the lack of one, down (RFC 8446 §6.2). */
const CLIENT_CERTIFICATE_ALERT =
  /ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|CERTIFICATE_UNKNOWN|ACCESS_DENIED)$/;

/** An error before or during TCP's handshake with `peer` (`host:port`, or `proxy host:port`). */
export function tcpFault(error: unknown, peer: string): TransportError {
  if (error instanceof TransportError) return error;
  const code = errorCode(error);
  const describe = (fault: TransportFault, what: string): TransportError =>
    new TransportError(fault, withProxyCure(what, peer), { cause: error });
  if (code === 'EMFILE' || code === 'ENFILE') {
    const who = code === 'EMFILE' ? 'this process' : 'this machine';
    const cure = code === 'EMFILE' ? 'ulimit -n N allows more, ' : '';
    const what = `${who} has too many open files for a connection to ${peer} (${code})`;
    return new TransportError('open-files', `${what}; ${cure}a lower -c N needs fewer`, {
      cause: error,
    });
  }
  if ((error as { syscall?: unknown }).syscall === 'getaddrinfo' || code === 'ENOTFOUND') {
    const host = peer.replace(/:\d+$/, '');
    const what = `the name of ${host} does not resolve (${code})`;
    return NO_SUCH_NAME.has(code)
      ? describe('no-name', `${what}: is it spelt right, and is there a network?`)
      : describe('dns', `${what}: is there a network?`);
  }
  if (NO_ROUTE.has(code)) {
    const why = code === 'ECONNREFUSED' ? ': nothing listens there' : '';
    return describe('refused', `${peer} cannot be reached (${code})${why}`);
  }
  if (code === 'ETIMEDOUT') {
    return describe('connect-timeout', `${peer} does not answer (${code})`);
  }
  return describe('reset', `the connection to ${peer} broke while it was made (${code || error})`);
}

/** The resolver answered; with every other code it did not. Some systems say these without a network, too. */
const NO_SUCH_NAME = new Set(['ENOTFOUND', 'ENODATA']);

/** A proxy may stand in the environment, where its user no longer thinks of it. */
export function withProxyCure(what: string, peer: string): string {
  if (!peer.startsWith('proxy ')) return what;
  return `${what}${what.endsWith('?') ? '' : ';'} -x, HTTPS_PROXY or http_proxy names it, -x '' goes without a proxy`;
}

/** An error of TLS's handshake with `host` (`host:port`, or `proxy host:port`), whose own certificate was found good or not looked at. */
export function tlsFault(error: unknown, host: string): TransportError {
  if (error instanceof TransportError) return error;
  const code = errorCode(error);
  const clientCertificate = clientCertificateFault(error, host);
  if (clientCertificate !== null) return clientCertificate;
  if (code.endsWith('ALERT_NO_APPLICATION_PROTOCOL')) return noHttp2Fault(host);
  const what = `the TLS handshake with ${host} failed (${code || error})${handshakeCure(code)}`;
  const fault = NO_TLS.has(code) ? 'no-tls' : 'tls';
  return new TransportError(fault, withProxyCure(what, host), { cause: error });
}

function handshakeCure(code: string): string {
  if (NO_TLS.has(code)) return ': it does not speak TLS on this port; write http:// in its URL';
  // Before TLS 1.3 the lack of a client certificate has no alert of its own (RFC 5246 §7.4.6).
  if (code.endsWith('ALERT_HANDSHAKE_FAILURE')) {
    return `: does it want ${CLIENT_CERTIFICATE_CURE}?`;
  }
  return '';
}

const CLIENT_CERTIFICATE_CURE = 'a client certificate (--cert FILE --cert-key FILE)';

/** TLS 1.3 servers say so only after the handshake, so this may also come up under a request. */
export function clientCertificateFault(error: unknown, host: string): TransportError | null {
  const code = errorCode(error);
  if (!CLIENT_CERTIFICATE_ALERT.test(code)) return null;
  return new TransportError(
    'certificate',
    `${host} wants a client certificate that it accepts (${code}): --cert FILE --cert-key FILE; -k does not help here`,
    { cause: error },
  );
}

/** What to ask of one who says nothing, or nothing that HTTP knows, where plain HTTP was spoken. */
export const TLS_QUESTION = 'does it speak TLS (https://)?';

export function noHttp2Fault(host: string): TransportError {
  return new TransportError('protocol', `${host} does not speak HTTP/2: leave out --http2`);
}

/** What a server answers that takes TLS's first bytes for a request. */
const NO_TLS = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
]);

const UNKNOWN = 'is signed by an authority that this machine does not know';
const TRUST = '--cacert FILE trusts its authority, -k accepts any';

/** An authority cures no date and no name, so it is not named for these. */
const REASON: Readonly<Record<string, readonly [reason: string, cure: string]>> = {
  CERT_HAS_EXPIRED: ['has expired', "is this machine's clock right? -k accepts any"],
  CERT_NOT_YET_VALID: ['is not valid yet', "is this machine's clock right? -k accepts any"],
  CERT_REVOKED: ['was revoked', '-k accepts any'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['is self-signed', '--cacert FILE trusts it, -k accepts any'],
  SELF_SIGNED_CERT_IN_CHAIN: [UNKNOWN, TRUST],
  UNABLE_TO_GET_ISSUER_CERT: [UNKNOWN, TRUST],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [UNKNOWN, TRUST],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [UNKNOWN, TRUST],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'is for another name',
    'is the host of the URL the right one? -k accepts any',
  ],
};

export function certificateFault(error: unknown, host: string): TransportError {
  const code = errorCode(error);
  const [reason, cure] = REASON[code] ?? ['cannot be verified', TRUST];
  return new TransportError(
    'certificate',
    withProxyCure(`the certificate of ${host} ${reason} (${code}); ${cure}`, host),
    { cause: error },
  );
}

/** The authority is not in the list at hand; another list may hold it. */
export function isUnknownAuthority(error: unknown): boolean {
  return error instanceof TransportError && REASON[errorCode(error.cause)]?.[0] === UNKNOWN;
}
