/** The end of a run prints commands: each does what its message says, word by word as it is printed. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { apiNames } from '../fixtures/apis/api-shapes.ts';
import {
  type JsonReply,
  OUTPUT,
  startFixture,
  startJsonServer,
  wholeOutput,
} from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const things = (from: number, to: number): object[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ id: from + index }));

/** The words of a command as a shell takes them. */
function shellWords(command: string): string[] {
  const words = command.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'|\\(.)/g, '$1$2'));
}

/** The first command under a heading. */
function commandAfter(heading: RegExp, text: string): string[] {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => heading.test(line));
  assert.ok(at !== -1, `${heading} in ${text}`);
  const [program, ...words] = shellWords(lines[at + 1]!.trim());
  assert.equal(program, 'everypage');
  return words;
}

/** The headings with the commands under them. */
function commandsIn(text: string): string {
  return [...text.matchAll(/^.*:\n {2}everypage .*$/gm)].map(([both]) => both).join('\n');
}

interface Ran {
  readonly code: number | null;
  readonly stderr: string;
  readonly ids: readonly unknown[];
}

async function ran(folder: string, words: readonly string[]): Promise<Ran> {
  const { code, stderr } = await runCliHere(folder, words);
  const path = join(folder, OUTPUT);
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  return { code, stderr, ids: lines.map((line) => JSON.parse(line).id) };
}

/** Runs a URL, and then the command that its message prints under a heading. */
async function runTwice(
  t: TestContext,
  answer: (url: URL) => JsonReply,
  path: string,
  heading: RegExp,
  ...flags: string[]
): Promise<{ first: Ran; second: Ran; explained: string }> {
  const { origin } = await startJsonServer(t, answer);
  const folder = temporaryFolder(t);
  const url = `${origin}${path}`;
  const first = await ran(folder, [url, '-o', OUTPUT, ...flags]);
  const second = await ran(folder, commandAfter(heading, first.stderr));
  const { stdout } = await runCliHere(folder, ['explain', url, ...flags]);
  return { first, second, explained: stdout };
}

const ids = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

suite('the printed command', () => {
  test('writes the page that is the whole list, over what is kept of the first run', async (t) => {
    const answer = (): JsonReply => ({ body: things(0, 12) });
    const heading = /^If this page is the whole list:$/;
    const { first, second, explained } = await runTwice(t, answer, '/things', heading);
    assert.equal(first.code, 3);
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(second.ids, ids(12));
    assert.match(explained, /^If this page is the whole list:$/m);
  });

  test('takes the records of lists under names of their own', async (t) => {
    const answer = (url: URL): JsonReply => {
      const page = Number(url.searchParams.get('page'));
      const days = {
        mon: things(9 * page - 9, 9 * page - 5),
        tue: things(9 * page - 5, 9 * page),
        wed: [],
      };
      return { body: { page, pages: 3, days } };
    };
    const { first, second, explained } = await runTwice(
      t,
      answer,
      '/things?page=1',
      /^To read it so:$/,
    );
    assert.equal(first.code, 3);
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(second.ids, ids(27));
    assert.match(explained, /it holds 3 lists under names of their own/);
  });

  test('pins what was found: the same list without a request to find out', async (t) => {
    const answer = (url: URL): JsonReply => {
      const page = Number(url.searchParams.get('page') ?? 1);
      return {
        body: { has_more: page < 4, 'the items': things(10 * page - 10, Math.min(37, 10 * page)) },
      };
    };
    const { first, second, explained } = await runTwice(
      t,
      answer,
      '/things',
      /^to skip detection next time:$/,
    );
    assert.equal(first.code, 0, first.stderr);
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual([first.ids, second.ids], [ids(37), ids(37)]);
    const sentence = /^paginated by page number.*$/m;
    assert.match(
      first.stderr,
      /has_more says that there is more; tried page as the page number: its records are new/,
    );
    // Both end in the same way, but for what only a run knows.
    assert.equal(
      sentence.exec(explained)?.[0],
      sentence.exec(first.stderr)?.[0].replace(/, \d+ pages in parallel/, ''),
    );
  });

  test('keeps what the user takes of a page', async (t) => {
    const answer = (url: URL): JsonReply => {
      const page = Number(url.searchParams.get('page') ?? 1);
      return { body: { page, pages: 3, items: things(10 * page - 10, Math.min(30, 10 * page)) } };
    };
    const select = ['--select', 'items[?id > `4`]'];
    const { first, second } = await runTwice(
      t,
      answer,
      '/things?page=1',
      /^to skip detection next time:$/,
      ...select,
    );
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual([first.ids, second.ids], [ids(30).slice(5), ids(30).slice(5)]);
  });
});

const numberIn = (url: URL): number => Number(url.searchParams.get('page') ?? 1);

