/** What the two protocols of the fault server have in common. */
import type { FaultReply } from './reply.ts';

/** A reply with the ordinary answer's parts in place of absent ones. */
export interface FullReply extends Omit<FaultReply, 'headers' | 'body' | 'status' | 'change'> {
  readonly status: number;
  /** A repeated field stands repeatedly; content-length is not among them. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

export interface FaultConnection {
  /** A request came; `play` is called when it is to be answered, unless the connection has fallen silent. */
  answer(path: string, play: (reply: FullReply, isLast: boolean) => void): void;
}

/** Between two parts of an endless body: it shall end a client's patience and not our processor. */
export const ENDLESS_PAUSE = 1;

/** Sends byte by byte; call what it returns to stop. */
export function dripping(
  bytes: Uint8Array,
  perSecond: number,
  send: (byte: Uint8Array) => void,
): () => void {
  let at = 0;
  const timer = setInterval(() => {
    if (at < bytes.length) send(bytes.subarray(at, ++at));
  }, 1000 / perSecond);
  return () => clearInterval(timer);
}
