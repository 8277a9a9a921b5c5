import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../bin/everypage.cjs', import.meta.url));
const runtime = fileURLToPath(new URL('../../bin/runtime.cjs', import.meta.url));
const oldNode = '/usr/bin/node';

/** The version of the system's Node where that is too old for the program, else why it is of no use. */
function findOldNode(): { readonly skip: false | string } {
  const { stdout, error } = spawnSync(oldNode, ['-p', 'process.versions.node'], {
    encoding: 'utf8',
  });
  if (error) return { skip: `SKIPPED: there is no ${oldNode} to run the launcher under` };
  const tooNew = Number.parseInt(stdout, 10) >= 24;
  return { skip: tooNew && `SKIPPED: ${oldNode} is ${stdout.trim()}, too new for this test` };
}

describe('the launcher', () => {
  it('says under an old Node, in one line, what to do, and exits 2', findOldNode(), () => {
    const { status, stdout, stderr } = spawnSync(oldNode, [launcher, '-h'], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^everypage: needs Node 24 or newer and this is \d+\.\d+\.\d+; install [^\n]+\n$/,
    );
  });

  it('starts where no folder for compiled code can be made', () => {
    const env = { ...process.env, XDG_CACHE_HOME: '/proc/none', NODE_COMPILE_CACHE: '' };
    const { status, error } = spawnSync(process.execPath, [launcher, '--version'], {
      env,
      timeout: 60_000,
    });
    assert.equal(error, undefined);
    assert.equal(status, 0);
  });

  it('says in a clone that is not built how to build it, and exits 2', () => {
    const folder = mkdtempSync(join(tmpdir(), 'everypage-launcher-'));
    try {
      mkdirSync(join(folder, 'bin'));
      for (const file of [launcher, runtime]) cpSync(file, join(folder, 'bin', basename(file)));
      const { status, stderr } = spawnSync(process.execPath, [join(folder, 'bin/everypage.cjs')], {
        encoding: 'utf8',
      });
      assert.equal(status, 2);
      assert.match(stderr, /^everypage: [^\n]*npm run build[^\n]*\n$/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is written in words that every Node parses', () => {
    for (const file of [launcher, runtime]) {
      const code = readFileSync(file, 'utf8').replace(/^#!.*|\/\/.*$/gm, '');
      assert.doesNotMatch(code, /\b(?:const|let|class|import|export|async|await)\b|=>|`|\?\.|\?\?/);
    }
  });
});
