/** One thing that a new user tries; it throws where that does not work. */
export interface Check {
  readonly name: string;
  run(server: FixtureServer): Promise<void>;
}

/** What the checks read from. */
export interface FixtureServer {
  /** Plain HTTP/1.1: `/pages/1` and on are pages of records. */
  readonly url: string;
  /** The first page of a list of 100 records, at the same server. */
  readonly listUrl: string;
  /** The same without TLS over HTTP/2. */
  readonly http2Url: string;
  /** A port that neither accepts nor refuses connections. */
  readonly deadUrl: string;
  /** A folder of this check alone. */
  readonly folder: string;
}
