/** A small part of what `npm run sim:drift` reads, and what must be seen of single changes. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type DriftCase, drawCase, drawStillCase, type Step } from '../drift/drift-case.ts';
import { type DriftResult, isFalse, readDrifting } from '../drift/drift-run.ts';
import { listStyles } from '../drift/list-styles.ts';
import { randomFrom } from './pagination-setup.ts';

/** Runs wait for their thread more than for each other. */
const AT_ONCE = { concurrency: 4 };

const ONCE = { prove: false };
const PROVE = { prove: true };

function firstOf(
  draw: (seed: number, random: () => number) => DriftCase,
  most: number,
  isMeant: (drawn: DriftCase) => boolean,
): DriftCase[] {
  const found: DriftCase[] = [];
  for (let seed = 0; found.length < most; seed += 1) {
    const drawn = draw(seed, randomFrom(seed));
    if (drawn.pages <= 30 && isMeant(drawn)) found.push(drawn);
  }
  return found;
}

const nameOf = ({ seed, style, kind }: DriftCase): string =>
  `seed ${seed}: ${style.name}, ${kind ?? 'still'}`;

function factsOf({ lost, twice, summary }: DriftResult): string {
  return JSON.stringify({ lost, twice, verdict: summary.verdict });
}

/** Totals go up or down by these, and are not evened out within one moment. */
const UNBALANCED = ['delete', 'insert', 'append', 'delete a page'];

suite('a list that changed is never green and wrong where one reading can see it', AT_ONCE, () => {
  const seen = firstOf(drawCase, 60, ({ style, stated, kind }) => {
    if (kind === null || kind === 'move') return false;
    return style.holdsKey || (stated.total === 'records' && UNBALANCED.includes(kind));
  });
  for (const drawn of seen) {
    test(nameOf(drawn), async () => {
      const result = await readDrifting(drawn, ONCE);
      assert.ok(!isFalse(result), factsOf(result));
    });
  }
});

suite('nor where it cannot, if it is read until two readings agree', AT_ONCE, () => {
  for (const drawn of firstOf(drawCase, 20, ({ pages, kind }) => pages === 10 && kind !== 'move')) {
    test(nameOf(drawn), async () => {
      const result = await readDrifting(drawn, PROVE);
      assert.ok(!isFalse(result), factsOf(result));
    });
  }
});

suite('a list that stands still is no cause for alarm', AT_ONCE, () => {
  const still = firstOf(drawStillCase, 60, ({ style, stated, identity }) => {
    const hasKey = identity !== 'none' && identity !== 'equal';
    if (!hasKey || style.name === 'offset, rounded') return false;
    return style.isParallel || (stated.end !== 'refused' && stated.total !== 'pages');
  });
  for (const drawn of still) {
    test(`${nameOf(drawn)}, ${drawn.length} records by ${drawn.pageSize}`, async () => {
      const result = await readDrifting(drawn, ONCE);
      assert.ok(result.isWhole && !isFalse(result), factsOf(result));
    });
  }
});

const deleted = { act: 'delete', where: 'read' } as const;
const appended = { act: 'insert', where: 'newest' } as const;
const moved = { act: 'move', where: 'read', to: 'newest' } as const;

const total = { total: 'records', end: 'empty' } as const;
const flag = { total: 'none', end: 'more' } as const;

type Said = DriftCase['stated'];

/** What one reading sees of a record that goes missing, by what the server says; null: none does. */
const seen: readonly (readonly [
  style: string,
  stated: Said,
  changes: Step['changes'],
  isSeen: boolean | null,
  overlap?: number,
])[] = [
  ['page', total, [deleted], true],
  ['page', total, [deleted, appended], false],
  ['page', total, [moved], true],
  ['page', flag, [deleted], false],
  ['next URL: offset', flag, [deleted], false],
  ['offset', total, [deleted, appended], false],
  ['offset', total, [deleted, appended], true, 1],
  ['offset', flag, [deleted], true, 1],
  ['cursor: key', flag, [deleted, appended], null],
];

suite('a record that goes missing in the middle', AT_ONCE, () => {
  const base = { seed: 7, kind: null, order: 'ascending', identity: 'own' } as const;
  const list = { pages: 5, pageSize: 10, length: 41, ticks: true, hasEtag: false, concurrency: 1 };

  function caseOf(style: string, stated: Said, changes: Step['changes'], overlap = 0): DriftCase {
    const named = listStyles.find(({ name }) => name === style)!;
    const paginate = named.paginate(stated, list.pageSize, 'rank');
    const pinned = {
      style: 'offset',
      param: 'offset',
      sizeParam: 'limit',
      overlap,
      ...(stated === total ? { totalPath: 'total' } : { morePath: 'has_more' }),
    } as const;
    const own = { ...named, paginate: () => (overlap === 0 ? paginate : pinned) };
    const steps = [[{ moment: 0.4, changes }], []];
    return { ...base, ...list, style: own, stated, steps };
  }

  for (const [style, stated, changes, isSeen, overlap] of seen) {
    const acts = changes.map(({ act }) => act).join(' and ');
    const what = isSeen === null ? 'there is none' : isSeen ? 'reported' : 'not to be seen';
    const said = `${stated.total === 'none' ? 'has_more' : 'total'}, overlap ${overlap ?? 0}`;
    test(`${acts}, ${style}, ${said}: ${what}`, async () => {
      const result = await readDrifting(caseOf(style, stated, changes, overlap), ONCE);
      const { name, reasons } = result.summary.verdict;
      assert.equal(name, isSeen ? 'drifted' : 'complete', reasons.join());
      assert.equal(result.lost.length > 0, isSeen === false, factsOf(result));
    });
  }

  for (const style of ['page', 'next URL: offset']) {
    test(`${style}: not with a second reading`, async () => {
      const stated = style === 'page' ? total : flag;
      const drawn = caseOf(style, stated, [deleted, appended]);
      const { summary, lost } = await readDrifting(drawn, PROVE);
      assert.deepEqual([summary.verdict.name, summary.readings, lost], ['complete', 3, []]);
    });
  }
});
