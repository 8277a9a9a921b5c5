import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { describeTerminal } from '../../src/cli/context.ts';
import { otherVerbs, verbs } from '../../src/cli/flags/verbs.ts';
import { findFlag, flags } from '../../src/cli/flags.ts';
import { readOtherNames, VALUE } from '../../src/cli/other-names.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';
import { runInProcess } from '../run/run-in-process.ts';

const URL_GIVEN = 'https://api.example.com/items';

async function refused(...argv: readonly string[]) {
  const { code, stdout, stderr } = await runInProcess(argv);
  assert.equal(code, 2, stderr);
  assert.equal(stdout, '');
  const tried = / {2}try: (.*)/.exec(stderr)?.[1] ?? '';
  return { stderr, tried };
}

suite('what other tools call it', () => {
  const otherNames = readOtherNames();
  test('is none of our own flags or verbs, and stands in the table once', () => {
    const names = otherNames.flatMap((other) => other.names);
    assert.deepEqual(names.toSorted(), [...new Set(names)].toSorted());
    for (const name of names) {
      assert.match(name, /^(?:-[^-]|--[a-z0-9][\w.-]+)$/);
      assert.equal(findFlag(name.slice(2)), undefined, name);
      assert.ok(!flags.some(({ short }) => name === `-${short}`), name);
    }
    for (const verb of verbs) assert.ok(!Object.hasOwn(otherVerbs, verb), verb);
  });

  for (const { names, says, takes, instead } of otherNames) {
    test(`is said, with a command that works: ${names[0]}`, async () => {
      for (const name of names) {
        const words = [name, ...(takes ? ['s3cr3t'] : []), URL_GIVEN, '-o', 'a.ndjson'];
        const { stderr, tried } = await refused(...words);
        assert.ok(stderr.includes(`there is no flag ${name}; ${says}`), stderr);
        // A URL of its own may be meant instead of the one that was typed.
        const isUrl = instead.includes(VALUE) && instead.length === 1;
        assert.ok(tried === 'everypage --help' || isUrl || tried.includes(URL_GIVEN), stderr);
        const isShown = instead.some((word) => word.includes(VALUE));
        if (!isShown) assert.doesNotMatch(stderr, /s3cr3t/);
      }
    });
  }

  test('is known with its value in the same word, and among other letters', async () => {
    assert.match((await refused('--limit=5', URL_GIVEN)).tried, /--page-size 5$/);
    assert.match((await refused(URL_GIVEN, '--out', 'a.json')).tried, /items -o a\.json$/);
    assert.match((await refused('-m5', URL_GIVEN)).tried, /--timeout 5$/);
    assert.match((await refused('-vL', URL_GIVEN)).tried, /items -v$/);
    assert.match((await refused('-fsSL', URL_GIVEN)).tried, /items$/);
    assert.match((await refused('--token=s3cr3t', URL_GIVEN)).tried, /--bearer-env TOKEN$/);
  });

  test('leads to what it is here', async () => {
    const hints: readonly (readonly [typed: readonly string[], tried: string])[] = [
      [['--token', 's3cr3t'], '--bearer-env'],
      [['--silent'], ' -q'],
      [['--next'], '--next-path'],
      [['--limit', '5'], '--page-size 5'],
      [['--resume'], 'everypage http'],
      [['--dry-run'], 'everypage explain http'],
      [['-L'], 'everypage http'],
      [['--compressed'], 'everypage http'],
      [['-m5'], '--timeout 5'],
    ];
    for (const [typed, wanted] of hints) {
      const { tried, stderr } = await refused(...typed, URL_GIVEN, '-o', 'a.ndjson');
      assert.ok(tried.includes(wanted), stderr);
      assert.doesNotMatch(stderr, /s3cr3t/);
    }
  });

  test('takes no URL away', async () => {
    for (const name of ['--next', '--resume', '--bearer', '-C']) {
      assert.ok((await refused(name, URL_GIVEN)).tried.includes(URL_GIVEN), name);
    }
  });

  test('may be a verb', async () => {
    assert.equal((await refused('get', URL_GIVEN)).tried, `everypage ${URL_GIVEN}`);
    assert.equal((await refused('check', 'a.everypage')).tried, 'everypage verify a.everypage');
    const { code, stdout } = await runInProcess(['help', 'export']);
    assert.equal(code, 0);
    assert.match(stdout, /usage: everypage export/);
    assert.match((await runInProcess(['version'])).stdout, /^everypage \d/);
    assert.equal((await refused('help', 'verfy')).tried, 'everypage verify --help');
    assert.match((await refused('help', 'foo')).stderr, /there is no verb foo; there are export, /);
    assert.equal((await refused('helo')).tried, 'everypage --help');
  });
});

suite('a value that may be left out', () => {
  test('is taken from the next word only if it is one of its words', () => {
    for (const [words, color] of [
      [['--color', URL_GIVEN], 'always'],
      [['--color', 'never', URL_GIVEN], 'never'],
      [['--color=auto', URL_GIVEN], 'auto'],
      [[URL_GIVEN, '--color'], 'always'],
    ] as const) {
      const typed = parseArguments(words, {});
      assert.deepEqual(typed.positionals, [URL_GIVEN]);
      assert.equal(typed.value('color'), color);
    }
    const strict = parseArguments(['--strict', 'proven', URL_GIVEN], {});
    assert.deepEqual(strict.positionals, [URL_GIVEN]);
    assert.equal(strict.value('strict'), 'proven');
  });

  test('a URL that another flag took stays in the command to try, and is not repeated', async () => {
    for (const flag of ['--progress', '-c', '--paginate', '--rate', '-o', '--select']) {
      const { stderr, tried } = await refused(flag, 'https://user:s3cr3t@a.example/items');
      assert.ok(tried.includes('a.example/items'), stderr);
      assert.doesNotMatch(stderr, /s3cr3t/);
    }
  });
});

test('what is given twice though it counts once is refused, and the first is tried', async () => {
  for (const [flag, a, b] of [
    ['--summary', 'a.json', 'b.json'],
    ['--archive', 'a.everypage', 'b.everypage'],
    ['--select', 'a', 'b'],
  ] as const) {
    const { stderr, tried } = await refused(URL_GIVEN, flag, a, flag, b);
    assert.match(stderr, new RegExp(`${flag} is given twice`));
    assert.equal(tried, `everypage ${URL_GIVEN} ${flag} ${a}`);
  }
});

test('--summary - is refused where the records go to standard output too', async () => {
  const { tried } = await refused(URL_GIVEN, '--summary', '-');
  assert.equal(tried, `everypage ${URL_GIVEN} --summary - -o items.ndjson`);
});

test('NO_COLOR counts most, then FORCE_COLOR and CLICOLOR_FORCE, then the terminal', () => {
  const isColored = (env: Record<string, string>, isTTY = false): boolean =>
    describeTerminal({ isTTY }, env, 'auto').color;
  assert.equal(isColored({}), false);
  assert.equal(isColored({}, true), true);
  assert.equal(isColored({ FORCE_COLOR: '1' }), true);
  assert.equal(isColored({ FORCE_COLOR: '0' }, true), false);
  assert.equal(isColored({ CLICOLOR_FORCE: '1' }), true);
  assert.equal(isColored({ CLICOLOR_FORCE: '0' }), false);
  assert.equal(isColored({ CLICOLOR: '0' }, true), false);
  assert.equal(isColored({ NO_COLOR: '1', FORCE_COLOR: '1', CLICOLOR_FORCE: '1' }, true), false);
  assert.equal(isColored({ NO_COLOR: '', FORCE_COLOR: '' }, true), true);
});
