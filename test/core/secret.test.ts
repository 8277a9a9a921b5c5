import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';
import { Secret } from '../../src/core/redact.ts';
import { resolveOptions } from '../../src/core/resolve-options.ts';

const CANARY = 'canary-2b7d';

/** Every way in which a value becomes text without meaning to. */
function prints(value: unknown): readonly string[] {
  return [
    `${value}`,
    String(value),
    JSON.stringify({ value }),
    inspect(value),
    inspect({ deep: [{ value }] }, { depth: 9, showHidden: true, getters: true }),
    inspect(value, { customInspect: false, showHidden: true }),
    format('%s %o %O %j %d', value, value, value, value, value),
    Object.entries(value as object).join(),
    serialize(value).toString('latin1'),
    new Error('told', { cause: value }).stack ?? '',
    inspect(new Error('told', { cause: value })),
    [value].join(),
  ];
}

test('a secret is shown by nothing but what asks for it', () => {
  const secret = new Secret(CANARY);
  for (const text of prints(secret)) assert.ok(!text.includes(CANARY), text);
  assert.equal(secret.reveal(), CANARY);
  assert.equal(String(secret), '[secret]');
});

test('resolved options show none of the credentials in them', () => {
  const options = resolveOptions({
    user: `me:${CANARY}`,
    headers: { cookie: CANARY, 'x-api-key': CANARY, authorization: `Bearer ${CANARY}` },
    proxy: `http://me:${CANARY}@proxy.example`,
  });
  const basic = Buffer.from(`me:${CANARY}`).toString('base64');
  for (const text of prints({ ...options })) {
    assert.ok(!text.includes(CANARY) && !text.includes(basic), text);
  }
});
