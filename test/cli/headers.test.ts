import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHeaderFile, parseHeaderLine } from '../../src/cli/headers.ts';

function refuses(
  line: string,
  message: RegExp,
  parse: (text: string) => unknown = parseHeaderLine,
) {
  assert.throws(
    () => parse(line),
    (error) => {
      assert.ok(error instanceof Error);
      assert.equal((error as Error & { code?: string }).code, 'USAGE');
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /hush|\n/);
      return true;
    },
  );
}

test('a header is read as name in lower case and value without white space around it', () => {
  assert.deepEqual(parseHeaderLine('X-Tenant: a b:c '), { name: 'x-tenant', value: 'a b:c' });
  assert.deepEqual(parseHeaderLine('accept:text/csv'), { name: 'accept', value: 'text/csv' });
  assert.deepEqual(parseHeaderLine('x:\ta\tb é'), { name: 'x', value: 'a\tb é' });
});

test('a header without a value asks to leave that header out', () => {
  assert.deepEqual(parseHeaderLine('Accept:'), { name: 'accept', value: '' });
  assert.deepEqual(parseHeaderLine('Accept: '), { name: 'accept', value: '' });
});

test('a header without a colon is refused, and no value is repeated', () => {
  refuses('Authorization Bearer hush', /needs a colon.*'Authorization …'/);
  refuses('X-Api-Key=hush', /needs a colon.*'X-Api-Key …'/);
  refuses('hush', /needs a colon, as in 'Name: value'$/);
  refuses('hush_1=2 3', /needs a colon, as in 'Name: value'$/);
  refuses('', /needs a colon/);
});

test('a name that is no token is refused', () => {
  refuses('my header: hush', /cannot contain a space/);
  refuses(': hush', /needs a name/);
  refuses(':authority: hush', /needs a name/);
  refuses('Bearer hush: x', /cannot contain a space/);
  refuses('näme: hush', /U\+00E4/);
  refuses('a\nb: hush', /cannot contain a line break/);
});

test('a value with a control character or one beyond Latin-1 is refused', () => {
  refuses('x: hush\r\ny: z', /'x' cannot contain a line break/);
  refuses('x: hush\n', /'x' cannot contain a line break/);
  refuses('x: hush\0', /U\+0000/);
  refuses('x: hush\x7f', /U\+007F/);
  refuses('x: hush€', /U\+20AC/);
  refuses('x: hush🎉', /U\+1F389/);
});

test('a file holds one header a line, with blank lines and comments between', () => {
  assert.deepEqual(parseHeaderFile('\ufeff# mine\r\nA: 1\r\n\r\n  B: 2  \n# C: 3\nD:', '@h'), [
    { name: 'a', value: '1' },
    { name: 'b', value: '2' },
    { name: 'd', value: '' },
  ]);
  assert.deepEqual(parseHeaderFile('', '@h'), []);
});

test('a wrong line of a file is named by the file and its number', () => {
  refuses('A: 1\n\nhush\n', /^@h line 3: a header needs a colon/, (text) =>
    parseHeaderFile(text, '@h'),
  );
});
