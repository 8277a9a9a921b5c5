import assert from 'node:assert/strict';
import { createRequire, registerHooks } from 'node:module';
import { test } from 'node:test';
import { loadUndici } from '../../src/http/load-undici.ts';

const { cache } = createRequire(import.meta.url);

function isLoaded(file: string): boolean {
  return Object.keys(cache).some((path) => path.endsWith(`/undici/${file}`));
}

test('undici is loaded without the parts that are not used', async () => {
  const Client = await loadUndici();
  assert.equal(Client.name, 'Client');
  assert.equal(isLoaded('lib/dispatcher/client.js'), true);
  assert.equal(isLoaded('index.js'), false);
  assert.equal(await loadUndici(), Client);
});

test('an undici that keeps its client elsewhere is loaded whole', async () => {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const isClient = specifier.endsWith('dispatcher/client.js');
      return next(isClient ? 'undici/lib/gone.js' : specifier, context);
    },
  });
  try {
    const url = new URL('../../src/http/load-undici.ts?again', import.meta.url);
    const again: typeof import('../../src/http/load-undici.ts') = await import(url.href);
    assert.equal((await again.loadUndici()).name, 'Client');
  } finally {
    hooks.deregister();
  }
  assert.equal(isLoaded('index.js'), true);
});
