import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { NextStep } from '../../src/core/page-info.ts';
import { pageKey } from '../../src/core/page-request.ts';
import { isWhole, type Verdict } from '../../src/core/summary.ts';
import { createGrowingPlan } from '../../src/plan/create-growing-plan.ts';
import { keyPartsOf } from '../archive/paged-archive.ts';
import { BORN_AT, createArchive, failedPage, sha256, storedPage } from '../archive/sample-pages.ts';
import {
  needsNext,
  pagedStyles,
  pageOfList,
  paginationOfList,
  type StillList,
  startOfList,
  statesEnd,
  type Word,
  words,
} from './still-list.ts';

/** Read with the real plan, and judged with the real verdict. */
async function readList(path: string, list: StillList): Promise<Verdict> {
  const pagination = paginationOfList(list);
  const archive = createArchive(path);
  archive.setPagination(pagination);
  const plan = createGrowingPlan({ pagination, start: startOfList(list) });
  const seen = new Map<string, { branch: number; position: number }>();
  const seenAt = (what: string | null, place: { branch: number; position: number }) => {
    const known = what === null ? null : (seen.get(what) ?? null);
    if (what !== null && known === null) seen.set(what, place);
    return known;
  };
  let moment = BORN_AT;
  for await (const batch of plan.batches()) {
    for (const request of batch) {
      const { place, url, method, body } = request;
      const { pageInfo: said, ids, status } = pageOfList(list, request);
      moment += 1;
      const own = { place, url, key: pageKey({ url, method, body }), startedAt: moment };
      if (said === null) {
        const isPast = request.speculative === true && pagination.pastEnd.includes(status);
        const state = isPast ? 'beyond-end' : 'failed';
        archive.store([failedPage(place.position, { ...own, state, status, code: null })], []);
        plan.onPage(request, { state, status });
        continue;
      }
      const pageInfo = {
        ...said,
        nextSeenAt: seenAt(nameOf(said.next), place),
        recordsSeenAt: seenAt(said.digest, place),
      };
      const row = { ...own, records: ids.length, pageInfo, keys: keyPartsOf(ids) };
      archive.store([storedPage(place.position, row)], []);
      plan.onPage(request, { state: 'stored', pageInfo });
    }
  }
  archive.endPlan(0, sha256(new Uint8Array()), plan.end());
  const verdict = archive.verdict({ expect: null });
  archive.close();
  return verdict;
}

function nameOf(next: NextStep | null): string | null {
  return next === null ? null : JSON.stringify(next);
}

function subsetsOf<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: 2 ** all.length }, (_, set) =>
    all.filter((_, at) => ((set >> at) & 1) === 1),
  );
}

/** A folder without a disk, where there is one: a thousand archives are made. */
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const SIZE = 5;
/** None, one, a page less one, a full page, one over, several pages, several full pages. */
const totals = [0, 1, SIZE - 1, SIZE, SIZE + 1, 4 * SIZE + 2, 4 * SIZE];
const common = ['total', 'totalPages', 'more', 'next'] as const satisfies readonly Word[];
const others = words.filter((word) => !(common as readonly Word[]).includes(word));

for (const style of pagedStyles) {
  test(`a list by ${style} that stands still raises no alarm, whatever part of the truth it states`, async (t) => {
    const folder = mkdtempSync(join(memory, 'everypage-still-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    let count = 0;
    const main = style === 'link' ? words.filter((word) => word !== 'echo') : common;
    for (const stated of subsetsOf(main)) {
      if (needsNext.has(style) && !stated.includes('next')) continue;
      for (const total of totals) {
        count += 1;
        // The other ways that differ from server to server take turns.
        const bit = (at: number): boolean => ((count * 2654435761) >>> (at + 8)) % 2 === 1;
        const list: StillList = {
          style,
          total,
          size: SIZE,
          states: new Set([...stated, ...others.filter((_, at) => style !== 'link' && bit(at))]),
          base: bit(9) ? 1 : 0,
          pastEnd: bit(10) ? 'refused' : 'empty',
          forgets: bit(11),
          noNext: bit(12) ? 'null' : 'absent',
        };
        const verdict = await readList(join(folder, String(count)), list);
        const told = JSON.stringify({ ...list, states: [...list.states], verdict }, null, 1);
        assert.equal(verdict.records?.fetched, total, told);
        const isEnough =
          isWhole(verdict.name, 'complete') || (verdict.name === 'unverified' && !statesEnd(list));
        assert.ok(isEnough, told);
      }
    }
  });
}
