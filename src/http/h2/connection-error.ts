import { nameOfCode } from './protocol-numbers.ts';

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
