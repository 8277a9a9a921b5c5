import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { type AskedTable, tableOptions } from '../../src/core/table-options.ts';
import { csv, tsv } from '../../src/export/csv.ts';
import type { ExportPage, TableFormat } from '../../src/export/format.ts';

const numRuns = Math.ceil(Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 800) / 5);
const PAGE_RECORDS = 3;

/** Records as JSON text, a few a page, as a server may send them. */
function pagesOf(records: readonly string[]): ExportPage[] {
  const pages: ExportPage[] = [];
  for (let from = 0; from < records.length; from += PAGE_RECORDS) {
    const body = Buffer.from(`{"data":[${records.slice(from, from + PAGE_RECORDS).join(',')}]}`);
    const place = { branch: 0, position: pages.length };
    pages.push({ place, url: `https://api.example.com/items?page=${pages.length + 1}`, body });
  }
  return pages;
}

async function written(records: readonly string[], asked: AskedTable = {}, format = csv) {
  const blocks: Uint8Array[] = [];
  const destination = { write: (bytes: Uint8Array) => void blocks.push(bytes) };
  const pages = pagesOf(records);
  const result = await format(() => pages, destination, 'data', tableOptions(asked));
  const text = Buffer.concat(blocks).toString();
  assert.equal(result.bytes, Buffer.byteLength(text));
  assert.equal(result.records, records.length);
  return { text, notes: result.notes };
}

async function textOf(records: readonly string[], asked: AskedTable = {}, format?: TableFormat) {
  return (await written(records, asked, format)).text;
}

