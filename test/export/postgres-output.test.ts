import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { EverypageError } from '../../src/core/errors.ts';
import { type AskedTable, tableOptions } from '../../src/core/table-options.ts';
import type { ExportPage } from '../../src/export/format.ts';
import { postgres } from '../../src/export/postgres.ts';
import { createPostgresDestination } from '../../src/export/postgres-connection.ts';
import { type ColumnType, createInference } from '../../src/schema/schema.ts';
import { documents, exact, exactNumber, exactValue } from '../schema/exact-values.ts';
import {
  execute,
  type PostgresServer,
  skipPostgres,
  startPostgres,
} from '../servers/postgres-server.ts';

const numRuns = Math.ceil(Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 800) / 100);
const skip = skipPostgres;
let server: PostgresServer;

before(async () => {
  if (skip === false) server = await startPostgres();
});
after(() => server?.stop());

type Asked = AskedTable & { readonly key?: string };

async function write(records: readonly string[], asked: Asked = {}, url = server.url) {
  const pages: ExportPage[] = records.map((record, position) => ({
    place: { branch: 0, position },
    url: `https://api.example.com/items?page=${position + 1}`,
    body: Buffer.from(`{"data":[${record}]}`),
  }));
  const options = tableOptions({ table: 'items', ...asked });
  const destination = await createPostgresDestination(url, options);
  try {
    const counts = await postgres(() => pages, destination, 'data', options);
    await destination.commit();
    return counts;
  } finally {
    await destination.abort();
  }
}

const rows = (sql = 'SELECT * FROM items') => server.rows(sql);
const drop = (...tables: readonly string[]) =>
  execute(server, tables.map((table) => `DROP TABLE IF EXISTS ${table} CASCADE`).join(';'));

