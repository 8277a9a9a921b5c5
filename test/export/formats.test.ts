import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { EverypageError } from '../../src/core/errors.ts';
import { formatNameFor, outputForm } from '../../src/export/choose-format.ts';
import {
  type Destination,
  type ExportItem,
  type ExportPage,
  FLUSH,
  type Format,
} from '../../src/export/format.ts';
import { json, ndjson } from '../../src/export/json.ts';

const numRuns = Math.ceil(Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 400) / 2);

function pagesOf(bodies: readonly (string | Uint8Array)[]): ExportPage[] {
  return bodies.map((body, position) => ({
    place: { branch: 0, position },
    url: `https://api.example.com/items?page=${position + 1}`,
    body: Buffer.from(body as string),
  }));
}

function collector(): Destination & { readonly blocks: Buffer[]; text(): string } {
  const blocks: Buffer[] = [];
  return {
    blocks,
    write(bytes) {
      // They are written over.
      blocks.push(Buffer.from(bytes));
    },
    text: () => Buffer.concat(blocks).toString(),
  };
}

async function output(format: Format, bodies: readonly string[], selection: string | null) {
  const destination = collector();
  const counts = await format(pagesOf(bodies), destination, selection);
  const text = destination.text();
  assert.equal(counts.bytes, Buffer.byteLength(text));
  return { text, records: counts.records };
}

describe('NDJSON', () => {
  test('is a line a record, in page order', async () => {
    const bodies = ['{"data":[{"id":1},{"id":2}]}', '{"data":[]}', '{ "data" : [ {"id": 3} ] }\n'];
    const { text, records } = await output(ndjson, bodies, 'data');
    assert.equal(text, '{"id":1}\n{"id":2}\n{"id":3}\n');
    assert.equal(records, 3);
  });

  test('is a line a page where nothing was selected, indented pages included', async () => {
    const { text, records } = await output(
      ndjson,
      ['[1,2]', '{\n  "a": "x y",\n  "b": []\n}\n'],
      null,
    );
    assert.equal(text, '[1,2]\n{"a":"x y","b":[]}\n');
    assert.equal(records, 2);
  });

  test('is empty where there is no record', async () => {
    assert.deepEqual(await output(ndjson, ['{"data":null}', '{"data":[]}'], 'data'), {
      text: '',
      records: 0,
    });
    assert.equal((await output(ndjson, [], 'data')).text, '');
  });
});

describe('JSON', () => {
  test('is one array, a record a line', async () => {
    const bodies = ['{"data":[]}', '{"data":[{"id":1},2]}', '{"data":{"x": [ ]}}'];
    const { text, records } = await output(json, bodies, 'data');
    assert.equal(text, '[\n{"id":1},\n2,\n{"x":[]}\n]\n');
    assert.equal(records, 3);
  });

  test('is an empty array where there is no record', async () => {
    assert.equal((await output(json, [], null)).text, '[]\n');
    assert.equal((await output(json, ['{"data":[]}'], 'data')).text, '[]\n');
  });
});

