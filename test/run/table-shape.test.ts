/** `--columns`, `--nested`, `--schema` and `--provenance`: one meaning in every table. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { exportArchive } from '../../src/index.ts';
import { listedArchive } from '../archive/listed-archive.ts';
import { openDuckDb } from '../export/duckdb.ts';
import { fetchJson } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

const duck = await openDuckDb();
const skip = duck === null ? 'DuckDB is not installed: npm install @duckdb/node-api' : false;

const PAGES = [
  '[{"id":9007199254740993,"at":{"city":"Ulm","geo":{"lat":1.50}},"tags":["a",1]},{"id":2}]',
  '[{"id":3,"at":{"city":"Bonn"},"late":"2024-02-29"}]',
];

function archiveOf(t: TestContext, pages: readonly string[] = PAGES) {
  const { path, folder } = listedArchive(t, pages, { select: '@' });
  const file = (name: string) => join(folder, name);
  return {
    path,
    folder,
    file,
    async exported(name: string, ...args: readonly string[]) {
      const result = await runInProcess(['export', path, '-o', file(name), ...args]);
      assert.equal(result.code, 0, result.stderr);
      return result.stderr;
    },
  };
}

function sqliteRows(path: string): unknown[][] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const query = database.prepare('SELECT * FROM items ORDER BY rowid');
    query.setReadBigInts(true);
    query.setReturnArrays(true);
    return query.all() as unknown as unknown[][];
  } finally {
    database.close();
  }
}

const ITEMS = ['--table', 'items'];

async function described(path: string): Promise<string[]> {
  const types = await duck!.rows(`describe select * from '${path}'`);
  return types.map(([name, type]) => `${name} ${type}`);
}

test('--columns names the columns of every table', { skip }, async (t) => {
  const { exported, file } = archiveOf(t);
  const columns = ['--columns', 'town=at.city,id,ID=id,at,none'];
  for (const [name, args] of [
    ['a.csv', []],
    ['a.db', ITEMS],
    ['a.parquet', []],
  ] as const) {
    const stderr = await exported(name, ...columns, ...args);
    assert.match(stderr, /no record has none: the cells of that column are empty/, name);
  }
  assert.equal(
    readFileSync(file('a.csv'), 'utf8'),
    [
      'town,id,ID,at,none',
      'Ulm,9007199254740993,9007199254740993,"{""city"":""Ulm"",""geo"":{""lat"":1.50}}",',
      ',2,2,,',
      'Bonn,3,3,"{""city"":""Bonn""}",',
      '',
    ].join('\n'),
  );
  const at = ['{"city":"Ulm","geo":{"lat":1.50}}', null, '{"city":"Bonn"}'];
  const ids = [9007199254740993n, 2n, 3n];
  const towns = ['Ulm', null, 'Bonn'];
  const rows = ids.map((id, index) => [towns[index], id, id, at[index], null]);
  assert.deepEqual(sqliteRows(file('a.db')), rows);
  assert.deepEqual(await described(file('a.parquet')), [
    'town VARCHAR',
    'id BIGINT',
    'ID_2 BIGINT',
    'at STRUCT(city VARCHAR, geo STRUCT(lat DECIMAL(3,2)))',
    'none VARCHAR',
  ]);
  const read = await duck!.rows(
    `select town, id, ID_2, "at".geo.lat::varchar, none from '${file('a.parquet')}'`,
  );
  const lats = ['1.50', null, null];
  assert.deepEqual(
    read,
    ids.map((id, index) => [towns[index], id, id, lats[index], null]),
  );
});

test('columns of an empty result are there', { skip }, async (t) => {
  const { exported, file } = archiveOf(t, ['[]']);
  const args = ['--columns', 'id,town=at.city', '--provenance'];
  await exported('a.csv', ...args);
  await exported('a.parquet', ...args);
  await exported('a.db', ...args, ...ITEMS);
  const names = ['id', 'town', '_everypage_page', '_everypage_run'];
  assert.equal(readFileSync(file('a.csv'), 'utf8'), `${names.join(',')}\n`);
  assert.deepEqual(
    (await described(file('a.parquet'))).map((it) => it.split(' ')[0]),
    names,
  );
  assert.deepEqual(sqliteRows(file('a.db')), []);
});

test('--nested json is JSON text in every table', { skip }, async (t) => {
  const { exported, file } = archiveOf(t);
  const nested = ['--nested', 'json'];
  await exported('a.csv', ...nested);
  await exported('a.tsv', ...nested);
  await exported('a.parquet', ...nested);
  await exported('a.db', ...nested, ...ITEMS);
  const csv = readFileSync(file('a.csv'), 'utf8').split('\n');
  assert.equal(csv[0], 'id,at,tags,late');
  assert.equal(csv[1], '9007199254740993,"{""city"":""Ulm"",""geo"":{""lat"":1.50}}","[""a"",1]",');
  assert.equal(readFileSync(file('a.tsv'), 'utf8').split('\n')[0], 'id\tat\ttags\tlate');
  const rows = [
    [9007199254740993n, '{"city":"Ulm","geo":{"lat":1.50}}', '["a",1]', null],
    [2n, null, null, null],
    [3n, '{"city":"Bonn"}', null, '2024-02-29'],
  ];
  assert.deepEqual(sqliteRows(file('a.db')), rows);
  const read = `select id, "at", tags, late::varchar from '${file('a.parquet')}'`;
  assert.deepEqual(await duck!.rows(read), rows);
});

test('--schema takes what everypage schema prints, and gives the same file', {
  skip,
}, async (t) => {
  const { path, exported, file } = archiveOf(t);
  writeFileSync(file('s.json'), (await runInProcess(['schema', path])).stdout);
  const schema = ['--schema', file('s.json')];
  for (const name of ['csv', 'parquet']) {
    await exported(`a.${name}`);
    await exported(`b.${name}`, ...schema);
    assert.deepEqual(readFileSync(file(`b.${name}`)), readFileSync(file(`a.${name}`)), name);
  }
  await exported('a.db', ...ITEMS);
  await exported('b.db', ...ITEMS, ...schema);
  assert.deepEqual(sqliteRows(file('b.db')), sqliteRows(file('a.db')));
});

const PINNED = {
  type: 'object',
  properties: {
    id: { type: 'number', 'x-everypage-type': 'decimal(20, 0)' },
    never: { type: 'integer' },
    at: { type: 'object', properties: { zip: { type: 'string' } } },
    tags: { type: 'array' },
  },
};

test('a pinned column is there whatever comes, before those that are not pinned', {
  skip,
}, async (t) => {
  const { exported, file } = archiveOf(t);
  writeFileSync(file('s.json'), JSON.stringify(PINNED));
  const schema = ['--schema', file('s.json')];
  await exported('a.parquet', ...schema);
  await exported('a.csv', ...schema);
  await exported('a.db', ...schema, ...ITEMS);
  await exported('n.csv', ...schema, '--nested', 'json');
  await exported('c.parquet', ...schema, '--columns', 'never,zip=at.zip,late');
  assert.deepEqual(await described(file('a.parquet')), [
    'id DECIMAL(20,0)',
    'never BIGINT',
    'at STRUCT(zip VARCHAR, city VARCHAR, geo STRUCT(lat DECIMAL(3,2)))',
    'tags VARCHAR',
    'late DATE',
  ]);
  assert.deepEqual(await described(file('c.parquet')), [
    'never BIGINT',
    'zip VARCHAR',
    'late DATE',
  ]);
  const header = (name: string) => readFileSync(file(name), 'utf8').split('\n')[0];
  assert.equal(header('a.csv'), 'id,never,at.zip,at.city,at.geo.lat,tags,late');
  assert.equal(header('n.csv'), 'id,never,at,tags,late');
  assert.deepEqual(sqliteRows(file('a.db'))[1], ['2', null, null, null, null]);
});

test('a value that contradicts a pinned type is named, and no file is written', async (t) => {
  const { path, folder, file } = archiveOf(t);
  const pins = { properties: { id: { type: 'integer' }, late: { type: 'integer' } } };
  writeFileSync(file('s.json'), JSON.stringify({ type: 'object', ...pins }));
  const before = readdirSync(folder).sort();
  for (const name of ['a.csv', 'a.parquet', 'a.db', 'a.tsv.gz']) {
    const args = ['-o', file('b.ndjson'), '-o', file(name), '--schema', file('s.json')];
    const { code, stderr } = await runInProcess(['export', path, ...args]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^everypage: page 2, record 1: late is "2024-02-29", and the schema pins integer \(https:.*\)\. Change .*s\.json, or leave such records out with --where; the pages are kept and need no new fetch\.\n$/,
    );
    assert.deepEqual(readdirSync(folder).sort(), before, name);
  }
  const left = ['--schema', file('s.json'), '--where', '!late'];
  const { code } = await runInProcess(['export', path, '-o', file('a.csv'), ...left]);
  assert.equal(code, 0);
  await assert.rejects(
    exportArchive(path, { output: file('c.csv'), schema: { type: 'object', ...pins } }),
    { code: 'SCHEMA', message: /Change the schema, or/ },
  );
});

test('the number of a record counts those that are left out', async (t) => {
  const { path, file } = archiveOf(t, ['[{"a":1},{"a":2},{"b":1},{"a":"x"}]']);
  writeFileSync(file('s.json'), '{"type":"object","properties":{"a":{"type":"integer"}}}');
  const args = ['-o', file('a.csv'), '--schema', file('s.json'), '--where', 'a && a != `1`'];
  const { stderr } = await runInProcess(['export', path, ...args]);
  assert.match(stderr, /page 1, record 4: a is "x"/);
});

test('a schema that cannot be used is refused before any request', async (t) => {
  const folder = temporaryFolder(t);
  const file = (name: string) => join(folder, name);
  writeFileSync(file('enum.json'), '{"type":"object","properties":{"a":{"enum":[1]}}}');
  writeFileSync(file('bad.json'), '{"type":');
  for (const [name, message] of [
    ['enum.json', /enum\.json, at properties\.a: the keyword "enum" is not supported/],
    ['bad.json', /bad\.json is no JSON Schema: .*everypage schema ARCHIVE prints one/],
    ['none.json', /none\.json cannot be read: it does not exist/],
  ] as const) {
    const output = ['-o', file('a.csv'), '--schema', file(name)];
    const { code, stderr } = await runInProcess(['http://127.0.0.1:1/items', ...output]);
    assert.equal(code, 2);
    assert.match(stderr, message);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  }
  writeFileSync(file('s.csv'), '{}');
  const same = ['-o', file('s.csv'), '--schema', file('s.csv')];
  const { code, stderr } = await runInProcess(['http://127.0.0.1:1/items', ...same]);
  assert.equal(code, 2);
  assert.match(stderr, /the schema and the output are the same file/);
});

test('--provenance says of which page and run each row is, in names of its own', {
  skip,
}, async (t) => {
  const folder = temporaryFolder(t);
  const output = ['a.csv', 'a.db', 'a.parquet', 'a.ndjson'].map((name) => join(folder, name));
  const { summary } = await fetchJson(
    t,
    (url) => {
      const page = Number(url.searchParams.get('page') ?? 1);
      return { body: { data: page > 2 ? [] : [{ id: page, _everypage_page: 'own' }], total: 2 } };
    },
    { output, provenance: true, table: 'items' },
  );
  assert.equal(summary.outputs.length, 4);
  const rows = sqliteRows(output[1]!);
  const [began] = rows[0]!.slice(-1);
  assert.match(String(began), /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(rows, [
    [1n, 'own', '0:0', began],
    [2n, 'own', '0:1', began],
  ]);
  assert.equal(
    readFileSync(output[0]!, 'utf8'),
    `id,_everypage_page,_everypage_page_2,_everypage_run\n1,own,0:0,${began}\n2,own,0:1,${began}\n`,
  );
  const types = await described(output[2]!);
  assert.deepEqual(types.slice(2), [
    '_everypage_page_2 VARCHAR',
    '_everypage_run TIMESTAMP WITH TIME ZONE',
  ]);
  const [[epoch]] = (await duck!.rows(
    `select distinct epoch_ms(_everypage_run) from '${output[2]}'`,
  )) as [[bigint]];
  assert.equal(new Date(Number(epoch)).toISOString(), began);
  assert.equal(
    readFileSync(output[3]!, 'utf8').split('\n')[0],
    '{"id":1,"_everypage_page":"own"}',
    'records of NDJSON stay what the server sent',
  );
  const again = join(folder, 'again.csv');
  const args = ['export', `${output[0]}.everypage`, '-o', again, '--provenance'];
  assert.equal((await runInProcess(args)).code, 0);
  assert.equal(readFileSync(again, 'utf8'), readFileSync(output[0]!, 'utf8'));
});

test('records that are no objects have a place, too', async (t) => {
  const { exported, file } = archiveOf(t, ['[1]', '["x"]']);
  await exported('a.csv', '--provenance');
  const lines = readFileSync(file('a.csv'), 'utf8').split('\n');
  assert.equal(lines[0], 'value,_everypage_page,_everypage_run');
  assert.match(lines[2]!, /^x,0:1,20/);
  await exported('a.db', '--provenance', ...ITEMS);
  assert.deepEqual(
    sqliteRows(file('a.db')).map((row) => row.slice(0, 2)),
    [
      ['1', '0:0'],
      ['"x"', '0:1'],
    ],
  );
});

test('a column of another name is the key of an upsert', async (t) => {
  const { path, file } = archiveOf(t);
  const options = {
    output: file('a.db'),
    table: 'items',
    columns: ['pk=id', 'town=at.city'],
    ifExists: 'upsert',
    key: 'id',
  } as const;
  await exportArchive(path, options);
  await exportArchive(path, options);
  assert.deepEqual(sqliteRows(file('a.db')), [
    [9007199254740993n, 'Ulm'],
    [2n, null],
    [3n, 'Bonn'],
  ]);
});

test('DuckDB takes the same columns, types and origin', { skip }, async (t) => {
  const { exported, file } = archiveOf(t);
  writeFileSync(file('s.json'), JSON.stringify(PINNED));
  const args = ['--schema', file('s.json'), '--columns', 'id,never,town=at.city,tags'];
  await exported('a.duckdb', ...args, '--nested', 'json', '--provenance', ...ITEMS);
  await duck!.rows(`attach '${file('a.duckdb')}' as a (read_only)`);
  const types = await duck!.rows('describe select * from a.items');
  assert.deepEqual(
    types.map(([name, type]) => `${name} ${type}`),
    [
      'id DECIMAL(20,0)',
      'never BIGINT',
      'town VARCHAR',
      'tags VARCHAR',
      '_everypage_page VARCHAR',
      '_everypage_run TIMESTAMP WITH TIME ZONE',
    ],
  );
  const rows = await duck!.rows('select id::varchar, town, tags, _everypage_page from a.items');
  assert.deepEqual(rows, [
    ['9007199254740993', 'Ulm', '["a",1]', '0:0'],
    ['2', null, null, '0:0'],
    ['3', 'Bonn', null, '0:1'],
  ]);
});
