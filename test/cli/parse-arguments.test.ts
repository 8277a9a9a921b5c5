import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Verb } from '../../src/cli/flags/verbs.ts';
import { findFlag, flags } from '../../src/cli/flags.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';
import { type UsageError, wordsOf } from '../../src/cli/typed-arguments.ts';
import { resolveOptions } from '../../src/core/resolve-options.ts';

const url = 'https://a.example/?page=[1-3]';

function refusal(argv: readonly string[]): string {
  try {
    parseArguments(argv, {});
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'USAGE');
    return (error as Error).message;
  }
  return assert.fail(`${argv.join(' ')} was accepted`);
}

describe('the table of flags', () => {
  it('has no name, letter or environment variable twice', () => {
    for (const key of ['name', 'short', 'env'] as const) {
      const values = flags.map((flag) => flag[key]).filter((value) => value !== null);
      assert.deepEqual(values, [...new Set(values)]);
    }
  });

  it('has a line without full stop for each, an example that is accepted, and names that exist', () => {
    for (const flag of flags) {
      const { name, value, excludes, needs } = flag;
      if (value !== null) assert.notEqual(value.parse(value.example), null, name);
      for (const other of [...Object.keys(excludes), ...Object.keys(needs)]) {
        assert.ok(findFlag(other), `${name} names ${other}`);
      }
      assert.match(flag.help, /^\S.*[^.\s]$/, flag.name);
      assert.ok(flag.verbs.length > 0, flag.name);
    }
  });
});

describe('every option of a run', () => {
  it('has a flag, except those that several flags make together', () => {
    const made = new Set([
      'outputs',
      // The command line always resumes.
      'resume',
      'table',
      'paginate',
      'headers',
      'body',
      'refusals',
      'credentials',
    ]);
    const named = new Set<string>(flags.map(({ option }) => option ?? ''));
    const without = Object.keys(resolveOptions()).filter(
      (option) => !made.has(option) && !named.has(option),
    );
    assert.deepEqual(without, []);
  });
});

describe('parsing', () => {
  for (const flag of flags.filter(({ needs }) => Object.keys(needs).length === 0)) {
    const verb: Verb = flag.verbs[0]!;
    const words = verb === 'fetch' ? [url] : [verb, 'a.everypage'];
    const forms =
      flag.value === null
        ? [[`--${flag.name}`]]
        : flag.bare === null
          ? [[`--${flag.name}`, '7'], [`--${flag.name}=7`]]
          : [[`--${flag.name}=7`]];
    if (flag.short !== null) {
      forms.push(
        ...(flag.value === null
          ? [[`-${flag.short}`]]
          : [[`-${flag.short}`, '7'], [`-${flag.short}7`]]),
      );
    }
    it(`takes ${forms.map((form) => form.join(' ')).join(', ')} before and after the arguments`, () => {
      for (const form of forms) {
        for (const argv of [
          [...form, ...words],
          [...words, ...form],
        ]) {
          const typed = parseArguments(argv, {});
          assert.equal(typed.verb, verb);
          assert.deepEqual(typed.positionals, words.slice(verb === 'fetch' ? 0 : 1));
          assert.deepEqual(
            typed.flags.map(({ name }) => name),
            [flag.name],
          );
          assert.equal(typed.flags[0]!.value, flag.value === null ? null : '7');
        }
      }
    });
  }

  it('takes --strict with a level or without one, and never the URL behind it', () => {
    const forms = [
      [['--strict', url], 'complete'],
      [['--strict=complete', url], 'complete'],
      [['--strict=proven', url], 'proven'],
      [[url, '--strict'], 'complete'],
      [['--strict=proven', '--strict', url], 'complete'],
      [[url], null],
    ] as const;
    for (const [argv, level] of forms) {
      const typed = parseArguments(argv, {});
      assert.deepEqual([typed.value('strict'), typed.positionals], [level, [url]], argv.join(' '));
    }
    const bad = parseArguments(['--strict=bad', url], {});
    assert.throws(
      () => bad.value('strict'),
      (error: UsageError) => {
        assert.equal(error.message, '--strict: expected complete or proven, got "bad"');
        assert.deepEqual(error.words, [url, '--strict']);
        return true;
      },
    );
  });

  it('writes --strict in one word, so that the command printed means the same', () => {
    const wordsOfTyped = (...argv: string[]) => wordsOf(parseArguments(argv, {}));
    assert.deepEqual(wordsOfTyped('--strict', url), [url, '--strict']);
    assert.deepEqual(wordsOfTyped('--strict=proven', url), [url, '--strict=proven']);
    assert.deepEqual(wordsOfTyped('--strict=complete', url), [url, '--strict']);
  });

  it('reads combined letters, the last of which may take a value', () => {
    const typed = parseArguments(['-vvgo', 'a.json', '-kc5', url], {});
    assert.equal(typed.count('verbose'), 2);
    assert.equal(typed.has('globoff'), true);
    assert.equal(typed.has('insecure'), true);
    assert.equal(typed.value('output'), 'a.json');
    assert.equal(typed.value('concurrency'), 5);
  });

  it('takes everything after -- as it stands, and - as an argument or a value', () => {
    const typed = parseArguments(['-o', '-', '-', '--', '-v'], {});
    assert.equal(typed.flags[0]!.value, '-');
    assert.deepEqual(typed.positionals, ['-', '-v']);
    assert.equal(typed.count('verbose'), 0);
  });

  it('lets the last of several values count, and keeps all of a list', () => {
    const typed = parseArguments(['-c1', '-c2', '-H', 'a: 1', '-Hb: 2', url], {});
    assert.equal(typed.value('concurrency'), 2);
    assert.deepEqual(typed.list('header'), [
      { name: 'a', value: '1' },
      { name: 'b', value: '2' },
    ]);
  });

  it('takes a value from the environment where the flag is absent, and says where it came from', () => {
    const env = { EVERYPAGE_CONCURRENCY: '9', EVERYPAGE_RETRY: '' };
    const absent = parseArguments([url], env);
    assert.equal(absent.value('concurrency'), 9);
    assert.equal(absent.value('retry'), null);
    const given = parseArguments([url, '-c3'], env);
    assert.equal(given.value('concurrency'), 3);
    const wrong = parseArguments([url], { EVERYPAGE_CONCURRENCY: 'many' });
    assert.throws(() => wrong.value('concurrency'), /: EVERYPAGE_CONCURRENCY: expected/);
  });
});

