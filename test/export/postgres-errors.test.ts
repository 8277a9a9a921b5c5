import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commitError, postgresError } from '../../src/export/postgres-errors.ts';

const failed = (message: string, facts: object = {}) => Object.assign(new Error(message), facts);

test('an error is the fault of the command, or of the database', () => {
  for (const [error, code, message] of [
    [
      failed('out of range', { code: '22003' }),
      'USAGE',
      /^Cannot write db: out of range\. The pages/,
    ],
    [
      failed('null value', { code: '23502', detail: 'Failing row' }),
      'USAGE',
      /null value \(Failing row\)/,
    ],
    [failed('permission denied', { code: '42501' }), 'OUTPUT_WRITE', /Ask for the right/],
    [
      failed('bad\n  text', { code: '22P05', where: 'COPY everypage_rows, line 12' }),
      'USAGE',
      /bad text, at record 12\. .*UTF8/,
    ],
    [
      failed('Connection terminated unexpectedly'),
      'OUTPUT_WRITE',
      /unexpectedly\. The connection was lost\./,
    ],
    [
      failed('', { errors: [failed('x', { code: 'ECONNREFUSED' })] }),
      'OUTPUT_WRITE',
      /no server answers/,
    ],
    [
      failed('write EPIPE', { code: 'EPIPE' }),
      'OUTPUT_WRITE',
      /the connection was lost \(EPIPE\)\./,
    ],
    [
      failed('', { code: 'ENOENT', syscall: 'open', path: '/a.crt' }),
      'OUTPUT_WRITE',
      /\/a\.crt cannot be read: it does not exist\./,
    ],
    [failed('timeout expired'), 'OUTPUT_WRITE', /did not answer within 10 s/],
  ] as const) {
    const told = postgresError('db', error);
    assert.equal(told.code, code, told.message);
    assert.match(told.message, message);
    assert.ok(!told.message.includes('\n'));
  }
});

test('after a COMMIT without an answer nobody claims to know', () => {
  const lost = commitError('db', failed('Connection terminated unexpectedly'));
  assert.match(lost.message, /whether the rows are there is not known/);
  assert.match(commitError('db', failed('disk', { code: '53100' })).message, /Free some room/);
});
