import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { PlanEnd } from '../../src/core/page-info.ts';
import type { Verdict } from '../../src/core/summary.ts';
import { endAt, pagedArchive, pageWithInfo, paging, twice } from '../archive/paged-archive.ts';
import { runInProcess } from '../run/run-in-process.ts';

const verify = (...argv: readonly string[]) => runInProcess(['verify', ...argv]);

/** Two pages with three records, the end of the list found for `reason`. */
function archiveOf(t: TestContext, reason: PlanEnd['reason'], second: readonly string[] = ['c']) {
  const archive = pagedArchive(t, paging({ style: 'page' }));
  archive.store(twice([pageWithInfo(0, ['a', 'b']), pageWithInfo(1, second)]), []);
  endAt(archive, 2, reason);
  archive.close();
  return archive.path;
}

test('verify passes what is complete, and what is unverified unless that is not enough', async (t) => {
  const complete = archiveOf(t, 'stated');
  const { code, stderr } = await verify(complete, '--strict');
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /^All 2 pages are OK: 3 records, up to the end that the server states\.\n {2}every page was read again at the end and had not changed\n/,
  );
  assert.equal((await verify(complete, '--strict=complete')).code, 0);
  assert.equal((await verify(complete, '--strict=proven')).code, 3);
  const unverified = archiveOf(t, 'past-end');
  const said = await verify(unverified);
  assert.equal(said.code, 0);
  assert.match(said.stderr, /, unverified: the server states no total/);
  assert.equal((await verify(unverified, '--strict')).code, 3);
});

test('verify holds an archive to the number of records that is expected', async (t) => {
  const path = archiveOf(t, 'past-end');
  assert.equal((await verify(path, '--strict', '--expect', '3')).code, 0);
  const { code, stderr } = await verify(path, '--expect', '4');
  assert.equal(code, 3);
  assert.match(stderr, /^Incomplete: 4 records were expected, 3 came\./);
  const wrong = await verify(path, '--expect', 'many');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--expect: expected a whole number of 0 or more, got "many"/);
});

test('verify tells machines the verdict by name, why, and what was counted', async (t) => {
  const { code, stdout } = await verify(archiveOf(t, 'stated', ['b', 'c']), '--json');
  const told = JSON.parse(stdout) as { verdict: Verdict; exitCode: number };
  assert.deepEqual([code, told.exitCode], [3, 3]);
  assert.equal(told.verdict.name, 'incomplete');
  assert.match(told.verdict.reasons[0]!, /^1 record came twice, though the list did not change/);
  const { fetched, unique, duplicates, sharedKeys } = told.verdict.records!;
  assert.deepEqual([fetched, unique, duplicates, sharedKeys.length], [4, 3, 1, 1]);
});

test('export of an archive that is not whole says why, and how to take what is there', async (t) => {
  const { code, stderr } = await runInProcess(['export', archiveOf(t, 'loop')]);
  assert.equal(code, 3, stderr);
  assert.match(stderr, /is incomplete: the server led back to an earlier page\. Run the command/);
  assert.match(stderr, /export what is there with --allow-incomplete/);
});
