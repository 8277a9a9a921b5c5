/** How a server is told to answer: plain data, so that JSON can carry it. */
import type { BodyChange } from './body-changes.ts';

/** All optional: what is absent is as in the ordinary answer. */
export interface Reply {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Default: the page's own body for 200, nothing for other statuses. */
  readonly body?: string | Uint8Array;
  /** Waits before the first byte of the answer. */
  readonly delayMs?: number;
  /** Sends only so many bytes of the body; what comes then says `reset` or `hang`, else the end. */
  readonly truncateAt?: number;
  /**
   * HTTP/2: RST_STREAM with this code, before the headers or, with `truncateAt`, in mid-body.
   * HTTP/1.1: the socket is destroyed.
   */
  readonly reset?: number;
  /** Falls silent: before the headers or, with `truncateAt`, in mid-body. */
  readonly hang?: boolean;
  /** How the body's end is known. Default `length`. HTTP/2: anything else means no content-length. */
  readonly framing?: 'length' | 'chunked' | 'close';
  /** HTTP/2: GOAWAY with this code; streams above `lastStreamId` are never answered. */
  readonly goaway?: { readonly code: number; readonly lastStreamId: number };
}

/** What only the fault server does. */
export interface FaultReply extends Omit<Reply, 'goaway'> {
  /** Makes something else of the page's own body. */
  readonly change?: BodyChange;
  /** The body comes so slowly. */
  readonly bytesPerSecond?: number;
  /** The body is sent again and again, without end and without a length. */
  readonly endless?: boolean;
  /** GOAWAY, and the stream is above its last id. HTTP/1.1: the connection is closed under the request. */
  readonly goaway?: boolean;
  /** The whole connection falls silent for good, without a FIN. */
  readonly dead?: boolean;
  /** Retry-After as a date so far ahead, by a clock of the server's that is off by so much, with its Date. */
  readonly retryAfterDate?: { readonly aheadMs: number; readonly clockOffMs: number };
}
