import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isWhole } from '../../src/core/summary.ts';
import { seededRandom } from '../../src/demo/demo-items.ts';
import { presets } from '../../src/index.ts';
import { apiNames } from '../fixtures/apis/api-shapes.ts';
import { startFixture, wholeOutput } from './pagination-setup.ts';

/** Of these a run may only say that it cannot read them. */
const hard = new Set(['sliced', 'ambiguous', 'loop', 'self-next']);
const apis = apiNames.filter((name) => !hard.has(name));
const presetNames = new Set(presets.map(({ name }) => name));

const CASES = Number(process.env['PAGINATION_CASES'] ?? 24);
const SEED = Number(process.env['PAGINATION_SEED'] ?? Date.now() % 1_000_000);

interface Case {
  readonly api: string;
  readonly byPreset: boolean;
  readonly records: number;
  readonly pageSize: number;
  readonly concurrency: number;
  /** Pages asked for side by side are then on their way together. */
  readonly latencyMs: number;
  /** The run is stopped and gone on with after so many pages. */
  readonly maxPages: number | null;
}

function caseOf(seed: number): Case {
  const random = seededRandom(seed);
  const below = (most: number) => Math.floor(random() * most);
  const api = apis[below(apis.length)]!;
  const pageSize = 1 + below(random() < 0.5 ? 8 : 30);
  const pages = below(9);
  // The edges of pages are where lists go wrong.
  // HAL leaves an empty list out of its page, so nothing shows where records would stand.
  const least = api === 'hal' ? 1 : 0;
  const records = Math.max(least, pages * pageSize + [-1, 0, 1, below(pageSize)][below(4)]!);
  return {
    api,
    byPreset: presetNames.has(api) && random() < 0.5,
    records,
    pageSize,
    concurrency: 1 + below(6),
    latencyMs: random() < 0.3 ? 2 : 0,
    maxPages: random() < 0.3 ? 1 + below(6) : null,
  };
}

suite(`records out are records in, or it is said that they are not (seed ${SEED})`, {
  concurrency: 4,
}, () => {
  for (let seed = SEED; seed < SEED + CASES; seed += 1) {
    const { api, byPreset, records, pageSize, concurrency, latencyMs, maxPages } = caseOf(seed);
    const way = byPreset ? 'preset' : 'auto';
    const list = { api, records, pageSize, latencyMs };
    test(`${seed}: ${api} by ${way}, ${records} records by ${pageSize}`, async (t) => {
      const { server, fetch, read } = await startFixture(t, list);
      const own = { concurrency, ...(byPreset ? { paginate: { preset: api } } : {}) };
      if (maxPages !== null) {
        const { stop } = await fetch({ ...own, maxPages });
        assert.ok(stop === null || read() === null);
      }
      const { verdict, pagination, output, stop } = await fetch(own);
      const told = JSON.stringify({ verdict, pagination });
      assert.equal(stop, null);
      assert.equal(verdict.failed, 0, told);
      if (verdict.name === 'incomplete') {
        // A page that says nothing of a next one may be all there is, and may not.
        assert.equal(verdict.end, 'single', told);
        assert.ok(!byPreset, told);
        assert.match(verdict.reasons.join(), /one page only/);
        assert.equal(read(), null);
        return;
      }
      assert.ok(isWhole(verdict.name, null), told);
      assert.equal(read(), wholeOutput(server), told);
      assert.equal(verdict.records?.fetched, records, told);
      assert.deepEqual([verdict.records?.written, output?.records], [records, records], told);
      assert.equal(verdict.records?.duplicates, 0, told);
    });
  }
});