function columns(table = 'items'): string[] {
  return rows(
    `SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
     WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
  ).map((row) => row.join(' '));
}

const usage = (message: RegExp) => (error: unknown) =>
  error instanceof EverypageError && error.code === 'USAGE' && message.test(error.message);

test('types of a PostgreSQL table are those of the columns', { skip }, async () => {
  drop('items');
  await write([
    '{"i":9223372036854775807,"d":1.50,"big":12345678901234567890123456789012345678,"f":-0,"b":true}',
    '{"day":"2024-02-29","at":"2024-02-29T01:02:03.5+02:00","s":"é\\t\\\\\\n","j":[1,"x"],"n":null}',
    '{"l":[{"a":1,"b":["x"]}],"select":1,"ID":1,"id":2,"":3,"ctid":4,"mixed":"a","odd":"\\ud83d"}',
    '{"mixed":1,"far":1e400}',
  ]);
  assert.deepEqual(columns(), [
    'i bigint',
    'd numeric(3,2)',
    'big numeric(38,0)',
    'f double precision',
    'b boolean',
    'day date',
    'at timestamp with time zone',
    's text',
    'j jsonb',
    'n text',
    'l jsonb',
    'select bigint',
    'ID bigint',
    'id_2 bigint',
    'unnamed bigint',
    'ctid_2 bigint',
    'mixed jsonb',
    'odd json',
    'far jsonb',
  ]);
  assert.deepEqual(
    rows(
      "SELECT obj_description('items'::regclass), col_description('items'::regclass, 7), col_description('items'::regclass, 14)",
    ),
    [['made by everypage', 'the server writes the offset +02:00', 'the field "id"']],
  );
  assert.deepEqual(
    rows('SELECT i, d, big, f FROM items LIMIT 1'),
    [['9223372036854775807', '1.50', null, '-0']].map((row) =>
      row.with(2, '12345678901234567890123456789012345678'),
    ),
  );
});

/** What `psql` shows of a value, as `exact` of its record has it. */
function shown(type: ColumnType, text: string | null): unknown {
  if (text === null) return null;
  switch (type.kind) {
    case 'integer':
    case 'decimal':
    case 'double':
      return exactNumber(text);
    case 'boolean':
      return text === 't';
    case 'date':
      return text;
    case 'timestamp':
      return exactValue(type, BigInt(text));
    case 'string':
      return type.hasNul ? exact(text) : text;
    default:
      return exact(text);
  }
}

test('random lists: PostgreSQL holds every value, digit by digit', { skip }, async () => {
  await fc.assert(
    fc.asyncProperty(documents, fc.boolean(), async (records, isAppended) => {
      drop('items');
      const inference = createInference();
      for (const record of records) inference.add(Buffer.from(record), 0);
      const schema = inference.schema();
      await write(records);
      // Over a table that is there rows go another way.
      await write(records, isAppended ? { ifExists: 'append' } : {});
      const names = rows(
        "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = 'items'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
      );
      const values = schema.columns.map(({ type }, index) => {
        const name = names[index]![0]!;
        return type.kind === 'timestamp' ? `(extract(epoch FROM ${name}) * 1000000)::bigint` : name;
      });
      const told = rows(`SELECT ${values.join(', ')} FROM items`).map((row) => {
        const all = schema.columns.map(({ key, type }, index) => [key, shown(type, row[index]!)]);
        if (schema.isWhole) return all[0]![1];
        return Object.fromEntries(
          all.filter(([, it]) => it !== null).sort(([a], [b]) => (a! < b! ? -1 : 1)),
        );
      });
      const meant = records.map((record) => exact(record));
      assert.deepEqual(told, isAppended ? [...meant, ...meant] : meant);
    }),
    { numRuns },
  );
});

test('text with NUL becomes json, and the page and record are named', { skip }, async () => {
  drop('items');
  const { notes } = await write(['{"a":"x"}', '{"a":"y"},{"a":"b\\u0000c"}']);
  assert.match(
    notes.join(),
    /column a is json, because it has text with NUL \(record 2 of .*page=2\)/,
  );
  assert.deepEqual(rows(), [['"x"'], ['"y"'], ['"b\\u0000c"']]);
  drop('items');
  await write(['{"a":"x"}']);
  await assert.rejects(
    write(['{"a":"\\u0000"}'], { ifExists: 'append' }),
    usage(/the column a .* is text/),
  );
  assert.deepEqual(rows(), [['x']]);
});

test('jsonb becomes json for what it cannot hold, also in a table that is there', {
  skip,
}, async () => {
  drop('items');
  await write(['{"o":{"b":1,"a":1.50}}']);
  assert.deepEqual(rows(), [['{"a": 1.50, "b": 1}']]);
  const { notes } = await write(['{"o":{"b":-0}}'], { ifExists: 'append' });
  assert.match(notes.join(), /o is json, because it has a value that jsonb cannot hold/);
  assert.deepEqual(rows(), [['{"a": 1.50, "b": 1}'], ['{"b":-0}']]);
  await write(['{"o":{"b":2,  "a":"\\ud83d\\ude00"}}'], { nested: 'json', table: 'spelled' });
  assert.deepEqual(rows('SELECT * FROM spelled'), [['{"b":2,"a":"\\ud83d\\ude00"}']]);
  assert.deepEqual(columns('spelled'), ['o json']);
});

test('a right that the user lacks is named before anything is read', { skip }, async () => {
  drop('items', 'kept');
  execute(
    server,
    `CREATE TABLE kept (id bigint PRIMARY KEY); CREATE ROLE writer LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
     GRANT INSERT (id), SELECT ON kept TO writer`,
  );
  const url = server.url.replace(/postgres@|user=postgres/, (as) =>
    as.replace('postgres', 'writer'),
  );
  assert.notEqual(url, server.url);
  const open = async (asked: Asked): Promise<void> =>
    (await createPostgresDestination(url, tableOptions({ table: 'kept', ...asked }))).abort();
  const lacks = (what: RegExp) => (error: unknown) =>
    error instanceof EverypageError && error.code === 'OUTPUT_WRITE' && what.test(error.message);
  await assert.rejects(
    open({ table: 'items' }),
    lacks(/user writer lacks CREATE on schema public/),
  );
  await assert.rejects(open({ ifExists: 'replace' }), lacks(/lacks DELETE on table kept/));
  await assert.rejects(
    open({ ifExists: 'upsert', key: 'id' }),
    lacks(/lacks UPDATE on table kept/),
  );
  await open({ ifExists: 'append' });
  execute(server, 'REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC');
  await assert.rejects(open({ ifExists: 'append' }), lacks(/TEMPORARY on database postgres\. Ask/));
  execute(server, 'DROP TABLE kept; DROP ROLE writer');
});

test('a replaced table keeps rights, views and indexes, and has the new columns', {
  skip,
}, async () => {
  drop('items');
  await write(['{"id":1,"old":true,"turns":1}']);
  execute(
    server,
    `CREATE INDEX own ON items (id); CREATE VIEW ids AS SELECT id FROM items; CREATE ROLE reader;
     GRANT SELECT ON items TO reader`,
  );
  await write(['{"id":2,"turns":"x","new":[1]}']);
  assert.deepEqual(columns(), ['id bigint', 'turns text', 'new jsonb']);
  assert.deepEqual(rows(), [['2', 'x', '[1]']]);
  assert.deepEqual(rows('SELECT * FROM ids'), [['2']]);
  assert.deepEqual(rows("SELECT has_table_privilege('reader', 'items', 'SELECT')"), [['t']]);
  assert.deepEqual(rows("SELECT indexname FROM pg_indexes WHERE tablename = 'items'"), [['own']]);
  await assert.rejects(
    write(['{"id":"text"}']),
    usage(/other objects depend on it.*view ids depends on column id.*Drop what depends/),
  );
  await write([]);
  assert.deepEqual(columns(), ['id bigint', 'turns text', 'new jsonb']);
  assert.deepEqual(rows(), []);
});

test('a reader sees the old rows or the new ones, and never none', { skip }, async () => {
  drop('items');
  await write(['{"id":1}']);
  const { default: pg } = await import('pg');
  const reader = new pg.Client({ connectionString: server.url });
  await reader.connect();
  try {
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
    await reader.query('SELECT count(*) FROM pg_class');
    await write(['{"id":2}', '{"id":3}']);
    assert.deepEqual((await reader.query('SELECT id FROM items')).rows, [{ id: '1' }]);
    await reader.query('COMMIT');
    assert.equal((await reader.query('SELECT id FROM items')).rows.length, 2);
  } finally {
    await reader.end();
  }
});

test("a stranger's table needs --if-exists, and its columns check what they get", {
  skip,
}, async () => {
  drop('items', 'keyed');
  execute(
    server,
    `CREATE TABLE items (id integer, name varchar(5), price numeric(6,2), at timestamp, u uuid, small real);
     INSERT INTO items VALUES (1, 'one'); CREATE VIEW seen AS SELECT 1`,
  );
  await assert.rejects(write(['{"id":2}']), usage(/everypage did not make.*--if-exists/));
  await assert.rejects(
    write(['{"id":2}'], { table: 'seen', ifExists: 'replace' }),
    usage(/has a view called seen/),
  );
  const append = { ifExists: 'append' } as const;
  for (const [record, message] of [
    ['{"id":3000000000}', /out of range/],
    ['{"id":1.5}', /id .* is integer, which would change the value 1\.5/],
    ['{"id":"7"}', /id .* is integer, which would change values of type text/],
    ['{"name":"longer"}', /name .* is character varying\(5\), which would change the value longer/],
    ['{"name":"five    "}', /would change the value five/],
    ['{"price":1.234}', /price .* is numeric\(6,2\), which would change the value 1\.234/],
    [
      '{"at":"2024-01-01T00:00:00+02:00"}',
      /at .* is timestamp without time zone, which would change/,
    ],
    ['{"u":"no uuid"}', /invalid input syntax for type uuid/],
    [
      '{"u":"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"}',
      /u .* is uuid, which would change the value A0EE/,
    ],
    ['{"small":0.123456789012345678901234567890e-50}', /small .* is real/],
    ['{"name":{"a":1}}', /name .* which would change values of type jsonb/],
  ] as const) {
    await assert.rejects(write([record], append), usage(message), record);
  }
  assert.deepEqual(rows('SELECT id, name FROM items'), [['1', 'one']]);
  await write(
    [
      '{"id":2,"name":"two","price":1.5,"at":"2024-01-01T00:00:00Z","u":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","more":[1]}',
    ],
    append,
  );
  assert.deepEqual(rows().at(-1), [
    '2',
    'two',
    '1.50',
    '2024-01-01 00:00:00',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    null,
    '[1]',
  ]);
  const upsert = { ifExists: 'upsert', key: 'id' } as const;
  await assert.rejects(
    write(['{"id":2}'], upsert),
    usage(/no unique index on id.*CREATE UNIQUE INDEX/),
  );
  execute(server, 'CREATE TABLE keyed (id int PRIMARY KEY)');
  await write(['{"id":1,"b":2}', '{"id":1,"b":3}'], { ...upsert, table: 'keyed' });
  assert.deepEqual(rows('SELECT * FROM keyed'), [['1', '3']]);
});

test('numbers of our own tables become wider, and keep their values', { skip }, async () => {
  drop('items');
  const append = { ifExists: 'append' } as const;
  await write(['{"n":9223372036854775807}']);
  await write(['{"n":1.25,"new":1}'], append);
  await write(['{"n":123456789012345678901234567890.5}'], append);
  assert.deepEqual(columns(), ['n numeric(32,2)', 'new bigint']);
  assert.deepEqual(rows('SELECT n FROM items'), [
    ['9223372036854775807.00'],
    ['1.25'],
    ['123456789012345678901234567890.50'],
  ]);
  await assert.rejects(
    write(['{"n":"text"}'], append),
    usage(
      /the column n of items .* is numeric\(32,2\), which would change values of type text; take another --table/,
    ),
  );
});

test('upsert replaces rows of the same key, and adds the others', { skip }, async () => {
  drop('items');
  const upsert = { ifExists: 'upsert', key: 'id' } as const;
  await write(['{"id":1,"a":"old"}', '{"id":2,"a":"stays"}'], upsert);
  await write(['{"id":1,"a":"new","b":true}', '{"id":3}', '{"id":3,"a":"last"}'], upsert);
  await write([], upsert);
  assert.deepEqual(rows('SELECT * FROM items ORDER BY id'), [
    ['1', 'new', 't'],
    ['2', 'stays', null],
    ['3', 'last', null],
  ]);
  await assert.rejects(write(['{"a":"x"}'], upsert), usage(/no record has the key id/));
  await assert.rejects(write(['{"id":4}', '{}'], upsert), usage(/a record has no id/));
  await assert.rejects(write(['{"id":4}'], { ifExists: 'upsert' }), usage(/--key id/));
  await write(['{"id":7}', '{"id":7}'], { table: 'twice' });
  await assert.rejects(
    write(['{"id":7}'], { ...upsert, table: 'twice' }),
    usage(/rows of twice have the same id/),
  );
  drop('twice');
});

test('names are cut at 63 bytes and stay apart; a schema may be named', { skip }, async () => {
  drop('items');
  const long = 'é'.repeat(40);
  const { notes } = await write([`{"${long}1":1,"${long}2":2,"xmin":3}`]);
  assert.match(notes.join(), /names that PostgreSQL cannot have were changed/);
  const names = columns().map((it) => it.split(' ')[0]);
  assert.deepEqual(names, ['é'.repeat(28), `${'é'.repeat(28)}_2`, 'xmin_2']);
  execute(server, 'CREATE SCHEMA IF NOT EXISTS "Shop"');
  await write(['{"a":1}'], {}, `${server.url}&table=Shop.My%20items`);
  assert.deepEqual(rows('SELECT * FROM "Shop"."My items"'), [['1']]);
  await write(['{"a":1}'], { table: '"Shop"."a.b"' });
  assert.deepEqual(rows('SELECT * FROM "Shop"."a.b"'), [['1']]);
  await assert.rejects(
    write(['{"a":1}'], { table: 'none.items' }),
    usage(/no schema none; create it/),
  );
  await assert.rejects(write(['{"a":1}'], { table: 'x'.repeat(64) }), usage(/at most 63 bytes/));
});

test('500 columns, text of a megabyte, and more columns than a table can have', {
  skip,
}, async () => {
  drop('items');
  const wide = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`column ${at}`, at]));
  await write([JSON.stringify(wide(500)), JSON.stringify({ s: 'é'.repeat(5e5) })]);
  const [first, second] = rows();
  assert.deepEqual(first!.slice(0, 500), Object.values(wide(500)).map(String));
  assert.equal(second![500], 'é'.repeat(5e5));
  await assert.rejects(write([JSON.stringify(wide(1601))]), usage(/at most 1600/));
  assert.equal(rows().length, 2);
});
