import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Archive } from '../../src/archive/archive.ts';
import { listArchives, removeArchive, tidyStateFolder } from '../../src/archive/state-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'everypage-states-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const DAY_S = 24 * 60 * 60;
const NOW_S = 2_000_000_000;

function begin(name: string): { readonly path: string; readonly archive: Archive } {
  const path = join(folder, `${name}.everypage.part`);
  const specification = {
    sources: [`https://a.example/${name}`],
    method: 'GET',
    bodyDigest: null,
    headers: [],
    pagination: null,
  };
  return { path, archive: Archive.openOrCreate(path, specification, NOW_S * 1000, 1000).archive };
}

function age(path: string, days: number): string {
  const at = NOW_S - days * DAY_S;
  utimesSync(path, at, at);
  return path;
}

function left(name: string, days: number, isComplete = false): string {
  const { path, archive } = begin(name);
  if (isComplete) archive.seal('proven', NOW_S * 1000);
  archive.close();
  return age(path, days);
}

test('old and complete archives go, recent ones, those in use and the own one stay', () => {
  const gone = [left('old', 31), left('complete', 2, true), age(leftDamaged(), 40)];
  const inUse = begin('in-use');
  age(inUse.path, 50);
  for (const suffix of ['-wal', '-shm']) {
    if (existsSync(inUse.path + suffix)) age(inUse.path + suffix, 50);
  }
  const own = left('own', 60);
  const kept = [left('recent', 29), left('just-complete', 0.5, true), own, inUse.path];
  tidyStateFolder(folder, NOW_S * 1000, own);
  assert.deepEqual(gone.filter(existsSync), []);
  assert.deepEqual(
    kept.filter((path) => !existsSync(path)),
    [],
  );
  const listed = listArchives(folder).map(({ path, state, sources }) => [path, state, sources[0]]);
  assert.deepEqual(listed.toSorted(), [
    [inUse.path, 'in use', undefined],
    [join(folder, 'just-complete.everypage.part'), 'complete', 'https://a.example/just-complete'],
    [own, 'unfinished', 'https://a.example/own'],
    [join(folder, 'recent.everypage.part'), 'unfinished', 'https://a.example/recent'],
  ]);
  assert.equal(removeArchive(inUse.path), false);
  inUse.archive.close();
  assert.equal(removeArchive(inUse.path), true);
  assert.deepEqual(listArchives(join(folder, 'none')), []);
});

function leftDamaged(): string {
  const path = join(folder, 'damaged.everypage.part');
  writeFileSync(path, 'not a database, and more than a hundred bytes of it. '.repeat(4));
  return path;
}
