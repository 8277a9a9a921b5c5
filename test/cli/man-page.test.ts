import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { manPage, releaseDate } from '../../scripts/docs/man-page.ts';
import { verbs } from '../../src/cli/flags/verbs.ts';
import { flags } from '../../src/cli/flags.ts';
import { VERSION } from '../../src/core/resolve-options.ts';

const path = fileURLToPath(new URL('../../man/everypage.1', import.meta.url));

/** What the program says of the page, where it is there. */
function warnings(program: string, args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(program, [...args, path], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  return `${program === 'mandoc' ? stdout : ''}${stderr}`;
}

function needs(program: string): { readonly skip: false | string } {
  const { error } = spawnSync(program, ['--version']);
  return { skip: error !== undefined && `SKIPPED: no ${program} here; apt-get install ${program}` };
}

describe('the man page', () => {
  it('is what the table of flags says', () => {
    const written = readFileSync(path, 'utf8');
    assert.equal(written, manPage(), 'man/everypage.1 is out of date: run npm run docs');
  });

  it('has every verb and every flag, once', () => {
    const tags = new Set(manPage().match(/(?<=^\.B ").*(?="$)/gm));
    for (const verb of verbs) assert.ok(verb === 'fetch' || tags.has(verb), verb);
    for (const { name } of flags) {
      const dashed = `\\-\\-${name.replaceAll('-', '\\-')}`;
      const own = [...tags].filter((tag) => tag.split(/[ [,]+/).includes(dashed));
      assert.equal(own.length, 1, name);
    }
  });

  it('has the date of its release in the changelog', () => {
    const changes = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8');
    const [, date] = changes.match(new RegExp(`^## \\[${VERSION}\\] - (.*)$`, 'm')) ?? [];
    assert.ok(date === 'unreleased' || date === releaseDate, `${VERSION}: ${date}`);
  });

  it('gives mandoc nothing to warn of', needs('mandoc'), () => {
    assert.equal(warnings('mandoc', ['-T', 'lint']), '');
  });

  it('gives groff nothing to warn of', needs('groff'), () => {
    assert.equal(warnings('groff', ['-ww', '-man', '-Tutf8']), '');
  });
});
