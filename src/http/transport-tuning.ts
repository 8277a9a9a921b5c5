/** What the transport decides by itself; one object, so that tests can make it impatient. */
export interface TransportTuning {
  /** Connections to one HTTP/2 origin, where its stream limit is below what the run wants. */
  readonly maxSessions: number;
  /** A connection with requests in flight that says nothing for so long is asked (PING). */
  readonly silenceMs: number;
  /** A connection that was idle for so long is asked while it carries its next request. */
  readonly idleCheckMs: number;
  /** Without an answer for so long the connection is given up. */
  readonly pingTimeoutMs: number;
  /** After an extra connection failed: none is tried for so long, those that stand carry on. */
  readonly reopenDelayMs: number;
  /** SETTINGS_INITIAL_WINDOW_SIZE. */
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  /** How long `close()` lets connections say goodbye before it cuts them. */
  readonly goodbyeMs: number;
}

export const defaultTuning: TransportTuning = {
  maxSessions: 6,
  silenceMs: 10_000,
  idleCheckMs: 5_000,
  pingTimeoutMs: 5_000,
  reopenDelayMs: 1_000,
  // Behind 40 ms the default windows (64 KiB) give 30 pages of 60 KB a second, these give 1,000.
  streamWindowBytes: 4 * 1024 * 1024,
  connectionWindowBytes: 32 * 1024 * 1024,
  goodbyeMs: 250,
};
