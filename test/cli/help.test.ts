import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { cliDocs } from '../../scripts/docs/cli-page.ts';
import { exitCodeMeanings } from '../../src/cli/exit-code.ts';
import { verbs } from '../../src/cli/flags/verbs.ts';
import { flagsOf } from '../../src/cli/flags.ts';
import { longHelp, shortHelp, verbHelp } from '../../src/cli/help.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';

function longestLine(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length));
}

describe('help', () => {
  for (const verb of verbs) {
    it(`of ${verb} fits a screen of 80 by 24 with -h`, () => {
      const text = shortHelp(verb);
      assert.ok(text.endsWith('\n'));
      // The prompt that follows needs the 24th line.
      assert.ok(text.split('\n').length - 1 <= 23, `${text.split('\n').length - 1} lines`);
      assert.ok(longestLine(text) <= 80, `${longestLine(text)} columns`);
    });

    it(`of ${verb} explains every flag and every exit code with --help`, () => {
      const text = longHelp(verb);
      for (const flag of flagsOf(verb)) assert.ok(text.includes(`--${flag.name}`), flag.name);
      for (const [code] of exitCodeMeanings) assert.match(text, new RegExp(`^ {2}${code} `, 'm'));
      assert.ok(longestLine(text) <= 80, `${longestLine(text)} columns`);
    });

    it(`of ${verb} shows examples that parse`, () => {
      for (const [, command] of verbHelp[verb].examples) {
        if (!command.startsWith('everypage ')) continue;
        const words = command
          .split(' ')
          .slice(1)
          .map((word) => word.replaceAll("'", ''));
        const expected = verbs.find((it) => it === words[0]) ?? 'fetch';
        assert.equal(parseArguments(words, {}).verb, expected);
      }
    });
  }

  it('is what docs/cli.md says', () => {
    const path = new URL('../../docs/cli.md', import.meta.url);
    assert.equal(
      readFileSync(path, 'utf8'),
      cliDocs(),
      'docs/cli.md is out of date: run npm run docs',
    );
  });
});
