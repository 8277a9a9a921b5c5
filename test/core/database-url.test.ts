import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkOutputUrl,
  holdsPassword,
  isDatabaseUrl,
  readDatabaseUrl,
  shownOutput,
} from '../../src/core/database-url.ts';

test('a URL of PostgreSQL is an output, and a path is none', () => {
  for (const [output, isUrl] of [
    ['postgres://h/db', true],
    ['PostgreSQL://h/db', true],
    ['postgres.ndjson', false],
    ['./postgres://h/db', false],
    ['https://h/items', false],
  ] as const) {
    assert.equal(isDatabaseUrl(output), isUrl, output);
  }
});

test('the URL of anything else is refused, and what it may hold is not shown', () => {
  for (const output of ['mysql://u:hush@h/d.db', 's3://hush/k.parquet', 'HTTPS://hush/y.csv']) {
    assert.throws(() => checkOutputUrl(output), {
      code: 'USAGE',
      message: new RegExp(
        `^an output is no URL of ${output.split(':')[0]}; it is a file, (?!.*hush)`,
      ),
    });
  }
  for (const output of ['postgres://h/db', 'a.csv', './s3://b/k.csv', 'sink:./a.ts', 'C:\\a.csv']) {
    checkOutputUrl(output);
  }
});

test('the table is taken out of the query, and the rest stays', () => {
  for (const [output, connection, table] of [
    ['postgres://me@h:5433/db?table=items', 'postgres://me@h:5433/db', 'items'],
    ['postgres://h/db?sslmode=require&table=a.b', 'postgres://h/db?sslmode=require', 'a.b'],
    ['postgres://me@/db?table=My%20items&host=/run', 'postgres://me@/db?host=/run', 'My items'],
    ['postgres://h/db', 'postgres://h/db', null],
  ] as const) {
    const read = readDatabaseUrl(output);
    assert.deepEqual([read.connection, read.table], [connection, table]);
  }
});

test('no password is shown, wherever it stands', () => {
  for (const [output, shown] of [
    ['postgres://me:s3cret@h/db?table=items', 'postgres://me@h/db?table=items'],
    ['postgres://me:s3cret@/db?host=/run', 'postgres://me@/db?host=/run'],
    ['postgres://h/db?user=me&password=s3cret', 'postgres://h/db?user=me&password=REDACTED'],
    ['postgres://me:s3cr%40et@h/db', 'postgres://me@h/db'],
    ['postgres://h/db?sslpassword=s3cret', 'postgres://h/db?sslpassword=REDACTED'],
    ['items.ndjson', 'items.ndjson'],
  ] as const) {
    assert.equal(shownOutput(output), shown);
    assert.equal(holdsPassword(output), output !== shown);
  }
  assert.equal(
    shownOutput('postgres://me:s3cret@h/db', ':<password>'),
    'postgres://me:<password>@h/db',
  );
});

test('a password that is not encoded is refused, and no part of it is shown', () => {
  for (const output of [
    'postgres://me:s3c/ret@h/db',
    'postgres://me:12/34@h/db',
    'postgres://me:s3c#ret@h/db',
    'postgres://me:s3c?ret@h/db',
    'postgres://me:s3c@ret:1@h/db?x=@',
    'postgres://me:s3c ret@h:port/db',
  ]) {
    assert.match(shownOutput(output), /^postgres:\/\/…$/, output);
    assert.ok(holdsPassword(output));
    assert.throws(
      () => readDatabaseUrl(output),
      (error: Error) => /@ is written %40/.test(error.message) && !/s3c|ret|34/.test(error.message),
    );
  }
});
