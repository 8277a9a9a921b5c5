/** What it means that an HTTP/1.1 request ended without a whole response, in words a person can act on. */
import type { Attempt } from './attempt.ts';
import { errorCode, TLS_QUESTION, withProxyCure } from './connect-fault.ts';
import { TransportError, type TransportFault } from './transport.ts';

/** As over HTTP/2. */
export const MAX_HEADER_BYTES = 64 * 1024;

export interface Http1Peer {
  /** `host:port`, or `proxy host:port`. */
  readonly name: string;
  /** Without TLS between here and there. */
  readonly isPlain: boolean;
  /** We present one where it is asked for. */
  readonly hasClientCertificate: boolean;
  /** Whether any request ever had an answer. */
  readonly hasAnswered: boolean;
}

/** @param reused the connection has carried a response before */
export function http1Fault(
  attempt: Attempt,
  error: Error,
  reused: boolean,
  peer: Http1Peer,
): TransportError {
  if (error instanceof TransportError) return error;
  const { name } = peer;
  const code = errorCode(error);
  const say = (fault: TransportFault, what: string): TransportError =>
    new TransportError(fault, withProxyCure(what, name), { cause: error });
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return say('protocol', `${name} sent headers of more than ${MAX_HEADER_BYTES} bytes`);
  }
  if (attempt.isShort()) {
    return new TransportError('truncated', attempt.lengthMismatch(), { cause: error });
  }
  if (isTruncation(error)) return say('truncated', `${name} ended the body in its middle`);
  if (error.name === 'HTTPParserError') return say('protocol', notHttp1(error, peer));
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    return say('protocol', `the request cannot be sent over HTTP/1.1: ${error.message}`);
  }
  if (attempt.hasHead) {
    // Neither content-length nor the connection's end frames it, so it is chunked, and cut.
    const fault = code === 'UND_ERR_SOCKET' ? 'truncated' : 'reset';
    return say(fault, `${name} closed the connection within the body${shown(code)}`);
  }
  if (reused && attempt.request.method === 'GET') {
    return say('unprocessed', `${name} closed an idle connection under the request`);
  }
  if (peer.hasAnswered) {
    return say('reset', `${name} closed the connection under the request${shown(code)}`);
  }
  const question = peer.isPlain ? `; ${TLS_QUESTION}` : certificateQuestion(peer);
  return say('reset', `${name} closed the connection before it answered${shown(code)}${question}`);
}

/** Node's servers, for one, close without an alert where they do not accept it. */
function certificateQuestion({ hasClientCertificate }: Http1Peer): string {
  return hasClientCertificate ? '; does it accept the client certificate (--cert)?' : '';
}

function notHttp1(error: Error, { name, isPlain, hasAnswered }: Http1Peer): string {
  if (hasAnswered || !error.message.includes('Expected HTTP/')) {
    return `${name} broke HTTP/1.1: ${error.message}`;
  }
  const data = String((error as { data?: unknown }).data ?? '');
  // An alert of TLS, or a handshake (RFC 8446 §5.1).
  const isTls = isPlain && ['\x15\x03', '\x16\x03'].some((start) => data.startsWith(start));
  return `${name} does not answer in HTTP${isTls ? `; ${TLS_QUESTION}` : ''}`;
}

/** undici's own codes tell users nothing that the words do not. */
function shown(code: string): string {
  return code === '' || code.startsWith('UND_') ? '' : ` (${code})`;
}

/** undici 8 gives parser errors no code, so the parser's words have to do. */
function isTruncation(error: Error): boolean {
  return (
    errorCode(error) === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ||
    (error.name === 'HTTPParserError' && error.message.includes('EOF'))
  );
}
