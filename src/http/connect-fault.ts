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
  const isProxy = peer.startsWith('proxy ');
  const otherProxy = "; --proxy URL names another, --proxy '' none";
  const describe = (fault: TransportFault, what: string): TransportError =>
    new TransportError(fault, what, { cause: error });
  if ((error as { syscall?: unknown }).syscall === 'getaddrinfo' || code === 'ENOTFOUND') {
    const cure = isProxy
      ? otherProxy
      : '; check its spelling, or give --proxy URL where names are for a proxy to resolve';
    return describe('dns', `the name of ${peer} does not resolve (${code})${cure}`);
  }
  const cure = isProxy ? otherProxy : '';
  if (NO_ROUTE.has(code)) return describe('refused', `${peer} cannot be reached (${code})${cure}`);
  if (code === 'ETIMEDOUT') {
    return describe('connect-timeout', `${peer} does not answer (${code})${cure}`);
  }
  return describe('reset', `the connection to ${peer} broke while it was made (${code || error})`);
}

/** An error of TLS's handshake with `host`, whose own certificate was found good or not looked at. */
export function tlsFault(error: unknown, host: string): TransportError {
  if (error instanceof TransportError) return error;
  const code = errorCode(error);
  const clientCertificate = clientCertificateFault(error, host);
  if (clientCertificate !== null) return clientCertificate;
  if (code.endsWith('ALERT_NO_APPLICATION_PROTOCOL')) return noHttp2Fault(host);
  return new TransportError('tls', `the TLS handshake with ${host} failed (${code || error})`, {
    cause: error,
  });
}

/** TLS 1.3 servers say so only after the handshake, so this may also come up under a request. */
export function clientCertificateFault(error: unknown, host: string): TransportError | null {
  const code = errorCode(error);
  if (!CLIENT_CERTIFICATE_ALERT.test(code)) return null;
  return new TransportError(
    'certificate',
    `${host} wants a client certificate that it accepts (${code}): --cert FILE --cert-key FILE`,
    { cause: error },
  );
}

export function noHttp2Fault(host: string): TransportError {
  return new TransportError('protocol', `${host} does not speak HTTP/2: leave out --http2`);
}

const REASON: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_REVOKED: 'was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'is signed by an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT: 'is signed by an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'is signed by an authority that this machine does not know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'is signed by an authority that this machine does not know',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another name',
};

export function certificateFault(error: unknown, host: string): TransportError {
  const code = errorCode(error);
  const reason = REASON[code] ?? 'cannot be verified';
  return new TransportError(
    'certificate',
    `the certificate of ${host} ${reason} (${code}); --cacert FILE trusts its authority, -k accepts any`,
    { cause: error },
  );
}

/** The authority is not in the list at hand; another list may hold it. */
export function isUnknownAuthority(error: unknown): boolean {
  return error instanceof TransportError && UNKNOWN_AUTHORITY.has(errorCode(error.cause));
}

const UNKNOWN_AUTHORITY = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
