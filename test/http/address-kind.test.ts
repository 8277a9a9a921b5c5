import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type AddressKind,
  addressKind,
  addressMatcher,
  isNamedLocal,
} from '../../src/http/address-guard.ts';

/** First and last of every block, and their neighbours outside it. */
const IPV4: readonly (readonly [AddressKind, inside: string, outside: string])[] = [
  ['unspecified', '0.0.0.0 0.255.255.255', '1.0.0.0'],
  ['private', '10.0.0.0 10.255.255.255', '9.255.255.255 11.0.0.0'],
  ['carrier-grade NAT', '100.64.0.0 100.127.255.255', '100.63.255.255 100.128.0.0'],
  ['loopback', '127.0.0.0 127.0.0.1 127.255.255.255', '126.255.255.255 128.0.0.0'],
  ['link-local', '169.254.0.0 169.254.169.254', '169.253.255.255 169.255.0.0'],
  ['private', '172.16.0.0 172.31.255.255', '172.15.255.255 172.32.0.0'],
  ['reserved', '192.0.0.0 192.0.0.192 192.0.0.255', '191.255.255.255 192.0.1.0'],
  ['reserved', '192.0.2.0 192.0.2.255', '192.0.1.255 192.0.3.0'],
  ['reserved', '192.88.99.1', '192.88.98.255 192.88.100.0'],
  ['private', '192.168.0.0 192.168.255.255', '192.167.255.255 192.169.0.0'],
  ['reserved', '198.18.0.0 198.19.255.255', '198.17.255.255 198.20.0.0'],
  ['reserved', '198.51.100.7 203.0.113.7', '198.51.101.0 203.0.114.0'],
  ['multicast', '224.0.0.0 239.255.255.255', '223.255.255.255'],
  ['reserved', '240.0.0.0 255.255.255.255', '8.8.8.8'],
];

const IPV6: readonly (readonly [AddressKind, inside: string, outside: string])[] = [
  ['unspecified', ':: 0:0:0:0:0:0:0:0', '2606:4700:4700::1111'],
  ['loopback', '::1 0:0:0:0:0:0:0:1 ::1%lo', '2a00:1450:4001:827::200e'],
  ['unique local', 'fc00:: fd12:3456::1 fdff:ffff::', '2000::'],
  ['link-local', 'fe80:: fe80::1%eth0 febf:ffff::', '3ffe:ffff::'],
  ['private', 'fec0::1', '2001:200::'],
  ['multicast', 'ff02::1 ffff::', '2001:db7::'],
  ['reserved', '2001:: 2001:0:53aa:64c::1 2001:1ff::', '2001:200:: 2001:4860:4860::8888'],
  ['reserved', '2001:db8::1 3fff::1 3fff:fff::', '2001:db9:: 3ffe:: 3fff:1000::'],
  ['reserved', '100::1 64:ff9b:1::a00:1 5f00::1 4000:: ::a.b ::7f00:1 nonsense', '2620:4f:8000::1'],
];

for (const [kind, inside, outside] of [...IPV4, ...IPV6]) {
  test(`${inside.split(' ')[0]} is ${kind}, and what stands beside its block is not`, () => {
    for (const address of inside.split(' ')) assert.equal(addressKind(address), kind, address);
    for (const address of outside.split(' ')) assert.equal(addressKind(address), 'public', address);
  });
}

test('an IPv6 address that stands for an IPv4 one is of that one’s kind, in any spelling', () => {
  for (const [kind, forms] of [
    ['loopback', '::ffff:127.0.0.1 ::ffff:7f00:1 0:0:0:0:0:FFFF:7F00:0001'],
    ['link-local', '::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 64:ff9b::169.254.169.254'],
    ['private', '::ffff:a00:1 64:ff9b::c0a8:1 2002:a00:1:: 2002:c0a8:0101::1'],
    ['carrier-grade NAT', '2002:6440::1'],
    ['public', '::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1'],
  ] as const) {
    for (const address of forms.split(' ')) assert.equal(addressKind(address), kind, address);
  }
});

test('every IPv4 address is of the same kind by itself, mapped, behind NAT64 and in 6to4', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const [a, b, c, d] = address.split('.').map((it) => Number(it).toString(16).padStart(2, '0'));
      const kind = addressKind(address);
      assert.equal(addressKind(`::ffff:${address}`), kind);
      assert.equal(addressKind(`64:ff9b::${a}${b}:${c}${d}`), kind);
      assert.equal(addressKind(`2002:${a}${b}:${c}${d}:1::`), kind);
    }),
    { numRuns: 500 },
  );
});

test('any text and any IPv6 address has a kind, and is public only within 2000::/3 or as IPv4', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV6(), fc.string()), (address) => {
      if (addressKind(address) !== 'public') return;
      assert.match(address, /^[23][0-9a-f]{3}:|ffff:|^0*64:0*ff9b:|^\d+\.\d+\.\d+\.\d+/i);
    }),
    { numRuns: 500 },
  );
});

test('a host says by itself that it is local as an address or as localhost, whatever its spelling', () => {
  for (const url of [
    'http://127.1/',
    'http://0x7f.0.0.1/',
    'http://2130706433/',
    'http://[::ffff:10.0.0.1]/',
    'http://LOCALHOST./',
    'http://api.localhost:8080/',
  ]) {
    assert.ok(isNamedLocal(new URL(url).hostname.replace(/^\[|\]$/g, '')), url);
  }
  for (const host of ['localhost.example.com', 'notlocalhost', '8.8.8.8', 'intranet']) {
    assert.ok(!isNamedLocal(host), host);
  }
});

test('an allowed address is allowed in all its forms, a block in all its addresses', () => {
  const isAllowed = addressMatcher(['10.0.0.5', '192.168.0.0/16', 'fd00::/8', '::1']);
  for (const address of ['10.0.0.5', '::ffff:10.0.0.5', '192.168.9.9', 'fd12::1', '::1']) {
    assert.ok(isAllowed(address), address);
  }
  for (const address of ['10.0.0.6', '::ffff:10.0.0.6', 'fe80::1%eth0', '::2', 'nonsense']) {
    assert.ok(!isAllowed(address), address);
  }
});
