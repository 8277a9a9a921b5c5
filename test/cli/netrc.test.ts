import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findNetrcEntry, parseNetrc } from '../../src/cli/credentials.ts';

describe('netrc', () => {
  it('holds entries on one line or several, with comments between', () => {
    assert.deepEqual(
      parseNetrc(
        '# mine\nmachine a.example login me password p#w # end\n\nmachine b.example\n\tlogin you\n',
      ),
      [
        { machine: 'a.example', login: 'me', password: 'p#w' },
        { machine: 'b.example', login: 'you', password: null },
      ],
    );
  });

  it('may quote values, with escapes', () => {
    const [entry] = parseNetrc('machine a login "m e" password "p\\"w\\\\#1" account x');
    assert.deepEqual(entry, { machine: 'a', login: 'm e', password: 'p"w\\#1' });
  });

  it('may hold macros, which are passed over to their empty line', () => {
    const text =
      'macdef init\nmachine evil login x\npassword y\n\nmachine a login me password pw\n';
    assert.deepEqual(parseNetrc(text), [{ machine: 'a', login: 'me', password: 'pw' }]);
    assert.deepEqual(parseNetrc('macdef init\nmachine evil login x'), []);
  });

  it('gives the first entry of a host without regard to case, else the default, else none', () => {
    const entries = parseNetrc('machine a login 1\nmachine A login 2\ndefault login 3');
    assert.equal(findNetrcEntry(entries, 'A')?.login, '1');
    assert.equal(findNetrcEntry(entries, 'b')?.login, '3');
    assert.equal(findNetrcEntry(entries.slice(0, 2), 'b'), null);
  });

  it('ends anywhere without harm', () => {
    const text = 'machine a login "m e" password pw';
    for (let length = 0; length <= text.length; length++) parseNetrc(text.slice(0, length));
    assert.deepEqual(parseNetrc('login me password pw'), []);
  });
});
