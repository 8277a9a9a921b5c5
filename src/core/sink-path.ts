/** Outputs that are a user's own: `sink:./my-sink.ts?table=items`. */
import { shownOutput } from './database-url.ts';
import { isSecretName } from './redact.ts';

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
