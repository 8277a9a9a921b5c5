/** A network that a test makes up: these machines have loopback alone, and no names. */
import type { LookupFunction } from 'node:net';
import type { TransportInternals } from '../../src/http/create-transport.ts';

/** Stands for a public address: what listens on loopback can be reached there. */
export const PUBLIC = '127.0.0.1';
/** Stands for the address of a cloud machine's credentials. */
export const METADATA = '127.0.0.2';

export interface MadeUpNetwork extends TransportInternals {
  readonly lookup: LookupFunction;
  /** Names in the order they were resolved. */
  readonly resolved: readonly string[];
}

/**
 * A resolver that answers each name with its next entry, the last one for ever, and that says of
 * `METADATA` that it is link-local and of all else that it is public.
 *
 * @param names addresses separated by a blank, an entry a resolution
 */
export function makeUpNetwork(names: Readonly<Record<string, readonly string[]>>): MadeUpNetwork {
  const resolved: string[] = [];
  return {
    resolved,
    kindOf: (address) => (address === METADATA ? 'link-local' : 'public'),
    lookup: (name, _options, callback) => {
      const entries = names[name] ?? [];
      const before = resolved.filter((it) => it === name).length;
      resolved.push(name);
      const entry = entries[Math.min(before, entries.length - 1)];
      if (entry === undefined) {
        const failure = { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: name };
        callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), failure), '', 0);
        return;
      }
      const addresses = entry.split(' ');
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    },
  };
}
