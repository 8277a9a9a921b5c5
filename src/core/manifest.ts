/** What a manifest says of a run and its outputs: docs/manifest.md has each field. */
import type { OutputShape } from './output-shape.ts';
import type { Verdict } from './summary.ts';

/** Counts up when an older everypage could not check a manifest correctly. */
export const MANIFEST_VERSION = 1;

/** An output when it was complete. */
export interface ManifestOutput {
  /** What it is called: its path, or else `stdout`, or the module of a sink. */
  readonly destination: string;
  /**
   * A file's, from the folder of the manifest, with `/` between names; null for what has no name, such as
   * standard output.
   */
  readonly path: string | null;
  readonly format: string;
  /** A database gets so many rows. */
  readonly records: number;
  readonly bytes: number;
  /** Hex SHA-256 of its bytes; null for a database, whose bytes are its program's, and for a sink. */
  readonly sha256: string | null;
}

/** What was asked for, without credentials. */
export interface ManifestRequest {
  readonly urls: readonly string[];
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Hex SHA-256 of the request body, or null. */
  readonly bodySha256: string | null;
  /** What was said of pagination; null for a list or a range. */
  readonly pagination: unknown;
  readonly failWhen: string | null;
}

export interface Manifest {
  readonly manifest: number;
  /** The version that wrote it. */
  readonly everypage: string;
  readonly asked: ManifestRequest;
  /** What the outputs take of each page. */
  readonly takes: OutputShape;
  /** When the archive was begun, when its pages were judged, and when this was written: ISO 8601, UTC. */
  readonly startedAt: string;
  readonly completedAt: string | null;
  readonly writtenAt: string;
  readonly verdict: Verdict;
  readonly pages: number;
  /** In each output; null where nothing was written and nobody counted them. */
  readonly records: number | null;
  /** Hex root of the tree over the pages in page order. */
  readonly merkleRoot: string;
  /** From the folder of the manifest; null where none was kept. */
  readonly archive: string | null;
  readonly outputs: readonly ManifestOutput[];
}
