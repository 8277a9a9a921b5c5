/** What is known of one server, and what is asked of it. */

export interface Peer {
  /** A folder below node_modules, whose package.json says the version, or a name of its own. */
  readonly package: string;
  readonly start: (folder: string) => Promise<RunningPeer>;
  readonly cases: readonly PeerCase[];
}

export interface RunningPeer {
  readonly port: number;
  /** With its version, where it is none of the lock file's packages. */
  readonly name?: string;
  /** Fills it by its own API, where it was not started with its list. */
  readonly fill?: (origin: string) => Promise<void>;
  stop(): Promise<void>;
}

export interface PeerCase {
  /** Path and query, as a user would type them. */
  readonly path: string;
  /** JSON of a POST. It is the request itself, no flag about pagination. */
  readonly body?: string;
  /** All records as the server gives them without pages, or in the fewest. */
  readonly all: (origin: string) => Promise<readonly unknown[]>;
  /** Of how many records it was given, so that `all` is not taken at its word. */
  readonly records: number;
  /** `all` comes not from the server, which may write the same values in other bytes. */
  readonly byValue?: true;
  /** Only for what does not work with the URL alone: the flags that make it work. */
  readonly flags?: readonly string[];
}
