/** A small part of what `npm run sim:drift` reads, and what must be seen of single changes. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { seededRandom } from '../../src/demo/demo-items.ts';
import { type DriftCase, drawCase, drawStillCase, type Step } from '../drift/drift-case.ts';
import { type DriftResult, isFalse, readDrifting } from '../drift/drift-run.ts';
import { listStyles } from '../drift/list-styles.ts';

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
    const drawn = draw(seed, seededRandom(seed));
    if (drawn.pages <= 30 && isMeant(drawn)) found.push(drawn);
  }
  return found;
}

const nameOf = ({ seed, style, kind }: DriftCase): string =>
  `seed ${seed}: ${style.name}, ${kind ?? 'still'}`;

function factsOf({ lost, twice, summary }: DriftResult): string {
  return JSON.stringify({ lost, twice, verdict: summary.verdict });
}

/** `unverified` claims nothing: there is no total, or a check could not be made. */
function claimsWhole({ summary }: DriftResult): boolean {
  return ['proven', 'complete'].includes(summary.verdict.name);
}

suite('a list that changed is never green and wrong, unless its rows move', AT_ONCE, () => {
  for (const drawn of firstOf(drawCase, 40, ({ kind }) => kind !== 'move')) {
    test(nameOf(drawn), async () => {
      const result = await readDrifting(drawn, ONCE);
      assert.ok(!(claimsWhole(result) && isFalse(result)), factsOf(result));
    });
  }
});

suite('nor if it is read until two readings agree', AT_ONCE, () => {
  for (const drawn of firstOf(drawCase, 10, ({ pages, kind }) => pages === 10 && kind !== 'move')) {
    test(nameOf(drawn), async () => {
      const result = await readDrifting(drawn, PROVE);
      assert.ok(!isFalse(result), factsOf(result));
    });
  }
});

suite('a list that stands still is no cause for alarm', AT_ONCE, () => {
  const still = firstOf(drawStillCase, 40, ({ style, stated }) => {
    return style.name !== 'offset, rounded' && (style.isParallel || stated.end !== 'refused');
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

/** What changes once two of five pages have been read, and what shows it. */
const seen: readonly (readonly [
  style: string,
  stated: Said,
  changes: Step['changes'],
  reason: RegExp,
])[] = [
  ['page', total, [deleted], /the total went from 41 to 40/],
  ['page', total, [deleted, appended], /pages? .* held other records when read again/],
  ['page', total, [moved], /1 record stands on pages/],
  ['page', flag, [deleted], /pages? .* held other records when read again/],
  ['next URL: offset', flag, [deleted], /pages? .* held other records when read again/],
  ['cursor: opaque offset', flag, [deleted], /pages? .* held other records when read again/],
  ['offset', total, [deleted, appended], /page \d did not begin with the last record of page \d/],
  ['offset', flag, [deleted], /page \d did not begin with the last record of page \d/],
];

function caseOf(style: string, stated: Said, changes: Step['changes']): DriftCase {
  return {
    seed: 7,
    kind: null,
    style: listStyles.find(({ name }) => name === style)!,
    stated,
    order: 'ascending',
    identity: style.endsWith(': key') ? 'rank' : 'own',
    pages: 5,
    pageSize: 10,
    length: 41,
    ticks: true,
    hasEtag: false,
    concurrency: 1,
    steps: [[{ moment: 0.4, changes }], []],
  };
}

suite('a record that goes missing in the middle', AT_ONCE, () => {
  for (const [style, stated, changes, reason] of seen) {
    const acts = changes.map(({ act }) => act).join(' and ');
    const said = stated.total === 'none' ? 'has_more' : 'total';
    test(`${style}, ${said}: ${acts} is seen`, async () => {
      const { summary } = await readDrifting(caseOf(style, stated, changes), ONCE);
      assert.equal(summary.verdict.name, 'drifted');
      assert.match(summary.verdict.reasons.join(), reason);
    });
  }

  for (const style of ['cursor: key', 'next URL: key', 'Link: key']) {
    test(`${style}: there is none, and nothing is reported`, async () => {
      const drawn = caseOf(style, flag, [deleted, appended]);
      const { summary, lost } = await readDrifting(drawn, ONCE);
      assert.deepEqual([summary.verdict.name, lost], ['proven', []]);
    });
  }

  for (const style of ['page', 'next URL: offset']) {
    test(`${style}: not with two readings that agree`, async () => {
      const drawn = caseOf(style, style === 'page' ? total : flag, [deleted, appended]);
      const { summary, lost } = await readDrifting(drawn, PROVE);
      assert.deepEqual([summary.verdict.name, summary.readings, lost], ['proven', 3, []]);
    });
  }
});
