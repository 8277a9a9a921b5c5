import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EchoWatch } from '../../src/archive-thread/echoed-credentials.ts';
import { resolveOptions } from '../../src/core/resolve-options.ts';
import { withKnownCredentials } from '../../src/fetch/credentials.ts';

const page = (position: number) => ({
  place: { branch: 0, position },
  url: 'https://a.example/?api_key=REDACTED',
});

const options = resolveOptions({
  headers: {
    authorization: 'Bearer to/ken-0123',
    cookie: 'a=1; sid=cookie-4567',
    'x-team': 'rocket-team',
  },
  secretParams: ['team_code'],
});
const text = 'https://a.example/?page=[1-3]&api_key=key%2B-89ab&team_code=short';
const known = withKnownCredentials(options, [{ kind: 'template', text }], null);
const forms = known.credentials.bodyForms();

for (const [what, body] of [
  ['a token', '{"seen":"to/ken-0123"}'],
  ['a token with its slash escaped', '{"seen":"to\\/ken-0123"}'],
  ['a header whole', '{"headers":{"authorization":"Bearer to/ken-0123"}}'],
  ['a cookie', '["cookie-4567"]'],
  ['a key as it stands in a link', '{"next":"https://a.example/?page=2&api_key=key%2B-89ab"}'],
  ['a key decoded', '{"key":"key+-89ab"}'],
] as const) {
  test(`${what} is found in a body`, () => {
    const watch = new EchoWatch(forms);
    watch.look(Buffer.from('{"ok":true}'), page(0));
    assert.equal(watch.found, null);
    watch.look(Buffer.from(body), page(1));
    watch.look(Buffer.from(body), page(2));
    assert.deepEqual(watch.found, page(1));
  });
}

test('what is no credential, and what is too short to tell, is not looked for', () => {
  const watch = new EchoWatch(forms);
  watch.look(Buffer.from('{"team":"rocket-team","code":"short","a":1,"page":"[1-3]"}'), page(0));
  assert.equal(watch.found, null);
});
