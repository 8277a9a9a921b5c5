/** `explain` and a run end with the same words: what was found, why, what was tried, and the command (issue 13). */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Answer, OUTPUT, startJsonServer } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const things = (from: number, to: number): object[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ id: from + index + 1 }));

/** Of a list of so many records, those of one page. */
const page = (url: URL, size: number, all: number, param = 'page'): object[] => {
  const number = Number(url.searchParams.get(param) ?? 1);
  return things(size * number - size, Math.min(all, size * number));
};

interface Case {
  readonly answer: Answer;
  readonly path?: string;
  readonly flags?: readonly string[];
  readonly code: number;
  /** What both have to say, beside the same. */
  readonly says: RegExp;
}

let answers = 0;

const cases: Readonly<Record<string, Case>> = {
  'found by a link': {
    answer: (url) => {
      const number = Number(url.searchParams.get('page') ?? 1);
      const next = number < 4 ? `/things?page=${number + 1}` : null;
      return { body: { next, things: page(url, 10, 37) } };
    },
    code: 0,
    says: /^paginated by next URL · next holds a URL · records at things$/m,
  },
  'found by trying': {
    answer: (url) => ({ body: { total: 37, things: page(url, 10, 37) } }),
    code: 0,
    says: /total says 37 records; tried page as the page number: its records are new/,
  },
  'offsets that the server rounds': {
    answer: (url) => {
      const at = Math.floor(Number(url.searchParams.get('offset') ?? 0) / 10) * 10;
      return { body: { total: 37, offset: at, things: things(at, Math.min(37, at + 10)) } };
    },
    path: '/things?offset=0',
    code: 0,
    says: /pages do not overlap: the server rounds the position of a page/,
  },
  'one full page, and no word of another': {
    answer: () => ({ body: things(0, 25) }),
    code: 3,
    says: /one page only: no pagination was detected\. If this page is the whole list, --paginate none says so; if there is more, --page-param names/,
  },
  'one short page': {
    answer: () => ({ body: things(0, 7) }),
    code: 3,
    says: /one page only: no pagination was detected/,
  },
  'a page that a larger size shows to be all': {
    answer: (url) => ({
      body: things(0, Math.min(7, Number(url.searchParams.get('limit') ?? 20))),
    }),
    code: 0,
    says: /^one page · /m,
  },
  'a page that says that it is all': {
    answer: () => ({ body: { total: 7, has_more: false, things: things(0, 7) } }),
    code: 0,
    says: /^one page · /m,
  },
  'more, and no way to it': {
    answer: () => ({ body: { has_more: true, things: things(0, 10) } }),
    code: 3,
    says: /one page only: it says that there is more, and no way to the next page was found\. --page-param names/,
  },
  'no records': {
    answer: () => ({ body: { status: 'ok', uptime: 3 } }),
    code: 3,
    says: /one page only: /,
  },
  'no records in pages that are linked': {
    answer: (url) => {
      const number = Number(url.searchParams.get('page') ?? 1);
      return {
        body: { next: number < 3 ? `/things?page=${number + 1}` : null, name: `p${number}` },
      };
    },
    code: 3,
    says: /one page only: the records in it were not found\. Say where they are with --select, or take each page whole with --pages/,
  },
  'lists under names of their own': {
    answer: (url) => {
      const number = Number(url.searchParams.get('page'));
      const days = { mon: page(url, 4, 12), tue: page(url, 4, 12), wed: [] };
      return { body: { page: number, pages: 3, days } };
    },
    path: '/things?page=1',
    code: 3,
    says: /it holds 3 lists under names of their own.*--select/,
  },
  'several lists that all change': {
    answer: (url) => {
      const number = Number(url.searchParams.get('page') ?? 1);
      const rows = (name: string, size: number): object[] =>
        number > 4 ? [] : things(0, size).map((_, at) => ({ id: `${name} ${number} ${at}` }));
      return { body: { orders: rows('order', 20), parts: rows('part', 30) } };
    },
    path: '/report?page=1',
    code: 3,
    says: /it has several lists, and nothing shows which of them is meant: name it with --select/,
  },
  'an empty list beside another': {
    answer: () => ({ body: { prices: [], shops: things(0, 4) } }),
    code: 3,
    says: /The list at prices is empty, and shops holds records/,
  },
  'a GraphQL query that cannot go on': {
    answer: () => ({
      body: {
        data: { things: { nodes: things(0, 10), pageInfo: { hasNextPage: true, endCursor: 'x' } } },
      },
    }),
    flags: [
      '-d',
      '{"query":"{ things(first: 10) { nodes { id } pageInfo { hasNextPage endCursor } } }"}',
    ],
    code: 3,
    says: /one page only: .*after/,
  },
  'a list that answers differently each time': {
    answer: () => {
      answers += 1;
      return { body: things(0, 20).map(() => ({ host: 'h', seen: answers })) };
    },
    code: 3,
    says: /one page only: the first page differs each time/,
  },
  'a path to the next page that the first page lacks': {
    answer: () => ({ body: { things: things(0, 7) } }),
    flags: ['--paginate', 'next', '--next-path', 'meta.next'],
    code: 0,
    says: /the first page has no meta\.next, so it is taken for the last/,
  },
  'a list of which the server gives a part': {
    answer: (url) => ({ body: { total: 100, things: page(url, 10, 30) } }),
    path: '/things?page=1',
    code: 3,
    says: /^paginated by page number.* · the start URL has page=1; total says 100 records/m,
  },
};

/** The sentence of how the list pages, without what only a run knows. */
function sentenceOf(text: string): string | null {
  const line = /^(?:paginated by|one page ·).*$/m.exec(text)?.[0] ?? null;
  return line === null ? null : line.replace(/, \d+ pages in parallel| · read \d+ times/g, '');
}

/** What is said of a list that is not read on, and what would help. */
function adviceOf(text: string): string | null {
  return /one page only: .*\.$/m.exec(text)?.[0] ?? null;
}

/** The commands under the headings that both have, without their output. */
function commandsOf(text: string): readonly string[] {
  const shared = /^(?:to skip detection next time|If |To read ).*:\n {2}(.*)$/gm;
  return [...text.matchAll(shared)].map(([, command = '']) =>
    command.replace(/ -o \S+/, '').replace(/ --fresh$/, ''),
  );
}

suite('explain and the run say the same', () => {
  for (const [name, { answer, path = '/things', flags = [], code, says }] of Object.entries(
    cases,
  )) {
    test(name, async (t) => {
      const server = await startJsonServer(t, answer);
      const { origin, seen } = server;
      const url = `${origin}${path}`;
      const ran = await runCliHere(temporaryFolder(t), [url, '-o', OUTPUT, ...flags]);
      const before = seen.length;
      const explained = await runCliHere(temporaryFolder(t), ['explain', url, ...flags]);
      assert.ok(seen.length - before <= 8, `${seen.length - before} requests`);
      assert.equal(ran.code, code, ran.stderr);
      assert.equal(explained.code, 0, explained.stderr);
      assert.match(ran.stderr, says);
      assert.match(explained.stdout, says);
      assert.notEqual(sentenceOf(ran.stderr), null, ran.stderr);
      assert.equal(sentenceOf(explained.stdout), sentenceOf(ran.stderr));
      assert.equal(adviceOf(explained.stdout), adviceOf(ran.stderr));
      const commands = commandsOf(explained.stdout);
      // A run that did not come to the end of a list does not say how to do the same again.
      if (code === 0 || adviceOf(ran.stderr) !== null) {
        assert.deepEqual(commands, commandsOf(ran.stderr));
      }
    });
  }
});