for (const [name, format] of [
  ['NDJSON', ndjson],
  ['JSON', json],
] as const) {
  describe(`${name} passes records through`, () => {
    const literals = [
      '12345678901234567890',
      '9007199254740993',
      '1.0',
      '-0',
      '1e400',
      '0.1000',
      '"\\u0041\\/\\ud800"',
      '{"b":1,"a":2,"b":3}',
      '{"10":1,"2":2}',
      '{"__proto__":{"x":1},"constructor":2}',
      '"\u2028 é 𝄞 \u007f"',
    ];
    const lines = name === 'JSON' ? `[\n${literals.join(',\n')}\n]\n` : `${literals.join('\n')}\n`;

    test('with every byte as the server sent it, from compact pages', async () => {
      const { text } = await output(format, [`{"data":[${literals.join(',')}]}`], 'data');
      assert.equal(text, lines);
    });

    test('with every byte but white space, from pages with white space', async () => {
      const { text } = await output(format, [`{"data": [\r\n\t${literals.join(' ,\n')}]}`], 'data');
      assert.equal(text, lines);
    });

    test('of any shape, from any page', async () => {
      const property = fc.asyncProperty(
        fc.array(fc.tuple(fc.array(fc.jsonValue()), fc.constantFrom(0, 0, 1))),
        async (pages) => {
          const bodies = pages.map(([items, indent]) =>
            JSON.stringify({ a: 1, items }, null, indent),
          );
          const expected = pages.flatMap(([items]) => items.map((item) => JSON.stringify(item)));
          const { text, records } = await output(format, bodies, 'items');
          const found =
            format === json
              ? text.replace(/^\[\n?|\n?\]\n$/g, '').split(',\n')
              : text.split('\n').slice(0, -1);
          assert.deepEqual(
            found.filter((line) => line !== ''),
            expected,
          );
          assert.equal(records, expected.length);
        },
      );
      await fc.assert(property, { numRuns });
    });

    test('in blocks of about 1 MiB, whatever the size of records and pages', async () => {
      const record = `"${'x'.repeat(3000)}"`;
      const large = `"${'y'.repeat(2_500_000)}"`;
      const records = [...new Array(600).fill(record), large, ...new Array(600).fill(record)];
      const bodies = [`[${records.join(',')}]`, ...records.map((one) => `[${one}]`)].map(
        (list, index) => `{"d":${index % 2 === 0 ? list : list.replace('[', '[ ')}}`,
      );
      const destination = collector();
      const counts = await format(pagesOf(bodies), destination, 'd');
      const all = [...records, ...records];
      const expected = format === json ? `[\n${all.join(',\n')}\n]\n` : `${all.join('\n')}\n`;
      assert.equal(counts.records, all.length);
      assert.ok(destination.text() === expected, 'the text differs');
      const sizes = destination.blocks.map((block) => block.length);
      assert.ok(Math.max(...sizes) < 2_600_000);
      assert.ok(sizes.length < 16, `${sizes.length} blocks`);
    });

    test('to a slow destination, one block at a time, none touched after it was handed over', async () => {
      const record = `{"n":"${'z'.repeat(700)}"}`;
      const body = `[${new Array(300).fill(record).join(',')}]`;
      const received: string[] = [];
      let busy = 0;
      const destination: Destination = {
        async write(bytes) {
          assert.equal(++busy, 1);
          await new Promise((resolve) => setTimeout(resolve, 2));
          received.push(Buffer.from(bytes).toString());
          busy--;
        },
      };
      await format(pagesOf(new Array(20).fill(`{"d":${body}}`)), destination, 'd');
      assert.equal(received.join('').match(/\{"n":"z{700}"\}/g)?.length, 6000);
      assert.ok(received.length > 1);
    });

    test('that an expression selects, whatever it leaves of them', async () => {
      const bodies = [
        '{"d":[{"id":9007199254740993,"x":[ 1.0 ],"s":"\\u0041"},{"id":2,"x":null}]}',
        '{"d":null}',
        '{"d":[{"id":-0,"x":{"b":1e400,"a":2}}]}',
      ];
      const kept = [
        '{"i":9007199254740993,"x":[1.0],"s":"\\u0041"}',
        '{"i":-0,"x":{"b":1e400,"a":2},"s":null}',
      ];
      const { text, records } = await output(format, bodies, 'd[?x].{i: id, x: x, s: s}');
      assert.equal(text, name === 'JSON' ? `[\n${kept.join(',\n')}\n]\n` : `${kept.join('\n')}\n`);
      assert.equal(records, 2);
    });

    test('without those that an earlier page gave', async () => {
      for (const space of ['', ' ']) {
        const bodies = ['[1,2,3]', '[3,4]', '[4]', '[3,4444,5]'].map((body) =>
          body.replaceAll(',', `,${space}`),
        );
        const skips = [0, 1, 1, 2];
        const pages = pagesOf(bodies).map((page, index) => ({ ...page, skip: skips[index]! }));
        const destination = collector();
        const all = [...pages, ...pagesOf(['[6,7]'])];
        const counts = await format(all, destination, '@');
        const lines = ['1', '2', '3', '4', '5', '6', '7'];
        const whole = name === 'JSON' ? `[\n${lines.join(',\n')}\n]\n` : `${lines.join('\n')}\n`;
        assert.equal(destination.text(), whole);
        assert.equal(counts.records, 7);
      }
      const [first] = pagesOf(['[1]']);
      const destination = collector();
      await format([{ ...first!, skip: 1 }], destination, '@');
      assert.equal(destination.text(), name === 'JSON' ? '[]\n' : '');
    });

    test('until an expression does not fit a page: its URL is named', async () => {
      await assert.rejects(output(format, ['[1]', '["a"]'], 'abs(@[0])'), {
        code: 'SELECTION',
        message: /does not fit this page: at character 1, abs\(\) takes a number.*items\?page=2\b/,
      });
      await assert.rejects(output(format, ['[1]'], 'a[').then(), { code: 'SELECTION' });
    });

    test('gathered so far when the next page is not there yet', async () => {
      const destination = collector();
      const seen: string[] = [];
      async function* pages(): AsyncGenerator<ExportItem> {
        const [first, second] = pagesOf(['[1,2]', '[3]']);
        yield first!;
        seen.push(destination.text());
        yield FLUSH;
        seen.push(destination.text());
        yield second!;
      }
      await format(pages(), destination, null);
      const whole = format === json ? '[\n[1,2],\n[3]\n]\n' : '[1,2]\n[3]\n';
      assert.equal(destination.text(), whole);
      assert.equal(seen[0], '');
      assert.ok(seen[1]!.includes('[1,2]') && !seen[1]!.includes('[3]'));
    });

    test('until a page lacks the selection: its URL and its keys are named', async () => {
      const bodies = ['{"data":[1]}', '{"error":"no","\\u001b[2J":1}'];
      await assert.rejects(output(format, bodies, 'data'), (error) => {
        assert.ok(error instanceof EverypageError);
        assert.equal(error.code, 'SELECTION');
        assert.match(error.message, /data is not in this page \(it has: error, \\x1b\[2J\)/);
        assert.match(error.message, /items\?page=2\b/);
        return true;
      });
    });

    test('until a stored page turns out to be no JSON', async () => {
      await assert.rejects(output(format, ['{"data":[1}'], 'data'), { code: 'ARCHIVE_DAMAGED' });
    });

    test('until the destination fails', async () => {
      const failure = new Error('no room');
      const destination: Destination = { write: () => Promise.reject(failure) };
      await assert.rejects(format(pagesOf(['[1]']), destination, null), failure);
    });
  });
}

describe('the format is chosen', () => {
  test('by the extension of the output', () => {
    assert.equal(formatNameFor('a/items.ndjson', null), 'ndjson');
    assert.equal(formatNameFor('items.JSONL', null), 'ndjson');
    assert.equal(formatNameFor('items.v2.json', null), 'json');
    assert.equal(formatNameFor('items.everypage', null), 'none');
    assert.equal(formatNameFor('items.CSV.gz', null), 'csv');
    assert.deepEqual(outputForm('items.tsv.zst', null), { format: 'tsv', compression: '.zst' });
    assert.deepEqual(outputForm('items.gz', 'json'), { format: 'json', compression: '.gz' });
  });

  test('by the override first', () => {
    assert.equal(formatNameFor('/dev/stdout', 'json'), 'json');
    assert.equal(formatNameFor('items.csv', 'ndjson'), 'ndjson');
  });

  for (const path of [
    'a.gz',
    'a.csv.zip',
    'a.everypage.gz',
    'a.orc',
    'a.xlsx',
    'a.duckdb.zip',
    'a',
    'a.constructor',
    '.json',
  ]) {
    test(`not for ${path}: what works is said`, () => {
      assert.throws(() => formatNameFor(path, null), {
        code: 'USAGE',
        message: /\.ndjson.*\.json.*\.everypage is the archive alone.*-f ndjson, -f json/,
      });
    });
  }
});
