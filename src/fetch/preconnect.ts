/**
 * The first connection, begun before what else a run needs is loaded: loading takes as long as a
 * handshake, and both can go on at once.
 */
import { existsSync } from 'node:fs';
import type { RunOptions } from '../core/options.ts';
import { resolveOptions } from '../core/resolve-options.ts';
import { createTransport, type TransportInternals } from '../http/create-transport.ts';
import type { Transport, TransportOptions } from '../http/transport.ts';
import type { PlanSource } from '../plan/plan.ts';
import { firstOrigin } from '../plan/written-url.ts';
import { transportOptions } from './transport-options.ts';

/** Makes the transport of a reading of the list; `--repair` reads it more than once. */
export type MakeTransport = (options: TransportOptions) => Transport;

export interface Preconnected {
  /** Its first transport has the connection that was begun. */
  readonly make: MakeTransport;
  /** Lets go of a transport that nobody took. */
  close(): Promise<void>;
}

/**
 * Begins to connect to where the first request will go, if that is certain.
 *
 * @throws EverypageError USAGE where an option cannot be meant
 */
export function preconnect(
  sources: readonly PlanSource[],
  userOptions: RunOptions,
  network: TransportInternals = {},
): Preconnected {
  const origin = mayGoOn(userOptions) ? null : firstOrigin(sources);
  let begun: Transport | null = null;
  if (origin !== null) {
    begun = createTransport(transportOptions(resolveOptions(userOptions), process.env), network);
    begun.connect(origin);
  }
  return {
    make(options) {
      const transport = begun ?? createTransport(options, network);
      begun = null;
      return transport;
    },
    close: async () => begun?.close(),
  };
}

/** A run that goes on may find that only its output is missing, and then asks nobody. */
function mayGoOn({ fresh, archive, output }: RunOptions): boolean {
  if (fresh === true) return false;
  const endings = ['', '.part', '.everypage.part'];
  return [archive, output].some(
    (path) =>
      path !== undefined &&
      endings.some((ending) => `${path}${ending}`.endsWith('.part') && existsSync(path + ending)),
  );
}
