/** The contract of a destination that a user writes: docs/library.md, "A destination of your own". */

import { shownOutput } from './database-url.ts';
import type { Place } from './page-request.ts';
import { isSecretName } from './redact.ts';

/** A record on its way to a sink. It is the sink's to keep: nothing of it is written over later. */
export interface SinkRecord {
  /** JSON as the server wrote it, with every digit; only white space between tokens is removed. */
  readonly bytes: Uint8Array;
  text(): string;
  /** `JSON.parse`, which rounds numbers beyond 2^53. */
  json<T = unknown>(): T;
  /** The page that it came in. In its URL, credentials are `REDACTED`. */
  readonly page: { readonly place: Place; readonly url: string };
}

export interface SinkContext {
  /** What follows the path: `sink:./my-sink.ts?table=items` gives `{ table: 'items' }`. */
  readonly options: Readonly<Record<string, string>>;
  /**
   * The same when the same command resumes, and when `export` writes the same archive again: a sink that
   * has committed it may leave the records out, or replace them.
   */
  readonly runId: string;
  /** The field that identifies a record, if one is known. */
  readonly key: string | null;
  /** Aborted when nobody waits for the sink any more. */
  readonly signal: AbortSignal;
}

/**
 * Where records go. Calls come one after another, each when the promise of the one before has resolved. An
 * exception, in any of them, ends the command with one line and exit code 1; the pages stay in the archive.
 */
export interface RecordSink {
  /** The next records in page order: 1,000 at most, of about 1 MiB together. At least one. */
  write(records: readonly SinkRecord[]): Promise<void> | void;
  /** All records were written, and the verdict is good enough. They count from now on. Called once. */
  commit?(): Promise<void> | void;
  /**
   * Nothing that was written counts. Called once, instead of `commit` or after a `commit` that failed; not
   * after a kill. It has 2 seconds; what it throws is ignored.
   */
  abort?(reason: unknown): Promise<void> | void;
}

/**
 * What the module of a sink exports as its default: it opens the sink, once all pages are there.
 *
 * @example
 * export default (({ options }) => {
 *   const lines: string[] = [];
 *   return {
 *     write: (records) => void lines.push(...records.map((record) => record.text())),
 *     commit: () => writeFileSync(options['file']!, lines.join('\n')),
 *   };
 * }) satisfies OpenSink;
 */
export type OpenSink = (context: SinkContext) => RecordSink | Promise<RecordSink>;

/** An output that is a user's own: `sink:./my-sink.ts?table=items`. */
export interface SinkPath {
  /** As messages and results call it: without its options, which may hold a credential. */
  readonly name: string;
  /** Of its module. */
  readonly path: string;
  readonly options: Readonly<Record<string, string>>;
}

const SCHEME = 'sink:';

/** Null for any other output: no file is taken for a sink by its ending. */
export function sinkAt(output: string): SinkPath | null {
  if (!output.startsWith(SCHEME)) return null;
  const [path = '', ...query] = output.slice(SCHEME.length).split('?');
  const options = Object.fromEntries(new URLSearchParams(query.join('?')));
  return { name: `${SCHEME}${path}`, path, options };
}

/** What an output is called where others may read it. */
export function nameOfOutput(output: string): string {
  return sinkAt(output)?.name ?? shownOutput(output);
}

/** Those of the outputs that are files, pipes or databases. */
export function withoutSinks(outputs: readonly string[]): readonly string[] {
  return outputs.filter((output) => sinkAt(output) === null);
}

/** A sink as a command may show it: with its options, less what they hold of credentials. */
export function shownSink(output: string, secretParams: readonly string[]): string {
  return output.replaceAll(/(?<=[?&])([^=&]+)=([^&]*)/g, (whole, name: string) =>
    isSecretName(name, secretParams) ? `${name}=REDACTED` : whole,
  );
}