/** Lists that no URL alone shows how to read, each with the ids that are right. */
let answers = 0;

const cured: Readonly<
  Record<
    string,
    { answer: (url: URL) => JsonReply; path?: string; flags?: string[]; all: unknown[] }
  >
> = {
  'a page without a word of others': {
    answer: () => ({ body: things(0, 30) }),
    all: ids(30),
  },
  'a list that answers otherwise each time': {
    answer: () => {
      answers += 1;
      return { body: things(0, 20).map((row) => ({ ...row, at: answers })) };
    },
    all: ids(20),
  },
  'an empty list beside another': {
    answer: () => ({ body: { prices: [], shops: things(0, 4) } }),
    all: [],
  },
  'two lists that both change': {
    answer: (url) => {
      const from = 20 * numberIn(url) - 20;
      const isOver = from >= 60;
      const other = isOver ? [] : things(9 * from, 9 * from + 30);
      return { body: { parts: isOver ? [] : things(from, from + 20), orders: other } };
    },
    path: '/report?page=1',
    // The list that is named first is the longer one.
    all: [0, 180, 360].flatMap((from) => things(from, from + 30).map((row) => Object(row).id)),
  },
  'a next link to a host inside': {
    answer: (url) => {
      const number = numberIn(url);
      const next = number < 3 ? `http://127.0.0.1:9/things?page=${number + 1}&k=${number}` : null;
      return { body: { next, things: things(10 * number - 10, 10 * number) } };
    },
    all: ids(30),
  },
  'another number than is expected': {
    answer: (url) => {
      const number = numberIn(url);
      const rows = things(10 * number - 10, Math.min(30, 10 * number));
      return { body: { page: number, pages: 3, things: rows } };
    },
    path: '/things?page=1',
    flags: ['--expect', '31'],
    all: ids(30),
  },
};

suite('a list that its URL alone does not read', () => {
  for (const [name, { answer, path = '/things', flags = [], all }] of Object.entries(cured)) {
    test(`${name}: the first command of the message reads it`, async (t) => {
      const { origin } = await startJsonServer(t, answer);
      const folder = temporaryFolder(t);
      const first = await ran(folder, [`${origin}${path}`, '-o', OUTPUT, ...flags]);
      assert.ok(first.code === 3 || first.code === 1, first.stderr);
      assert.equal(existsSync(join(folder, OUTPUT)), false);
      const second = await ran(folder, commandAfter(/:$/, commandsIn(first.stderr)));
      assert.equal(second.code, 0, second.stderr);
      assert.deepEqual(second.ids, all);
    });
  }

  /** No command can help: nothing leads on, links lead in circles, or the server withholds the rest. */
  const hopeless: Readonly<Record<string, RegExp>> = {
    ambiguous: /it says that there is more, and no way to the next page was found\. --page-param/,
    loop: /led back to an earlier page.*\n(?:.*\n)*.*--paginate and its flags/,
    'self-next': /names itself as the next page.*\n(?:.*\n)*.*--paginate and its flags/,
    sliced:
      /pages that failed are all at the end of the list\. If the server gives only so many.*--split/,
  };

  // Neighbours in the list are alike; EVERYPAGE_ALL=1 takes all of them.
  const isFull = process.env['EVERYPAGE_ALL'] === '1';
  for (const api of apiNames.filter((_, at) => isFull || at % 3 === 1)) {
    test(`${api} is read, by its first command, or what stands in the way is named`, async (t) => {
      const { server, folder, args, read } = await startFixture(t, { api, records: 90 });
      const first = await ran(folder, args);
      const why = hopeless[api];
      if (why !== undefined) {
        assert.equal(first.code, 3, first.stderr);
        assert.match(first.stderr, why);
        return;
      }
      if (first.code !== 0) {
        const headers = args.slice(args.indexOf(OUTPUT) + 1);
        const again = commandAfter(/:$/, commandsIn(first.stderr));
        const second = await ran(folder, [...again, ...headers]);
        assert.equal(second.code, 0, second.stderr);
      }
      assert.equal(read(), wholeOutput(server));
    });
  }
});

test('no page that may be one of several is said to be all', async (t) => {
  for (const [name, path, body] of [
    ['as many as asked for', '/things?num=25', { found_newest: false, messages: things(0, 25) }],
    ['a token', '/things', { things: things(0, 7), LastEvaluatedKey: { id: '6' } }],
    ['a flag', '/things', { things: things(0, 7), has_more: true }],
  ] as const) {
    const { origin } = await startJsonServer(t, () => ({ body }));
    const { code, stderr } = await ran(temporaryFolder(t), [`${origin}${path}`, '-o', OUTPUT]);
    assert.equal(code, 3, name);
    assert.doesNotMatch(stderr, /--paginate none/, name);
    assert.match(stderr, /--page-param names the parameter that asks for the next page/, name);
  }
});
