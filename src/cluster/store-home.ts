/** The contract of a store's place: named files, in a folder that all machines reach or in a bucket. */
import type { Transport, TransportOptions } from '../http/transport.ts';

/** A file of a store, on this machine. */
export interface LocalFile {
  readonly path: string;
  /** It is needed no more: what is a copy is removed. */
  release(): void;
}

/** Names are relative, with `/` between: `run.json`, `parts/5f0c-1.everypage`. */
export interface StoreHome {
  /** Its name for people and for the queue: an absolute path, or `s3://bucket/prefix`. Holds no credential. */
  readonly where: string;
  /** @throws EverypageError USAGE where it cannot be written */
  prepare(): Promise<void>;
  /** All of a small file; null where none has the name. */
  read(name: string): Promise<Uint8Array | null>;
  /** The file is whole under its name, or absent; what was there before is replaced. It survives a power cut. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Where a file is written on this machine before `publish` gives it its name in the store, as `write` does. */
  draft(name: string): string;
  publish(name: string): Promise<void>;
  /** A draft is not wanted. */
  discard(name: string): void;
  /**
   * Null where none has the name.
   *
   * @throws EverypageError ARCHIVE_DAMAGED where its bytes are not those that were written
   */
  open(name: string): Promise<LocalFile | null>;
  /** The names in a folder, without its own. A draft may be among them. */
  names(folder: string): Promise<readonly string[]>;
  rename(from: string, to: string): Promise<void>;
  /** Also where it is not there. */
  remove(names: readonly string[]): Promise<void>;
  /** Removes the local copies and drafts on this machine. */
  close(): Promise<void>;
}

/** What a bucket needs besides its name. */
export interface HomeParts {
  /** Credentials, region and endpoint (`AWS_…`), and proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly makeTransport: (options: TransportOptions) => Transport;
}
