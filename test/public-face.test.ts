import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as face from '../src/index.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

test('what the docs import from the package is exported', () => {
  const pages = ['README.md', ...globSync('docs/*.md', { cwd: ROOT })];
  const named = pages.flatMap((page) =>
    [...read(page).matchAll(/import \{([^}]*)\} from 'everypage'/g)].flatMap((match) =>
      match[1]!.split(',').map((name) => name.trim()),
    ),
  );
  const values = named.filter((name) => name !== '' && !name.startsWith('type '));
  assert.ok(values.length > 5, `only ${values.length} names were read`);
  assert.deepEqual(
    values.filter((name) => !(name in face)),
    [],
  );
});

test('nothing says that the command line uses only what is exported while it imports more', () => {
  const ownFolders = /^\.\.\/(?:index|core\/|report\/)/;
  const beside = globSync('src/cli/*.ts', { cwd: ROOT }).flatMap((file) =>
    [...read(file).matchAll(/from '(\.\.\/[^']+)'/g)]
      .map((match) => match[1]!)
      .filter((path) => !ownFolders.test(path)),
  );
  const claims = ['src/index.ts', 'docs/library.md'].filter((path) =>
    /command line\s+uses\s+(?:nothing|only)/.test(read(path)),
  );
  assert.ok(beside.length === 0 || claims.length === 0, `${claims.join()} against ${beside[0]}`);
});