describe('refusals', () => {
  it('suggest the nearest flag for one that does not exist', () => {
    assert.match(refusal(['--concurency', '5', url]), /--concurency.*did you mean --concurrency\?/);
    assert.match(refusal(['--max-page=5', url]), /did you mean --max-pages\?/);
    assert.match(refusal(['--conc', url]), /did you mean --concurrency\?/);
    assert.doesNotMatch(refusal(['--frobnicate', url]), /did you mean/);
    assert.match(refusal(['-Z', url]), /no flag -Z/);
    assert.match(refusal(['--o', 'a.json', url]), /no flag --o\b/);
  });

  it('name the value that is missing', () => {
    assert.match(refusal([url, '-o']), /-o needs a value: -o FILE/);
    assert.match(refusal([url, '-vc']), /-c needs a value: -c N/);
  });

  it('do not swallow a flag as a value, and say how a value that looks like one is written', () => {
    assert.match(refusal([url, '-o', '-v']), /-o needs a value.*followed by -v.*--output=-v/);
    assert.equal(parseArguments([url, '--data=-1'], {}).value('data'), '-1');
    assert.match(refusal([url, '-d', '-1']), /--data=/);
    assert.match(refusal([url, '-c', '-x']), /^-c needs a value and is followed by -x: -c N$/);
  });

  it('take no value for a switch', () => {
    assert.match(refusal(['--insecure=yes', url]), /--insecure takes no value/);
  });

  it('name the verb that a flag belongs to', () => {
    assert.match(
      refusal(['verify', 'a', '-H', 'a: b']),
      /-H is a flag of everypage URL, everypage explain, everypage head and everypage worker, not of/,
    );
    assert.match(
      refusal(['verify', 'a', '-v']),
      /-v is a flag of everypage URL, everypage demo and everypage worker, not of everypage verify/,
    );
  });

  it('suggest a verb for a word near one, and leave everything else to be a URL', () => {
    assert.match(refusal(['verfy', 'a.everypage']), /did you mean everypage verify\?/);
    assert.equal(parseArguments(['localhost/x'], {}).verb, 'fetch');
  });

  it('come for names that every object has', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      assert.match(refusal([`--${name}`, url]), /there is no flag/);
    }
  });
});