describe('the columns', () => {
  test('are those of all records, however late they come', async () => {
    const records = ['{"id":1}', '{"id":2}', '{"id":3}', '{"id":4,"late":true}'];
    assert.equal(await textOf(records), 'id,late\n1,\n2,\n3,\n4,true\n');
  });

  test('of objects have dots in their names, and stand together', async () => {
    const records = [
      '{"at":{"city":"Rome"},"id":1}',
      '{"id":2,"at":{"geo":{"lat":1.50},"city":"Bonn"}}',
    ];
    assert.equal(await textOf(records), 'at.city,at.geo.lat,id\nRome,,1\nBonn,1.50,2\n');
  });

  test('hold lists as JSON text, without white space', async () => {
    assert.equal(await textOf(['{"tags":[ "a", {"b" : 1} ]}']), 'tags\n"[""a"",{""b"":1}]"\n');
  });

  test('are two where a value is an object in one record and something else in another', async () => {
    const records = ['{"a":{"b":1}}', '{"a":"x"}', '{"a":[1]}', '{"a":null}', '{"a":{}}', '{}'];
    assert.equal(await textOf(records), 'a,a.b\n,1\nx,\n[1],\n,\n{},\n,\n');
  });

  test('are one where there is nothing but null or {} beside objects', async () => {
    assert.equal(
      await textOf(['{"a":null}', '{"a":{}}', '{"a":{"b":1,"c":2}}']),
      'a.b,a.c\n,\n,\n1,2\n',
    );
    assert.equal(await textOf(['{"a":{},"b":null}']), 'a,b\n{},\n');
  });

  test('get a suffix where their name is empty or stands twice, which is said once', async () => {
    const { text, notes } = await written(['{"a.b":1,"a":{"b":2},"":3}']);
    assert.equal(text, 'a.b,a.b_2,unnamed\n1,2,3\n');
    assert.equal(notes.length, 1);
    assert.match(notes[0]!, /a\.b_2, unnamed/);
  });

  test('take the last of equal keys, as JSON.parse does', async () => {
    assert.equal(
      await textOf(['{"a":{"x":1},"b":2,"a":{"y":3}}', '{"a":{"x":4}}']),
      'a.x,a.y,b\n,3,2\n4,,\n',
    );
    assert.equal(await textOf(['{"a":{"x":1},"a":2}', '{"a":{"x":4}}']), 'a,a.x\n2,\n,4\n');
  });

  test('know a key however it is written', async () => {
    assert.equal(await textOf(['{"id":1}', String.raw`{"\u0069d":2}`]), 'id\n1\n2\n');
  });

  test('are one called value where records are no objects', async () => {
    assert.equal(await textOf(['1', '"x"', '[1,2]', '1e400']), 'value\n1\nx\n"[1,2]"\n1e400\n');
    assert.equal(await textOf(['{"value":1}', '"x"']), 'value,value_2\n1,\n,x\n');
    assert.equal(await textOf(['{}', '{}']), 'value\n{}\n{}\n');
  });

  test('stay one where an object is a dictionary of thousands of keys', async () => {
    const record = (from: number) => {
      const members = Array.from({ length: 1500 }, (_, index) => `"k${from + index}":${index}`);
      return `{"id":${from},"prices":{${members.join(',')}}}`;
    };
    const text = await textOf([record(0), record(1000)]);
    const [header, first] = parse(text) as string[][];
    assert.deepEqual(header, ['id', 'prices']);
    assert.equal(JSON.parse(first![1]!)['k1499'], 1499);
  });

  test('end where objects nest without end', async () => {
    const depth = 5000;
    const record = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    const [header, row] = parse(await textOf([record])) as string[][];
    assert.equal(header!.length, 1);
    assert.match(row![0]!, /^\{"a":/);
  });

  test('are nothing for no records', async () => {
    assert.equal(await textOf([]), '');
    assert.equal(await textOf([], { columns: ['id', 'name'] }), 'id,name\n');
  });
});

describe('--columns', () => {
  const records = [
    '{"id":1,"path":{"to":{"b":"x"}},"more":0}',
    '{"id":2,"path":{"to":{"b":{"c":[1, 2]}}}}',
  ];

  test('names columns by their paths', async () => {
    const text = await textOf(records, { columns: ['b=path.to.b', 'id'] });
    assert.equal(text, 'b,id\nx,1\n"{""c"":[1,2]}",2\n');
  });

  test('may take an object and what is in it', async () => {
    const text = await textOf(records, { columns: ['to=path.to', 'c=path.to.b.c', 'all=@'] });
    const rows = parse(text) as string[][];
    assert.deepEqual(rows[2], [
      '{"b":{"c":[1,2]}}',
      '[1,2]',
      '{"id":2,"path":{"to":{"b":{"c":[1,2]}}}}',
    ]);
  });

  test('says which column no record has', async () => {
    const { text, notes } = await written(['{"id":1}'], { columns: ['id', 'nmae'] });
    assert.equal(text, 'id,nmae\n1,\n');
    assert.match(notes.join(), /no record has nmae/);
  });

  for (const columns of [[], ['='], ['a='], ['=a'], ['a', 'a=b']]) {
    test(`does not take ${JSON.stringify(columns)}`, () => {
      assert.throws(() => tableOptions({ columns }), { code: 'USAGE' });
    });
  }
});

describe('a cell', () => {
  test('has the digits of its number', async () => {
    const numbers = [
      '9223372036854775807',
      '12345678901234567890',
      '1e400',
      '-0',
      '1.0',
      '0.100',
      '3.141592653589793238462643383279',
      '1E+2',
    ];
    const text = await textOf(numbers.map((number) => `{"n":${number}}`));
    assert.equal(text, `n\n${numbers.join('\n')}\n`);
  });

  test('is quoted where it must be, and nowhere else', async () => {
    const values = [
      'a,b',
      'say "x"',
      'two\nlines',
      'cr\rhere',
      'a;b',
      ' a ',
      'é𝄞',
      '',
      'tab\there',
    ];
    const text = await textOf(values.map((value) => JSON.stringify({ v: value, w: 1 })));
    const quoted = [
      '"a,b"',
      '"say ""x"""',
      '"two\nlines"',
      '"cr\rhere"',
      'a;b',
      ' a ',
      'é𝄞',
      '""',
      'tab\there',
    ];
    assert.equal(text, `v,w\n${quoted.map((cell) => `${cell},1\n`).join('')}`);
  });

  test('is empty for null and for what is missing, and two quotes where nothing else stands in its line', async () => {
    assert.equal(await textOf(['{"a":null,"b":1}', '{"b":2}', '{"a":""}']), 'a,b\n,1\n,2\n"",\n');
    assert.equal(await textOf(['{"a":1}', '{"a":null}', '{}']), 'a\n1\n""\n""\n');
  });

  test('keeps half a surrogate pair as it was written', async () => {
    const written = String.raw`{"a":"x\ud800y","b":"\ud83d\ude00\u00e9\u0041"}`;
    assert.equal(await textOf([written]), `a,b\n${String.raw`x\ud800y`},😀éA\n`);
  });

  test('of TSV is quoted at tabs and line ends', async () => {
    const text = await textOf(['{"a":"x\\ty","b":"1\\n2","c":"d,e"}'], {}, tsv);
    assert.equal(text, 'a\tb\tc\n"x\ty"\t"1\n2"\td,e\n');
  });

  test('is no formula with --csv-safe, and numbers are numbers', async () => {
    const cells = ['=1+1', '+1', '-1', '@a', '\t=1', '\r=1', '=a,b', 'a=1'];
    const text = await textOf([...cells.map((cell) => JSON.stringify({ '=c': cell, n: -1 }))], {
      csvSafe: true,
    });
    const rows = parse(text) as string[][];
    assert.deepEqual(rows[0], ["'=c", 'n']);
    assert.deepEqual(rows.slice(1), [
      ...cells.slice(0, 7).map((cell) => [`'${cell}`, '-1']),
      ['a=1', '-1'],
    ]);
  });
});

test('--csv-bom and --csv-delimiter do what they say', async () => {
  const text = await textOf(['{"a":"x;y","b":"1,5"}'], { csvBom: true, csvDelimiter: ';' });
  assert.equal(text, '\ufeffa;b\n"x;y";1,5\n');
  assert.equal(await textOf(['{"a":1,"b":2}'], { csvDelimiter: 'tab' }), 'a\tb\n1\t2\n');
  for (const csvDelimiter of ['', ';;', '"', '\n', 'a', '1', '.', '-', 'é']) {
    assert.throws(() => tableOptions({ csvDelimiter }), { code: 'USAGE' }, csvDelimiter);
  }
});

/** What the cells of a record are, by another way: flattened values in the order of the columns. */
function flatten(value: unknown, path: string, into: Map<string, unknown>): void {
  if (
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value) ||
    Object.keys(value).length === 0
  ) {
    if (value !== null) into.set(path, value);
    return;
  }
  for (const [key, member] of Object.entries(value))
    flatten(member, path === '' ? key : `${path}.${key}`, into);
}

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const documents = (() => {
  const key = fc.constantFrom('a', 'b', 'c d', 'é', '"q"', 'x,y', 'line\nend', '__proto__x');
  const scalar = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('', ' ', '"', '""', ',', '\n', '\r\n', '\t', '=1', '\\', '\u0000', 'null'),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  const { record } = fc.letrec<{ record: unknown; value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }),
      tie('record'),
    ),
    record: fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  }));
  return fc.array(fc.tuple(record, fc.constantFrom(0, 0, 1)), { minLength: 1, maxLength: 8 });
})();

