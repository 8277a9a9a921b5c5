import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { decodeBody } from '../../src/decode/content-encoding.ts';

const CAP_BYTES = 4_000_000;
const page = Buffer.from(
  JSON.stringify({ data: Array.from({ length: 500 }, (_, id) => ({ id, name: `record ${id}` })) }),
);

const encoders = {
  gzip: ['gzip', gzipSync],
  'x-gzip': ['x-gzip', gzipSync],
  'zlib deflate': ['deflate', deflateSync],
  'bare deflate': ['deflate', deflateRawSync],
  br: ['br', brotliCompressSync],
  zstd: ['zstd', zstdCompressSync],
} as const;

function decoded(wire: Uint8Array, encoding: string | null): Buffer {
  const result = decodeBody(wire, encoding, CAP_BYTES);
  assert.ok(result.ok, JSON.stringify(result));
  return Buffer.from(result.bytes);
}

function reasonFor(wire: Uint8Array, encoding: string, maxDecodedBytes = CAP_BYTES): string {
  const result = decodeBody(wire, encoding, maxDecodedBytes);
  assert.ok(!result.ok, 'it was accepted');
  return result.reason;
}

test('a body without encoding is passed on as it is, up to the cap', () => {
  for (const encoding of [null, '', 'identity', ' Identity , identity']) {
    const result = decodeBody(page, encoding, page.length);
    assert.ok(result.ok);
    assert.equal(result.bytes, page);
  }
  assert.match(reasonFor(page, 'identity', page.length - 1), /larger than [\d,]+ bytes/);
});

for (const [name, [encoding, encode]] of Object.entries(encoders)) {
  describe(name, () => {
    const wire = encode(page);

    test('is decoded, in whatever case its name is written', () => {
      assert.deepEqual(decoded(wire, encoding), page);
      assert.deepEqual(decoded(wire, ` ${encoding.toUpperCase()} `), page);
    });

    test('is decoded at every size, the empty body and exact chunks included', () => {
      for (const size of [0, 1, 63, 64, 1023, 1024, 16_383, 16_384, 65_536, 1_048_576, 3_000_000]) {
        const body = Buffer.alloc(size, randomBytes(1000).toString('hex'));
        assert.ok(decoded(encode(body), encoding).equals(body), `${size} bytes`);
      }
    });

    test('is refused when cut anywhere', () => {
      for (let length = 1; length < wire.length; length += length < 40 ? 1 : 97) {
        const reason = reasonFor(wire.subarray(0, length), encoding);
        assert.match(reason, /ends early/, `cut to ${length}: ${reason}`);
      }
      assert.match(reasonFor(wire.subarray(0, -1), encoding), /ends early/);
    });

    test('is refused when anything follows its end', () => {
      for (const rest of [
        'x',
        'garbage',
        '\0',
        '\0\0\0\0\0\0\0\0',
        '{"a":1}',
        'x'.repeat(100_000),
      ]) {
        const reason = reasonFor(Buffer.concat([wire, Buffer.from(rest)]), encoding);
        assert.match(reason, /follow|ends early/, `${rest.slice(0, 9)}: ${reason}`);
      }
    });

    test('is refused when the header names it and the body is something else', () => {
      assert.match(reasonFor(page, encoding), /is not|is damaged|ends early/);
      for (const [other, [otherName, encodeOther]] of Object.entries(encoders)) {
        if (otherName.endsWith(encoding) || encoding.endsWith(otherName)) continue;
        const result = decodeBody(encodeOther(page), encoding, CAP_BYTES);
        assert.ok(!result.ok, `${other} was read as ${encoding}`);
      }
    });

    test('is refused beyond the cap, and accepted at it', () => {
      const atCap = decodeBody(wire, encoding, page.length);
      assert.ok(atCap.ok);
      assert.match(reasonFor(wire, encoding, page.length - 1), /larger than [\d,]+ bytes decoded/);
      assert.match(reasonFor(encode(Buffer.alloc(20_000_000)), encoding), /larger than 4,000,000/);
    });
  });
}

