import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadEnvFiles } from '../../src/cli/env-file.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';
import { temporaryFolder } from '../run/run-cli.ts';

function load(paths: readonly string[], env: Record<string, string>): string {
  const words = paths.flatMap((path) => ['--env-file', path]);
  let said = '';
  loadEnvFiles(parseArguments([...words, 'https://a.example/'], env), {
    env,
    stderr: { write: (text: string) => (said += text) },
  });
  return said;
}

test('variables of a file are as if they were set, but for those that are', (t) => {
  const folder = temporaryFolder(t);
  const [first, second] = [join(folder, '.env'), join(folder, 'more.env')] as const;
  const lines = ['# a comment', 'TOKEN=s3cr3t', "NAME='in quotes'", 'https_proxy=http://p:1', ''];
  writeFileSync(first, lines.join('\r\n'), { mode: 0o600 });
  writeFileSync(second, 'NAME=later\n', { mode: 0o600 });
  const env: Record<string, string> = { TOKEN: 'own' };
  assert.equal(load([first], env), '');
  assert.deepEqual(env, { TOKEN: 'own', NAME: 'in quotes', https_proxy: 'http://p:1' });
  const other: Record<string, string> = {};
  load([first, second], other);
  assert.equal(other['NAME'], 'later');
});

test('a file that others can read gets a warning without a value of it', {
  skip: process.platform === 'win32',
}, (t) => {
  const path = join(temporaryFolder(t), '.env');
  writeFileSync(path, 'TOKEN=s3cr3t\n');
  chmodSync(path, 0o644);
  const said = load([path], {});
  assert.match(said, /warning: other users can read .*chmod 600 /);
  assert.doesNotMatch(said, /s3cr3t/);
});

test('a file that is not there is refused', () => {
  assert.throws(() => load(['/nowhere/.env'], {}), /--env-file \/nowhere\/\.env cannot be read/);
});
