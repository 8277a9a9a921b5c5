/**
 * Which part of the world an address belongs to, by IANA's registries of special-purpose IPv4 and
 * IPv6 addresses (RFC 6890, as of 2025) and of multicast. Of IPv6 only 2000::/3 is given out to the
 * public; all outside it is not, whatever it will be one day.
 */
import { BlockList, isIP } from 'node:net';

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

/** Forms of IPv6 that stand for an IPv4 address, and the byte at which it begins. */
const EMBEDDING: readonly (readonly [prefix: readonly number[], at: number])[] = [
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 12], // RFC 4291 §2.5.5.2, mapped
  [[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 12], // RFC 6052 §2.1, NAT64
  [[0x20, 0x02], 2], // RFC 3056 §2, 6to4
];

type Test = readonly [list: BlockList, kind: AddressKind];

const tests = { ipv4: testsOf(IPV4, 'ipv4'), ipv6: testsOf(IPV6, 'ipv6') };

function testsOf(blocks: readonly Block[], family: 'ipv4' | 'ipv6'): readonly Test[] {
  return blocks.map(([network, bits, kind]) => {
    const list = new BlockList();
    list.addSubnet(network, bits, family);
    return [list, kind];
  });
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
  const name = family === 4 ? 'ipv4' : 'ipv6';
  const found = tests[name].find(([list]) => list.check(bare, name));
  return found?.[1] ?? (family === 4 ? 'public' : 'reserved');
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
export function innermostAddress(address: string): string {
  const bare = address.replace(/%.*$/s, '');
  if (isIP(bare) !== 6) return bare;
  const bytes = bytesOf(bare);
  for (const [prefix, at] of EMBEDDING) {
    if (prefix.every((byte, index) => bytes[index] === byte)) {
      return bytes.slice(at, at + 4).join('.');
    }
  }
  return bare;
}

/** The sixteen bytes of a valid IPv6 address. */
function bytesOf(address: string): readonly number[] {
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