test('a gzip body of several members is decoded', () => {
  const wire = Buffer.concat([gzipSync('[1,'), gzipSync(''), gzipSync('2]')]);
  assert.equal(decoded(wire, 'gzip').toString(), '[1,2]');
  assert.match(reasonFor(wire.subarray(0, -3), 'gzip'), /ends early/);
});

test('a zstd body of several frames is decoded, skippable ones included', () => {
  const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]);
  const wire = Buffer.concat([zstdCompressSync('[1,'), skippable, zstdCompressSync('2]')]);
  assert.equal(decoded(wire, 'zstd').toString(), '[1,2]');
  assert.match(reasonFor(wire.subarray(0, -1), 'zstd'), /ends early/);
  assert.match(reasonFor(wire, 'zstd', 4), /larger than 4 bytes/);
  const endless = Buffer.concat(new Array(1000).fill(zstdCompressSync('')));
  // Node 24 stops after the first frame and says what follows it; Node 26 reads them all, to nothing.
  const result = decodeBody(endless, 'zstd', CAP_BYTES);
  assert.ok(result.ok ? result.bytes.length === 0 : /follow the end/.test(result.reason));
});

test('damage in the middle is found by the checksums of gzip and zlib', () => {
  for (const [encoding, encode] of [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const) {
    const wire = encode(randomBytes(5000));
    wire[2500] = wire[2500]! ^ 1;
    assert.match(reasonFor(wire, encoding), /damaged|ends early/);
  }
});

test('two layers are decoded in the right order, three are refused', () => {
  const twice = brotliCompressSync(gzipSync(page));
  assert.deepEqual(decoded(twice, 'gzip, br'), page);
  assert.deepEqual(decoded(twice, 'gzip,identity,,br'), page);
  assert.match(reasonFor(twice, 'br, gzip'), /is not gzip/);
  assert.match(reasonFor(gzipSync(twice), 'gzip, br, gzip'), /3 layers/);
  const bombInBomb = gzipSync(gzipSync(Buffer.alloc(100_000_000)));
  assert.match(reasonFor(bombInBomb, 'gzip, gzip'), /larger than/);
});

test('an unknown encoding is refused, its name escaped and short', () => {
  assert.match(reasonFor(page, 'compress'), /"compress" is not known/);
  assert.match(reasonFor(page, 'constructor'), /"constructor" is not known/);
  assert.equal(
    reasonFor(page, `\u001b[2J${'x'.repeat(500)}`),
    `the content-encoding "\\x1b[2j${'x'.repeat(32)}…" is not known`,
  );
});

test('a bomb costs little more memory than the cap', () => {
  const bomb = gzipSync(Buffer.alloc(400_000_000));
  const before = process.memoryUsage().arrayBuffers;
  const peakBefore = process.resourceUsage().maxRSS;
  assert.match(reasonFor(bomb, 'gzip', 8_000_000), /larger than 8,000,000/);
  assert.ok(process.memoryUsage().arrayBuffers - before < 40_000_000);
  assert.ok(process.resourceUsage().maxRSS - peakBefore < 60_000, 'kilobytes more at the peak');
});

test('a body that unpacks to more than 200 times its size is refused, if it is more than 16 MiB', () => {
  const spaces = (mib: number) => gzipSync(Buffer.alloc(mib * 1024 * 1024, ' '));
  const refused = decodeBody(spaces(17), 'gzip', 1e9);
  assert.ok(!refused.ok && refused.isTooLarge);
  assert.match(
    refused.reason,
    /more than 200 times its [\d,]+ bytes; -H 'accept-encoding: identity'/,
  );
  assert.ok(decodeBody(spaces(15), 'gzip', 1e9).ok);
  const limited = decodeBody(spaces(15), 'gzip', 1e6);
  assert.ok(!limited.ok && limited.isTooLarge);
  assert.match(limited.reason, /larger than 1,000,000 bytes decoded; --max-decoded-bytes/);
});
