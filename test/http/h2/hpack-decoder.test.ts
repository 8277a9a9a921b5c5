import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HpackDecoder, HpackEncoder } from '../../../src/http/h2/hpack.ts';
import { ConnectionError } from '../../../src/http/h2/protocol.ts';

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');

function decode(decoder: HpackDecoder, hex: string): string[] | null {
  const bytes = bytesOf(hex);
  return decoder.decode(bytes, 0, bytes.length);
}

const newDecoder = (tableBytes = 4096): HpackDecoder => new HpackDecoder(65_536, tableBytes);

const FIRST = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'];
const SECOND = [...FIRST, 'cache-control', 'no-cache'];
const THIRD = [
  ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html'],
  ...[':authority', 'www.example.com', 'custom-key', 'custom-value'],
];
const DATE = 'Mon, 21 Oct 2013 20:13:21 GMT';
const LOCATION = 'https://www.example.com';
const RESPONSE = ['cache-control', 'private', 'date', DATE, 'location', LOCATION];
const COOKIE = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
const RESPONSES = [
  [':status', '302', ...RESPONSE],
  [':status', '307', ...RESPONSE],
  [
    ...[':status', '200', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
    ...['location', LOCATION, 'content-encoding', 'gzip', 'set-cookie', COOKIE],
  ],
];

interface Example {
  readonly name: string;
  readonly tableBytes: number;
  /** A block, what it says, and the bytes in the table afterwards. */
  readonly blocks: readonly (readonly [hex: string, fields: string[], tableBytes: number])[];
}

/** RFC 7541 appendix C. */
const EXAMPLES: readonly Example[] = [
  {
    name: 'C.2.1, a literal with indexing',
    tableBytes: 4096,
    blocks: [
      [
        '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
        ['custom-key', 'custom-header'],
        55,
      ],
    ],
  },
  {
    name: 'C.2.2, a literal without indexing',
    tableBytes: 4096,
    blocks: [['040c 2f73 616d 706c 652f 7061 7468', [':path', '/sample/path'], 0]],
  },
  {
    name: 'C.2.3, a literal never indexed',
    tableBytes: 4096,
    blocks: [['1008 7061 7373 776f 7264 0673 6563 7265 74', ['password', 'secret'], 0]],
  },
  { name: 'C.2.4, an indexed field', tableBytes: 4096, blocks: [['82', [':method', 'GET'], 0]] },
  {
    name: 'C.3, requests without Huffman coding',
    tableBytes: 4096,
    blocks: [
      ['8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', FIRST, 57],
      ['8286 84be 5808 6e6f 2d63 6163 6865', SECOND, 110],
      ['8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65', THIRD, 164],
    ],
  },
  {
    name: 'C.4, requests with Huffman coding',
    tableBytes: 4096,
    blocks: [
      ['8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', FIRST, 57],
      ['8286 84be 5886 a8eb 1064 9cbf', SECOND, 110],
      ['8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf', THIRD, 164],
    ],
  },
  {
    name: 'C.5, responses without Huffman coding, in a table of 256 bytes',
    tableBytes: 256,
    blocks: [
      [
        `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133
         2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70
         6c65 2e63 6f6d`,
        RESPONSES[0]!,
        222,
      ],
      ['4803 3330 37c1 c0bf', RESPONSES[1]!, 222],
      [
        `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d
         54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049
         5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e
         3d31`,
        RESPONSES[2]!,
        215,
      ],
    ],
  },
  {
    name: 'C.6, responses with Huffman coding, in a table of 256 bytes',
    tableBytes: 256,
    blocks: [
      [
        `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6
         2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
        RESPONSES[0]!,
        222,
      ],
      ['4883 640e ffc1 c0bf', RESPONSES[1]!, 222],
      [
        `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
         77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f
         9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
        RESPONSES[2]!,
        215,
      ],
    ],
  },
];

for (const { name, tableBytes, blocks } of EXAMPLES) {
  test(`RFC 7541 ${name}, decodes as printed`, () => {
    const decoder = newDecoder(tableBytes);
    for (const [hex, fields, size] of blocks) {
      assert.deepEqual(decode(decoder, hex), fields);
      assert.equal(decoder.tableBytes, size);
    }
  });
}

const BROKEN: Readonly<Record<string, string>> = {
  'index 0': '80',
  'an index beyond both tables': 'be',
  'a name beyond both tables': '7f 00 01 61',
  'a number without end': 'ff ff ff ff ff ff 0f',
  'a number cut off': 'ff 80',
  'a string longer than the block': '00 05 61 62',
  'a block that ends before a value': '00 01 61',
  'a literal without its name': '40',
  'a Huffman string with EOS in it': '00 01 61 84 ff ff ff ff',
  'Huffman padding of eight bits and more': '00 01 61 82 1f ff',
  'Huffman padding that is not all ones': '00 01 61 81 18',
  'a table size update behind a field': '82 20',
  'a table size above what was agreed': '3f e2 1f',
};

for (const [what, hex] of Object.entries(BROKEN)) {
  test(`${what} is a compression error`, () => {
    assert.throws(
      () => decode(newDecoder(), hex),
      (error) => error instanceof ConnectionError && error.code === 9,
    );
  });
}

test('a table size update evicts, and lets the table grow again', () => {
  const decoder = newDecoder();
  decode(decoder, '4001 6101 62');
  assert.deepEqual(decode(decoder, 'be'), ['a', 'b']);
  decode(decoder, '20 3fe1 1f');
  assert.throws(() => decode(decoder, 'be'), ConnectionError);
  decode(decoder, '4001 6101 63');
  assert.deepEqual(decode(decoder, 'be'), ['a', 'c']);
});

test('an entry larger than the table empties it and is still a field', () => {
  const decoder = newDecoder(64);
  decode(decoder, '4001 6101 62');
  const long = Buffer.concat([bytesOf('400161 28'), Buffer.alloc(40, 'x')]);
  assert.deepEqual(decoder.decode(long, 0, long.length), ['a', 'x'.repeat(40)]);
  assert.equal(decoder.tableBytes, 0);
});

test('a list above the limit is dropped, and the table kept right', () => {
  const decoder = new HpackDecoder(100);
  assert.equal(decode(decoder, '4001 6101 62 4001 6301 64 4001 6501 66'), null);
  assert.deepEqual(decode(decoder, 'be c0'), ['e', 'f', 'a', 'b']);
});

test('one byte that stands for 4,000 cannot blow up memory', () => {
  const decoder = newDecoder();
  const entry = Buffer.concat([bytesOf('4001 61 7f a11e'), Buffer.alloc(4000, 'x')]);
  assert.equal(decoder.decode(entry, 0, entry.length)?.[1]?.length, 4000);
  assert.equal(decoder.decode(Buffer.alloc(60_000, 0xbe), 0, 60_000), null);
});

test('what the encoder writes the decoder reads, whatever the fields, kinds and table sizes', () => {
  const text = fc.string({ unit: 'grapheme-ascii', maxLength: 300 });
  const name = fc.oneof(fc.constantFrom(':path', 'accept', 'x-a', 'x-b', 'age'), text);
  const kind = fc.constantFrom('indexed', 'plain', 'secret');
  const step = fc.oneof(
    fc.array(fc.tuple(name, fc.oneof(fc.constantFrom('1', '2'), text), kind), { maxLength: 12 }),
    fc.integer({ min: 0, max: 6000 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const encoder = new HpackEncoder();
      const decoder = newDecoder();
      for (const item of steps) {
        if (typeof item === 'number') {
          encoder.limitTable(item);
          continue;
        }
        const out: number[] = [];
        encoder.begin(out);
        for (const [field, value, of] of item) encoder.field(out, field, value, of);
        const bytes = Buffer.from(out);
        const fields = item.flatMap((field) => field.slice(0, 2));
        assert.deepEqual(decoder.decode(bytes, 0, bytes.length), fields);
      }
    }),
    { numRuns: 300 },
  );
});

test('random bytes decode or are a compression error, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (blocks) => {
      const decoder = newDecoder();
      for (const block of blocks) {
        try {
          decoder.decode(Buffer.from(block), 0, block.length);
        } catch (error) {
          assert.ok(error instanceof ConnectionError && error.code === 9, String(error));
        }
        assert.ok(decoder.tableBytes <= 4096);
      }
    }),
    { numRuns: 1000 },
  );
});
