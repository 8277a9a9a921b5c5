/**
 * Whether clients keep the waits that a server states with Retry-After. A request that was on its
 * way before its client had read the refusal is no fault of it, and that is decided by cause: a
 * wait counts on a connection from the moment the client is known to have read of it there. How
 * long bytes travel to a client on a busy machine is not guessed.
 */
import type { Http2Session } from 'node:http2';

export class ReadWaits {
  /** Requests that were sent inside a wait by a client that had read of it. */
  early = 0;
  /** By connection, the latest end of the waits read there by the server's clock. */
  readonly #endsAt = new WeakMap<object, number>();

  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Call when a request arrives, before it is answered. */
  arrive(connection: object): void {
    if (this.#now() < this.#endOn(connection)) this.early += 1;
  }

  /** Call when the client is known to have read of a wait that lasts until `endsAt`. */
  read(connection: object, endsAt: number): void {
    this.#endsAt.set(connection, Math.max(endsAt, this.#endOn(connection)));
  }

  #endOn(connection: object): number {
    return this.#endsAt.get(connection) ?? Number.NEGATIVE_INFINITY;
  }
}

/**
 * Calls back when the client has read what was flushed on this session so far. The first PING is
 * answered from the same read as the bytes before it, the second from a later turn of the client's
 * loop: by then its program has seen them too.
 */
export function whenRead(session: Http2Session, then: () => void): void {
  ping(session, () => ping(session, then));
}

function ping(session: Http2Session, then: () => void): void {
  if (session.destroyed) return;
  session.ping((error: Error | null) => {
    if (error === null) then();
  });
}
