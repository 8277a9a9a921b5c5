/**
 * Where the connections of one origin may go. A server that was given trust as a public one must not
 * lead into the network around us (FAULTS S2): neither by a link or redirect to a name that resolves
 * there, nor by having its own name resolve there later (DNS rebinding). So addresses are judged
 * after they are resolved and before anything is sent to them, for each connection anew.
 */
import type { LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { type AddressKind, innermostAddress, isNamedLocal } from './address-kind.ts';
import { TransportError } from './transport.ts';

export interface GuardSettings {
  /** Without brackets. */
  readonly host: string;
  /** Whose server led here: from a public one no address but a public one is taken. Null: named. */
  readonly start: Start | null;
  readonly isAllowed: (address: string) => boolean;
  readonly kindOf: (address: string) => AddressKind;
  readonly lookup: LookupFunction;
}

export type Start = Pick<AddressGuard, 'isPublic' | 'learn'>;

/** A public start, or one of which nothing can be known. */
export const publicStart: Start = { isPublic: true, learn: (done) => done() };

export class AddressGuard {
  readonly #settings: GuardSettings;
  #isPublic: boolean | null;

  constructor(settings: GuardSettings) {
    this.#settings = settings;
    // Origins that servers lead to are ones that the user allowed by name: where that name is an
    // address, or localhost, it says what it means.
    if (isNamedLocal(settings.host, settings.kindOf)) this.#isPublic = false;
    else this.#isPublic = isIP(settings.host) === 0 ? null : true;
  }

  /**
   * Whether this origin is one of the public world: what its first connection resolved to, or its
   * address where the URL names one. Null while nothing is known, as behind a proxy, which resolves.
   */
  get isPublic(): boolean | null {
    return this.#isPublic;
  }

  /** Resolves the host for a connection, to those of its addresses that it may go to. */
  readonly lookup: LookupFunction = (name, options, callback) => {
    const { start } = this.#settings;
    const resolve = (): void => this.#resolve(name, options, callback);
    if (start === null || start.isPublic !== null) resolve();
    else start.learn(resolve);
  };

  /** Resolves the host for what it says, without a connection: a run may go on past its start. */
  readonly learn = (done: () => void): void => {
    this.lookup(this.#settings.host, { all: true }, () => done());
  };

  readonly #resolve: LookupFunction = (name, options, callback) => {
    this.#settings.lookup(name, options, (error, found, family) => {
      if (error !== null || found.length === 0) {
        callback(error, found, family);
        return;
      }
      const all: LookupAddress[] =
        typeof found === 'string' ? [{ address: found, family: family ?? isIP(found) }] : found;
      const allowed = this.#allowedOf(all);
      if (allowed.length === 0) callback(this.#refusal(all[0]!.address), '', 0);
      else if (options.all) callback(null, allowed);
      else callback(null, allowed[0]!.address, allowed[0]!.family);
    });
  };

  #allowedOf(all: readonly LookupAddress[]): LookupAddress[] {
    const { kindOf, isAllowed } = this.#settings;
    const isPublic = ({ address }: LookupAddress): boolean => kindOf(address) === 'public';
    // A name that has both public and other addresses at first is a public one, and stays it.
    this.#isPublic ??= this.#isLed() || all.some(isPublic);
    if (!this.#isPublic) return [...all];
    return all.filter((it) => isPublic(it) || isAllowed(it.address));
  }

  #isLed(): boolean {
    const { start } = this.#settings;
    return start !== null && start.isPublic !== false;
  }

  #refusal(address: string): TransportError {
    const { host, kindOf } = this.#settings;
    const isLed = this.#isLed();
    const kind = kindOf(address);
    const what = `${host} ${isLed ? 'resolves' : 'now resolves'} to ${address}, ${article(kind)} address`;
    const before = isLed ? 'the start is a public one' : 'it was a public one before';
    return new TransportError(
      'address',
      `${what}, and ${before}: a server must not lead into your network. If you mean it, add --allow-address ${address}`,
    );
  }
}

function article(kind: AddressKind): string {
  return `${kind === 'unspecified' ? 'an' : 'a'} ${kind}`;
}

/** Whether an address is one of `--allow-address`: single ones, or blocks as in `10.0.0.0/8`. */
export function addressMatcher(blocks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const block of blocks) {
    const [network = '', bits] = block.split('/');
    const family = isIP(network) === 4 ? 'ipv4' : 'ipv6';
    const longest = family === 'ipv4' ? 32 : 128;
    list.addSubnet(network, bits === undefined ? longest : Number(bits), family);
  }
  const has = (address: string): boolean => {
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
  return (address) => has(address.replace(/%.*$/s, '')) || has(innermostAddress(address));
}
