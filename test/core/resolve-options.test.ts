import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { defaults, resolveOptions } from '../../src/core/resolve-options.ts';
import { parseBytes, parseDuration } from '../../src/core/units.ts';

test('the defaults hold where nothing is given, and an option of its own replaces each', () => {
  for (const [name, value] of Object.entries(defaults)) {
    assert.equal(resolveOptions()[name as keyof typeof defaults], value, name);
    assert.equal(resolveOptions({ [name]: 7 })[name as keyof typeof defaults], 7, name);
  }
});

test('the comments that an editor shows beside an option state the default that holds', () => {
  const source = readFileSync(new URL('../../src/core/options.ts', import.meta.url), 'utf8');
  for (const [name, value] of Object.entries(defaults)) {
    const comment = source.split(`  readonly ${name}?:`)[0]!.split('/**').at(-1)!;
    const stated = /Default `?(\w+(?: (?:s|min|h|MiB))?)/.exec(comment)?.[1];
    assert.ok(stated !== undefined, `${name} states no default`);
    const read = name.endsWith('Ms') ? parseDuration : parseBytes;
    assert.equal(value === 'auto' ? stated : read(stated.replace(' ', '')), value, name);
  }
});

test('an option that cannot be is refused by its name, with what was expected and what came', () => {
  const refused = [
    [{ retries: -1 }, 'retries: expected a whole number from 0 to 1000, got -1'],
    [{ timeoutMs: 0 }, 'timeoutMs: expected a time of 1 ms or more, got 0'],
    [{ maxPages: 1.5 }, 'maxPages: expected a whole number of 1 or more, got 1.5'],
    [
      { allowOrigins: ['a.example'] },
      'expected an origin such as https://host or https://host:port, got "a.example"',
    ],
  ] as const;
  for (const [options, message] of refused) {
    assert.throws(() => resolveOptions(options), { code: 'USAGE', message });
  }
});
