/**
 * Which part of the world an address belongs to, by IANA's registries of special-purpose IPv4 and
 * IPv6 addresses (RFC 6890, as of 2025) and of multicast. Of IPv6 only 2000::/3 is given out to the
 * public; all outside it is not, whatever it will be one day.
 */

import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { TransportError } from './transport.ts';

export type AddressKind =
  | 'public'
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'unique local'
  | 'link-local'
  | 'carrier-grade NAT'
  | 'multicast'
  | 'reserved';

type Block = readonly [network: string, bits: number, kind: AddressKind];

const IPV4: readonly Block[] = [
  ['0.0.0.0', 8, 'unspecified'], // RFC 1122 §3.2.1.3, "this network"; 0.0.0.0 reaches this host
  ['10.0.0.0', 8, 'private'], // RFC 1918
  ['100.64.0.0', 10, 'carrier-grade NAT'], // RFC 6598; clouds keep services of their own here
  ['127.0.0.0', 8, 'loopback'], // RFC 1122 §3.2.1.3
  ['169.254.0.0', 16, 'link-local'], // RFC 3927; where clouds hand out their machines' credentials
  ['172.16.0.0', 12, 'private'], // RFC 1918
  ['192.0.0.0', 24, 'reserved'], // RFC 6890 §2.1; Oracle's cloud answers at 192.0.0.192
  ['192.0.2.0', 24, 'reserved'], // RFC 5737, documentation
  ['192.88.99.0', 24, 'reserved'], // RFC 7526, once relays of 6to4
  ['192.168.0.0', 16, 'private'], // RFC 1918
  ['198.18.0.0', 15, 'reserved'], // RFC 2544, benchmarks
  ['198.51.100.0', 24, 'reserved'], // RFC 5737
  ['203.0.113.0', 24, 'reserved'], // RFC 5737
  ['224.0.0.0', 4, 'multicast'], // RFC 5771
  ['240.0.0.0', 4, 'reserved'], // RFC 1112 §4, and broadcast
];

const IPV6: readonly Block[] = [
  ['::', 128, 'unspecified'], // RFC 4291 §2.5.2
  ['::1', 128, 'loopback'], // RFC 4291 §2.5.3
  ['fc00::', 7, 'unique local'], // RFC 4193
  ['fe80::', 10, 'link-local'], // RFC 4291 §2.5.6
  ['fec0::', 10, 'private'], // RFC 3879, once site-local
  ['ff00::', 8, 'multicast'], // RFC 4291 §2.7
  ['2001::', 23, 'reserved'], // RFC 2928; Teredo (RFC 4380), ORCHID and anycast, but no APIs
  ['2001:db8::', 32, 'reserved'], // RFC 3849, documentation
  ['3fff::', 20, 'reserved'], // RFC 9637, documentation
  ['2000::', 3, 'public'], // RFC 4291 §2.5.4
];

/** RFC 4291 §2.5.5.2. */
const MAPPED: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** Forms of IPv6 that stand for an IPv4 address, and the byte at which it begins. */
const EMBEDDING: readonly (readonly [prefix: readonly number[], at: number])[] = [
  [MAPPED, 12],
  [[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 12], // RFC 6052 §2.1, NAT64
  [[0x20, 0x02], 2], // RFC 3056 §2, 6to4
];

/** Whether an address, as its bytes, begins as a network does. */
function isWithin(address: readonly number[], network: string, bits: number): boolean {
  const bytes = bytesOf(network);
  const all = isIP(network) === 4 ? 96 + bits : bits;
  const last = all >> 3;
  const rest = 8 - (all & 7);
  return (
    bytes.every((byte, at) => at >= last || byte === address[at]) &&
    (rest === 8 || address[last]! >> rest === bytes[last]! >> rest)
  );
}

/**
 * What is not an address is `reserved`: nobody can say where it leads.
 *
 * @param address as a resolver or a URL gives it, without brackets; a zone (`%eth0`) is passed over
 * @example addressKind('::ffff:169.254.169.254') // 'link-local'
 */
export function addressKind(address: string): AddressKind {
  const bare = innermostAddress(address);
  const family = isIP(bare);
  if (family === 0) return 'reserved';
  const bytes = bytesOf(bare);
  const blocks = family === 4 ? IPV4 : IPV6;
  const found = blocks.find(([network, bits]) => isWithin(bytes, network, bits));
  return found?.[2] ?? (family === 4 ? 'public' : 'reserved');
}

/**
 * Whether a URL's host says by itself that it is not public. `localhost` is this machine, whoever
 * resolves it (RFC 6761 §6.3); of other names only a resolver can tell.
 *
 * @param host without brackets
 */
export function isNamedLocal(host: string, kindOf = addressKind): boolean {
  return isIP(host) === 0 ? /(?:^|\.)localhost\.?$/i.test(host) : kindOf(host) !== 'public';
}

/** The IPv4 address that an IPv6 address stands for, else the address itself, without its zone. */
function innermostAddress(address: string): string {
  const bare = withoutZone(address);
  if (isIP(bare) !== 6) return bare;
  const bytes = bytesOf(bare);
  for (const [prefix, at] of EMBEDDING) {
    if (prefix.every((byte, index) => bytes[index] === byte)) {
      return bytes.slice(at, at + 4).join('.');
    }
  }
  return bare;
}

function withoutZone(address: string): string {
  return address.split('%', 1)[0]!;
}

/** The sixteen bytes of a valid address; of an IPv4 address those that it has among those of IPv6. */
function bytesOf(address: string): readonly number[] {
  if (isIP(address) === 4) return [...MAPPED, ...address.split('.').map(Number)];
  const [head = '', tail] = address.split('::');
  const before = groupBytes(head);
  const after = groupBytes(tail ?? '');
  const zeros = new Array<number>(Math.max(0, 16 - before.length - after.length)).fill(0);
  return [...before, ...zeros, ...after];
}

function groupBytes(groups: string): number[] {
  if (groups === '') return [];
  return groups.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

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

/**
 * Where the connections of one origin may go. A server that was given trust as a public one must not
 * lead into the network around us (docs/credentials.md, SECURITY.md): neither by a link or redirect to a name that resolves
 * there, nor by having its own name resolve there later (DNS rebinding). So addresses are checked
 * after they are resolved and before anything is sent to them, for each connection anew.
 */
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

/** Whether an address is one of these: single ones, or blocks as in `10.0.0.0/8`. */
export function addressMatcher(blocks: readonly string[]): (address: string) => boolean {
  const networks = blocks.map((block) => {
    const [network = '', bits = isIP(network) === 4 ? 32 : 128] = block.split('/');
    return [network, Number(bits)] as const;
  });
  const has = (address: string): boolean =>
    isIP(address) !== 0 &&
    networks.some(([network, bits]) => isWithin(bytesOf(address), network, bits));
  return (address) => has(withoutZone(address)) || has(innermostAddress(address));
}
