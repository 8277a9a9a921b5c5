import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Archive } from '../../src/archive/archive.ts';
import { EverypageError } from '../../src/core/errors.ts';
import { SessionRun, temporaryFolder } from './session-run.ts';

const PART = 'items.ndjson.everypage.part';

const page = (position: number) => ({ position, body: `{"n":${position}}` });

test('a failed page keeps its code; the output is left out, or holds what is there', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'out.ndjson');
  const target = { kind: 'file', path, format: 'ndjson', compression: null } as const;
  const targets = [target];
  const first = await SessionRun.open(folder, { targets });
  first.store(page(0), { position: 1, code: 'TRUNCATED' }, page(2));
  first.endList(3);
  const finished = await first.finish();
  assert.deepEqual([finished.verdict.name, finished.outputs], ['incomplete', []]);
  assert.deepEqual(
    finished.failures.map(({ place, code }) => [place.position, code]),
    [[1, 'TRUNCATED']],
  );
  assert.deepEqual(readdirSync(folder), [PART]);
  const again = await SessionRun.open(folder, { targets, allowIncomplete: true });
  assert.deepEqual(again.session.opened.resumed?.stored, 2);
  again.store({ position: 1, code: 'NOT_JSON' });
  again.endList(3);
  const second = await again.finish();
  assert.equal(second.failures[0]?.code, 'NOT_JSON');
  assert.equal(readFileSync(path, 'utf8'), '{"n":0}\n{"n":2}\n');
  // The archive goes on; a stopped run would have written nothing.
  assert.equal(second.archivePath, join(folder, PART));
});

test('a run that was killed before its export exports without a page being stored', async (t) => {
  const folder = temporaryFolder(t);
  const first = await SessionRun.open(folder);
  first.store(page(0), page(1));
  first.endList(2);
  first.session.close();
  const archive = Archive.open(join(folder, PART));
  archive.seal('complete', 1);
  archive.close();
  const again = await SessionRun.open(folder);
  assert.equal(again.session.opened.exportOnly, true);
  await again.finish();
  assert.equal(again.text, '{"n":0}\n{"n":1}\n');
});

test('who leaves before the last page finds everything the next time', async (t) => {
  const folder = temporaryFolder(t);
  const run = await SessionRun.open(folder, { targets: [{ kind: 'pages' }] });
  run.closePipe(new EverypageError('CLOSED_PIPE', 'gone'));
  run.store(page(0));
  run.endList(1);
  const finished = await run.finish();
  assert.deepEqual([finished.outputs, run.failures], [[], []]);
  const again = await SessionRun.open(folder, { targets: [{ kind: 'pages' }] });
  assert.equal(again.session.opened.exportOnly, true);
  await again.finish();
  assert.deepEqual(
    again.pages.map(({ body }) => Buffer.from(body).toString()),
    ['{"n":0}'],
  );
});

test('an output that cannot be made ends the run with its reason', async (t) => {
  const run = await SessionRun.open(temporaryFolder(t));
  run.closePipe(new EverypageError('OUTPUT_WRITE', 'the disk is full'));
  run.store(page(0));
  run.endList(1);
  await assert.rejects(run.finish(), { code: 'OUTPUT_WRITE' });
  assert.equal(run.failures.length, 1);
  run.session.close();
});
