/** One attempt on one HTTP/2 stream. */
import type { Attempt } from './attempt.ts';
import type { Abort, ResponseSink } from './h2/client-stream.ts';
import type { HeaderValues } from './transport.ts';

/** What an exchange tells its connection. */
export interface ExchangeOwner {
  /** A part of a response came. */
  onHeard(): void;
  /** The stream counts no longer against the server's limit. */
  onRelease(): void;
  /** The stream ended without a whole response; the attempt is still open. */
  onFailure(attempt: Attempt, abort: Abort): void;
}

export class Http2Exchange implements ResponseSink {
  readonly #attempt: Attempt;
  readonly #owner: ExchangeOwner;

  constructor(attempt: Attempt, owner: ExchangeOwner) {
    this.#attempt = attempt;
    this.#owner = owner;
  }

  onHead(status: number, headers: HeaderValues): void {
    this.#owner.onHeard();
    this.#attempt.takeHead(status, headers);
  }

  onData(bytes: Uint8Array): void {
    this.#owner.onHeard();
    this.#attempt.takeChunk(bytes);
  }

  mayGoOn(): boolean {
    return this.#attempt.mayGoOn();
  }

  onEnd(): void {
    this.#attempt.finish('HTTP/2');
    this.#owner.onRelease();
  }

  onAbort(abort: Abort): void {
    if (!this.#attempt.settled) this.#owner.onFailure(this.#attempt, abort);
    this.#owner.onRelease();
  }
}
