import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type PaginateOptions, presets, type Verdict, type VerdictName } from '../../src/index.ts';
import { apiNames } from '../fixtures/apis/api-shapes.ts';
import { OUTPUT, startFixture, wholeOutput } from './pagination-setup.ts';
import { runCliHere } from './run-in-process.ts';

/** Runs wait for the disk more than for each other. */
const AT_ONCE = { concurrency: 4 };

/** What cannot be read whole without being told more: each has a test of its own. */
const hard = new Set(['sliced', 'ambiguous', 'loop', 'self-next', 'single']);
const whole = apiNames.filter((name) => !hard.has(name));
const presetNames = presets.map(({ name }) => name);

/** They state no total and no end, so there is nothing to check against. */
const silent = new Set(['discord', 'plain', 'since-id', 'last-seq']);

/** Keys are compared by their bytes: neighbours that are one as doubles are two. */
function assertEachOnce({ failed, records }: Verdict, count: number): void {
  assert.equal(failed, 0);
  assert.equal(records?.duplicates, 0);
  assert.ok(records.unique === null || records.unique === count, JSON.stringify(records));
}

/** Pages by offset overlap, or requests hold the last key, or one page is all: that is proof. */
const provable = new Set([
  'socrata',
  'pokeapi',
  'jira-offset',
  'ckan',
  'npm-search',
  'offset-only',
  'single-total',
  'skip-take',
  'start-end',
  'stripe',
  'couchdb',
  'elasticsearch-from',
  'range',
]);

function assertLevel({ name, evidence, reasons }: Verdict, api: string, isProven: boolean): void {
  const level: VerdictName = silent.has(api) ? 'unverified' : isProven ? 'proven' : 'complete';
  assert.equal(name, level, reasons.join());
  const saidOf = {
    proven: /begins with the last record|names the last record's key|nothing follows its one page/,
    // A chain by keys that are no ids needs no rereading, and proves nothing.
    complete: /^(?:every page was read again at the end and had not changed)?$/,
    unverified: /^(?:every page was read again at the end and had not changed)?$/,
  };
  assert.match(evidence.join(), saidOf[level as keyof typeof saidOf]);
}

suite('every record once, in order, with its bytes', AT_ONCE, () => {
  for (const api of whole) {
    test(`${api}, by auto`, async (t) => {
      const { server, fetch, read } = await startFixture(t, { api, records: 90 });
      const { verdict, pagination, output } = await fetch();
      assert.equal(read(), wholeOutput(server), JSON.stringify({ verdict, pagination }));
      assertLevel(verdict, api, provable.has(api));
      assert.equal(output?.records, server.length);
      assert.ok(pagination !== null && pagination.evidence.length > 0);
      assertEachOnce(verdict, server.length);
    });
  }

  for (const api of whole.filter((name) => presetNames.includes(name))) {
    test(`${api}, by preset`, async (t) => {
      const { server, fetch, read } = await startFixture(t, { api, records: 90 });
      const { verdict, pagination } = await fetch({ paginate: { preset: api } });
      assert.equal(read(), wholeOutput(server), JSON.stringify({ verdict, pagination }));
      assertLevel(verdict, api, provable.has(api));
      assertEachOnce(verdict, server.length);
      const { style } = presets.find(({ name }) => name === api)!.pagination;
      // Where links differ in one number alone, pages are counted instead, side by side.
      const counted = style === 'link' || style === 'next' ? ['page', 'offset'] : [];
      assert.ok([style, ...counted].includes(pagination?.style ?? style), pagination?.style);
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
  ['link', 'gitlab-keyset', { style: 'link' }],
  ['next', 'graph', { style: 'next', nextPath: '@odata\\.nextLink', records: 'value' }],
  ['page', 'wordpress'],
  [
    'offset',
    'ckan',
    { style: 'offset', param: 'start', totalPath: 'result.count', records: 'result.results' },
  ],
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

/** The only page of such a list says nothing of a next one, and has no total. */
const silentAlone = new Set(['gitlab-keyset', 'header-cursor']);

suite('lists that are empty, or end on the edge of a page', AT_ONCE, () => {
  const pageSize = 2;
  for (const [style, api, paginate = { preset: api }] of styles) {
    test(`${style} (${api})`, async (t) => {
      for (const records of [0, pageSize - 1, pageSize, pageSize + 1]) {
        await t.test(`${records} records`, async (t) => {
          const { server, fetch, read } = await startFixture(t, { api, records, pageSize });
          const { verdict } = await fetch({ paginate });
          assert.equal(read(), wholeOutput(server), JSON.stringify(verdict));
          const isSilent = silentAlone.has(api) && records <= pageSize;
          // Of an empty list nothing shows that the answer is one.
          const isProven = records > 0 && (verdict.stored === 1 || style === 'keyset');
          const level = isSilent ? 'unverified' : isProven ? 'proven' : 'complete';
          assert.equal(verdict.name, level, verdict.reasons.join());
          assert.equal(verdict.records?.fetched, records);
        });
      }
    });
  }
});

suite('what cannot be read whole is said, and an older output stands untouched', AT_ONCE, () => {
  const cases: readonly (readonly [api: string, flags: readonly string[], said: RegExp])[] = [
    ['loop', [], /led back to an earlier page: page 3 names the same next page as page 1/],
    ['self-next', [], /page 1 names itself as the next page/],
    ['single', [], /one page only.*--page-param names/],
    ['ambiguous', [], /one page only.*--page-param names/],
    ['sliced', [], /400 .*only the first 50 events .*\n.*offset=45$/m],
    ['sliced', ['--ceiling', '50'], /the server gives the first 50 records/],
  ];
  for (const [api, flags, said] of cases) {
    test([api, ...flags].join(' '), async (t) => {
      const { server, folder, args, read } = await startFixture(t, { api });
      writeFileSync(join(folder, OUTPUT), 'older\n');
      const result = await runCliHere(folder, [...args, ...flags]);
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

test('offsets that count from 1 reach the last record, also where it stands alone', async (t) => {
  const { server, fetch, read } = await startFixture(t, { api: 'start-end', records: 26 });
  const { verdict } = await fetch();
  assert.equal(read(), wholeOutput(server), JSON.stringify(verdict));
  assert.equal(verdict.name, 'complete');
});

test('among them are lists whose numbers no double holds', async (t) => {
  for (const api of ['header-cursor', 'range', 'since-id', 'elasticsearch']) {
    const { server } = await startFixture(t, { api });
    const rounded = (line: string) => JSON.stringify(JSON.parse(line));
    assert.ok(server.lines.some((line) => rounded(line) !== line));
    assert.ok(whole.includes(api));
  }
});
