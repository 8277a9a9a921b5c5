import { ErrorCode, nameOfCode } from './protocol-numbers.ts';

/** The peer broke HTTP/2 in a way that ends the connection (RFC 9113 §5.4.1). */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** Sent in our GOAWAY. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(`${message} (${nameOfCode(code)})`);
    this.code = code;
  }
}

/** Where a frame is due stands a response of HTTP/1.1: the peer does not speak HTTP/2. */
export class Http1AnswerError extends ConnectionError {
  constructor() {
    super(ErrorCode.PROTOCOL_ERROR, 'an answer in HTTP/1.1');
  }
}