describe('random documents', () => {
  for (const [name, format, delimiter] of [
    ['CSV', csv, ','],
    ['TSV', tsv, '\t'],
  ] as const) {
    test(`come back from ${name} as they were`, async () => {
      const property = fc.asyncProperty(documents, async (drawn) => {
        const texts = drawn.map(([document, indent]) => JSON.stringify(document, null, indent));
        const text = await textOf(texts, {}, format);
        const [header = [], ...rows] = parse(text, {
          delimiter,
          record_delimiter: '\n',
        }) as string[][];
        const values = drawn.map(([document]) => {
          const into = new Map<string, unknown>();
          flatten(document, '', into);
          return into;
        });
        assert.equal(rows.length, values.length);
        // Every value of a record stands under its name, and where it has none there is nothing.
        for (const [index, row] of rows.entries()) {
          if (header.length === 1 && header[0] === 'value') continue;
          for (const [at, column] of header.entries()) {
            const value = values[index]!.get(column);
            assert.equal(row[at], cellOf(value));
          }
          for (const [path, value] of values[index]!) {
            const isNothing = typeof value === 'object' && !Array.isArray(value);
            if (path !== '' && !isNothing) assert.ok(header.includes(path), `no column ${path}`);
          }
        }
        // The same bytes as another writer, which does not tell an empty string from nothing.
        const again = stringify([header, ...rows], {
          delimiter,
          quoted_empty: false,
          record_delimiter: '\n',
          quoted_match: /[\r\n]/,
        });
        if (header.length > 1)
          assert.equal(text.replaceAll(EMPTY_QUOTES, '$1'), again.replaceAll(EMPTY_QUOTES, '$1'));
      });
      await fc.assert(property, { numRuns });
    });
  }
});

const EMPTY_QUOTES = /(^|[\n,\t])""(?=[\n,\t]|$)/g;

test('Python reads it', (context) => {
  const found = spawnSync('python3', ['-c', 'import csv'], { encoding: 'utf8' });
  if (found.status !== 0) return context.skip('python3 is not there');
  return checkInPython();
});

async function checkInPython(): Promise<void> {
  const values = ['a,b', 'say "x"', 'two\nlines', 'cr\rhere', '', 'é𝄞', '\\', "it's"];
  for (const [format, dialect] of [
    [csv, 'excel'],
    [tsv, 'excel-tab'],
  ] as const) {
    const text = await textOf(
      values.map((value, id) => JSON.stringify({ id, value })),
      {},
      format,
    );
    const script = `import csv,io,json,sys
text = io.TextIOWrapper(sys.stdin.buffer, encoding='utf-8', newline='')
print(json.dumps(list(csv.reader(text, dialect='${dialect}'))))`;
    const { stdout, stderr } = spawnSync('python3', ['-c', script], {
      input: text,
      encoding: 'utf8',
    });
    const rows = [['id', 'value'], ...values.map((value, id) => [String(id), value])];
    assert.deepEqual(JSON.parse(stdout || stderr), rows);
  }
}
