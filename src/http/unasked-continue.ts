/**
 * `100 Continue` that nobody asked for. A client skips every interim response, asked for or not (RFC
 * 9110 §15.2). undici skips 102 and 103 and breaks the connection at 100, so it is shown a 102 there:
 * one digit, changed in the bytes before undici reads them.
 */
import type { Socket } from 'node:net';

/** `HTTP/1.1 100`: where the digits of the status stand. */
const STATUS_AT = 9;
const ZERO = 0x30;
const ONE = 0x31;
const TWO = 0x32;
const CR = 0x0d;
const LF = 0x0a;

/** What undici reads of one socket. */
export class UnaskedContinue {
  /** Offset in the status line; from the fourth digit on it stands still. */
  #at = 0;
  #isInterim = true;
  #isLineEmpty = false;

  constructor(socket: Socket) {
    const read = socket.read.bind(socket);
    socket.read = (size?: number): unknown => {
      const bytes: unknown = read(size);
      if (this.#isInterim && bytes instanceof Uint8Array) this.#pass(bytes);
      return bytes;
    };
  }

  /** A request is sent; the head of its response comes next. */
  expectHead(): void {
    this.#at = 0;
    this.#isInterim = true;
    this.#isLineEmpty = false;
  }

  /** Looks through heads up to the status of the final one. */
  #pass(bytes: Uint8Array): void {
    for (let index = 0; index < bytes.length && this.#isInterim; index++) {
      const byte = bytes[index];
      if (this.#at < STATUS_AT + 3) {
        if (this.#at === STATUS_AT) this.#isInterim = byte === ONE;
        if (this.#at === STATUS_AT + 2 && byte === ZERO) bytes[index] = TWO;
        this.#at += 1;
      } else if (byte === LF) {
        if (this.#isLineEmpty) this.expectHead();
        else this.#isLineEmpty = true;
      } else if (byte !== CR) {
        this.#isLineEmpty = false;
      }
    }
  }
}
