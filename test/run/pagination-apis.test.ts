import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { apiNames } from '../../src/demo/api-shapes.ts';
import { type PaginateOptions, presets, type VerdictName } from '../../src/index.ts';
import { OUTPUT, startFixture, wholeOutput } from './pagination-setup.ts';
import { runCli } from './run-cli.ts';

/** Runs wait for the disk more than for each other. */
const AT_ONCE = { concurrency: 4 };

/** What cannot be read whole without being told more: each has a test of its own. */
const hard = new Set(['sliced', 'ambiguous', 'loop', 'self-next', 'single']);
const whole = apiNames.filter((name) => !hard.has(name));
const presetNames = presets.map(({ name }) => name);

/** They state no total and no end, so there is nothing to check against. */
const silent = new Set(['socrata', 'discord', 'plain', 'since-id']);

const verdictOf = (api: string): VerdictName => (silent.has(api) ? 'unverified' : 'complete');

suite('every record once, in order, with its bytes', AT_ONCE, () => {
  for (const api of whole) {
    test(`${api}, by auto`, async (t) => {
      const { server, fetch, read } = await startFixture(t, { api });
      const { verdict, pagination, output } = await fetch();
      assert.equal(read(), wholeOutput(server), JSON.stringify({ verdict, pagination }));
      assert.equal(verdict.name, verdictOf(api));
      assert.equal(output?.records, server.length);
      assert.equal(verdict.failed, 0);
      assert.ok(pagination !== null && pagination.evidence.length > 0);
    });
  }

  for (const api of whole.filter((name) => presetNames.includes(name))) {
    test(`${api}, by preset`, async (t) => {
      const { server, fetch, read } = await startFixture(t, { api });
      const { verdict, pagination } = await fetch({ paginate: { preset: api } });
      assert.equal(read(), wholeOutput(server), JSON.stringify({ verdict, pagination }));
      assert.equal(verdict.name, verdictOf(api));
      const { style } = presets.find(({ name }) => name === api)!.pagination;
      assert.equal(pagination?.style, style);
    });
  }
});

test('there is an API to try each preset on', () => {
  assert.deepEqual(
    presetNames.filter((name) => !apiNames.includes(name)),
    [],
  );
});

/** A list of each style, and how it is told to page where no preset says it. */
const styles: readonly (readonly [style: string, api: string, paginate?: PaginateOptions])[] = [
  ['link', 'gitlab-keyset'],
  ['next', 'graph'],
  ['page', 'wordpress'],
  ['offset', 'ckan'],
  ['cursor', 'slack'],
  ['cursor in a body', 'notion'],
  [
    'cursor in a header',
    'header-cursor',
    { style: 'cursor', param: 'cursor', nextHeader: 'x-next-cursor' },
  ],
  ['keyset', 'stripe'],
  ['continue', 'mediawiki'],
  ['graphql', 'github-graphql'],
  ['range', 'range', { style: 'range' }],
];

suite('lists that are empty, or end on the edge of a page', AT_ONCE, () => {
  const pageSize = 7;
  for (const [style, api, paginate = { preset: api }] of styles) {
    test(`${style} (${api})`, async (t) => {
      for (const records of [0, 1, pageSize - 1, pageSize, pageSize + 1]) {
        await t.test(`${records} records`, async (t) => {
          const { server, fetch, read } = await startFixture(t, { api, records, pageSize });
          const { verdict } = await fetch({ paginate });
          assert.equal(read(), wholeOutput(server), JSON.stringify(verdict));
          assert.equal(verdict.name, 'complete', verdict.reasons.join());
          assert.equal(verdict.records?.fetched, records);
        });
      }
    });
  }
});

suite('what cannot be read whole is said, and an older output stands untouched', AT_ONCE, () => {
  const cases: readonly (readonly [api: string, flags: readonly string[], said: RegExp])[] = [
    ['loop', [], /led back to where it had been: page 3 names the same next page as page 1/],
    ['self-next', [], /page 1 names itself as the next page/],
    ['single', [], /one page only.*--paginate/],
    ['ambiguous', [], /one page only.*--paginate/],
    ['sliced', [], /400 .*offset=50/],
    ['sliced', ['--ceiling', '50'], /the server gives the first 50 records/],
  ];
  for (const [api, flags, said] of cases) {
    test([api, ...flags].join(' '), async (t) => {
      const { server, folder, args, read } = await startFixture(t, { api });
      writeFileSync(join(folder, OUTPUT), 'older\n');
      const result = await runCli(folder, [...args, ...flags]);
      assert.equal(result.code, 3, result.stderr);
      assert.match(result.stderr, said);
      assert.match(result.stderr, /--allow-incomplete/);
      assert.equal(read(), 'older\n');
      assert.ok(server.counts().requests < 30, 'it does not go on for ever');
    });
  }
});

test('what is there of a loop comes with --allow-incomplete, each page once', async (t) => {
  const { server, fetch, read } = await startFixture(t, { api: 'loop' });
  const { verdict } = await fetch({ allowIncomplete: true });
  assert.equal(verdict.end, 'loop');
  const lines = (read() ?? '').trimEnd().split('\n');
  assert.deepEqual(lines.slice(0, 50), server.lines.slice(0, 50));
});

test('a page that says it is everything is the whole list', async (t) => {
  const { server, fetch, read } = await startFixture(t, { api: 'single-total' });
  const { verdict } = await fetch();
  assert.deepEqual([verdict.name, server.counts().requests], ['complete', 1]);
  assert.equal(read(), wholeOutput(server));
});

suite('64-bit identifiers survive, and rounding makes no duplicates of them', AT_ONCE, () => {
  for (const api of ['header-cursor', 'range', 'since-id', 'elasticsearch']) {
    test(api, async (t) => {
      const { server, fetch, read } = await startFixture(t, { api, records: 61 });
      const rounded = (line: string) => JSON.stringify(JSON.parse(line));
      assert.ok(server.lines.some((line) => rounded(line) !== line));
      const { verdict } = await fetch();
      assert.equal(read(), wholeOutput(server));
      assert.equal(verdict.records?.unique, 61);
      assert.equal(verdict.records?.duplicates, 0);
    });
  }
});
