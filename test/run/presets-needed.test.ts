/**
 * A preset stays only where its API cannot be read by its URL alone, or has a trap to tell (issue 13). Each
 * is measured: its fixture is read without what the preset would add.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type Preset, presets, run } from '../../src/index.ts';
import { apiNames } from '../fixtures/apis/api-shapes.ts';
import { OUTPUT, startFixture, wholeOutput } from './pagination-setup.ts';

const AT_ONCE = { concurrency: 4 };
const PAGE_SIZE = 25;

/** Errors with status 200 are no question of the URL: test/run/fail-when.test.ts shows what they do. */
const failsInSuccess = ({ failWhen, refusals }: Preset): boolean =>
  failWhen !== undefined || refusals?.inSuccess === true;

const withoutTrap = presets.filter((preset) => {
  const { traps = [] } = preset;
  return traps.length === 0 && !failsInSuccess(preset);
});

suite('a preset without a trap reads what its URL alone does not', AT_ONCE, () => {
  for (const { name, headers = {} } of withoutTrap) {
    test(name, async (t) => {
      // The list is one full page, which is where silence tells nothing.
      const { server, options, fetch, read } = await startFixture(t, {
        api: name,
        records: PAGE_SIZE,
        pageSize: PAGE_SIZE,
      });
      const own = Object.entries(options.headers ?? {}).filter(([header]) => !(header in headers));
      const asTyped = { headers: Object.fromEntries(own) };
      const alone = await fetch(asTyped);
      assert.equal(alone.verdict.name, 'incomplete', `${name} is read by its URL alone`);
      assert.equal(read(), null);
      await fetch({ ...asTyped, paginate: { preset: name }, fresh: true });
      assert.equal(read(), wholeOutput(server));
    });
  }
});

/** They had a preset, and are read whole by their URL, with or without the parameters of a cursor. */
const readByUrl: readonly (readonly [api: string, begin: readonly string[]])[] = [
  ['gitlab-keyset', ['pagination', 'order_by', 'sort']],
  ['solr', ['cursorMark']],
  ['europepmc', ['cursorMark']],
  ['django', []],
  ['jira-offset', []],
  ['salesforce', []],
  ['graph', []],
  ['pokeapi', []],
  ['couchdb', []],
];

suite('an API that has no preset any more needs none', AT_ONCE, () => {
  for (const [api, begin] of readByUrl) {
    test(api, async (t) => {
      assert.ok(apiNames.includes(api));
      assert.ok(!presets.some(({ name }) => name === api));
      for (const isBegun of begin.length === 0 ? [true] : [true, false]) {
        const { server, folder, options, read } = await startFixture(t, { api, records: 90 });
        const url = new URL(server.url);
        for (const param of isBegun ? [] : begin) url.searchParams.delete(param);
        const { verdict } = await run([{ kind: 'literal', text: url.href }], {
          ...options,
          output: join(folder, OUTPUT),
        });
        assert.equal(verdict.failed, 0);
        assert.equal(read(), wholeOutput(server), verdict.reasons.join('; '));
      }
    });
  }
});
