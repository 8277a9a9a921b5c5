import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { exportArchive } from '../../src/api/export-archive.ts';
import { verifyArchive } from '../../src/api/verify-archive.ts';
import type { EverypageError } from '../../src/core/errors.ts';
import { SLOTS } from '../../src/core/memory-budget.ts';
import { noPagination, type Pagination } from '../../src/core/pagination.ts';
import { specification } from '../archive/sample-pages.ts';
import { batchOf, SessionRun, temporaryFolder } from './session-run.ts';

const output = { kind: 'records', select: 'items' } as const;

const PART = 'items.ndjson.everypage.part';
const COMPLETE = 'items.ndjson.everypage';

const offsets: Pagination = {
  ...noPagination,
  style: 'offset',
  param: 'offset',
  records: 'items',
  totalPath: 'total',
};

const page = (position: number) => ({ position, body: `{"n":${position}}` });

test('pages of a list go out in page order, whatever order they were stored in', async (t) => {
  const folder = temporaryFolder(t);
  const run = await SessionRun.open(folder);
  run.store(page(2), page(1));
  run.store(page(3));
  run.store(page(0));
  run.endList(4);
  const finished = await run.finish();
  assert.equal(run.text, '{"n":0}\n{"n":1}\n{"n":2}\n{"n":3}\n');
  assert.equal(finished.verdict.name, 'proven');
  const { length } = run.text;
  assert.deepEqual(finished.outputs, [
    { destination: 'stdout', records: 4, bytes: length, leftOut: 0, notes: [] },
  ]);
  assert.equal(finished.archivePath, join(folder, COMPLETE));
  assert.deepEqual(readdirSync(folder), [COMPLETE]);
});

test('slots are asked for after pages whose turn it is were written, which frees them all', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'out.ndjson');
  const targets = [{ kind: 'file', path, format: 'ndjson', compression: null } as const];
  const run = await SessionRun.open(folder, { targets });
  const slots = Array.from({ length: SLOTS }, (_, slot) => slot);
  for (const slot of slots) {
    const batch = batchOf([page(slot)]);
    const shared = new Uint8Array(new SharedArrayBuffer(batch.arena.length));
    shared.set(batch.arena);
    const { freeSlots } = run.session.store({ ...batch, arena: shared, slot });
    assert.deepEqual(freeSlots, []);
  }
  assert.deepEqual((await run.session.freeSlots()).toSorted(), slots);
  run.session.close();
});

test('a body that is no page is rejected with its index, and the rest of its batch is stored', async (t) => {
  const run = await SessionRun.open(temporaryFolder(t));
  const { rejections } = run.store(page(0), { position: 1, body: '<p>' }, page(2));
  assert.deepEqual(
    rejections.map(({ index, kind, beginning }) => [index, kind, beginning]),
    [[1, 'json', '<p>']],
  );
  assert.deepEqual(
    run.session.known({ branch: 0, from: 0, to: 9 }).map(({ position }) => position),
    [0, 2],
  );
  run.session.close();
});

test('a run that goes on exports what an earlier one stored, up to the first gap when stopped', async (t) => {
  const folder = temporaryFolder(t);
  const first = await SessionRun.open(folder);
  first.store(page(0), page(1), page(3));
  await first.finish(true);
  assert.equal(first.text, '{"n":0}\n{"n":1}\n');
  const again = await SessionRun.open(folder);
  assert.equal(again.session.opened.highestPosition, 3);
  again.store(page(2));
  again.endList(4);
  await again.finish();
  assert.equal(again.text, '{"n":0}\n{"n":1}\n{"n":2}\n{"n":3}\n');
});

test('pages that memory does not hold until their turn are read back, past one that failed', async (t) => {
  const run = await SessionRun.open(temporaryFolder(t));
  const fill = 'x'.repeat(100_000);
  const large = (position: number) => ({ position, body: JSON.stringify([position, fill]) });
  const failed = 200;
  for (let from = 1; from <= 300; from += 50) {
    const positions = Array.from({ length: 50 }, (_, index) => from + index);
    run.store(
      ...positions.map((position) => (position === failed ? { position } : large(position))),
    );
  }
  run.store(large(0));
  run.endList(301);
  const finished = await run.finish();
  assert.equal(finished.outputs[0]?.records, 300);
  const order = [...run.text.matchAll(/^\[(\d+),/gm)].map(([, position]) => Number(position));
  const expected = Array.from({ length: 301 }, (_, position) => position);
  assert.deepEqual(order, expected.toSpliced(failed, 1));
});

test('a paginated list whose pages memory does not hold is read back in its order', async (t) => {
  const run = await SessionRun.open(temporaryFolder(t), { isPaginated: true });
  await run.session.paginate({ pagination: offsets, output, isOneBranch: true });
  const fill = 'x'.repeat(100_000);
  const large = (position: number) => ({
    position: 2 * position,
    body: JSON.stringify({ fill, items: [2 * position, 2 * position + 1], total: 602 }),
  });
  for (let position = 300; position >= 0; position -= 1) run.store(large(position));
  const end = { reason: 'total', detail: null, ends: [{ branch: 0, position: 602 }] } as const;
  await new Promise((resolve) => setTimeout(resolve, 50));
  run.session.endPlan({ count: 0, digest: new Uint8Array(32), end });
  await run.finish();
  assert.deepEqual(
    run.text.trim().split('\n').map(Number),
    Array.from({ length: 602 }, (_, ordinal) => ordinal),
  );
});

test('another run with pages is refused by what differs, one without gives way', async (t) => {
  const folder = temporaryFolder(t);
  const other = { ...specification, method: 'POST' };
  (await SessionRun.open(folder)).session.close();
  assert.deepEqual(readdirSync(folder), []);
  const kept = await SessionRun.open(folder);
  kept.store(page(0));
  kept.session.close();
  await assert.rejects(SessionRun.open(folder, { specification: other }), {
    code: 'ARCHIVE_FOREIGN',
    message: /method: was GET, is POST/,
  });
  const fresh = await SessionRun.open(folder, { specification: other, fresh: true });
  assert.equal(fresh.session.opened.resumed, null);
  fresh.session.close();
});

const listPage = (position: number, ...items: readonly number[]) => ({
  position,
  body: JSON.stringify({ items, total: 5 }),
});

test('a paginated run begins once it is known how, and gives each record once', async (t) => {
  const run = await SessionRun.open(temporaryFolder(t), { isPaginated: true });
  assert.throws(() => run.store(listPage(0, 0)), { code: 'INTERNAL' });
  await run.session.paginate({ pagination: offsets, output, isOneBranch: true });
  const { pageInfos } = run.store(listPage(0, 0, 1, 2), listPage(3, 3, 4));
  assert.deepEqual(
    pageInfos.map((info) => [info?.records, info?.total]),
    [
      [3, 5],
      [2, 5],
    ],
  );
  // Asked for too early: the last record of the first page stands in it too.
  run.store(listPage(2, 2, 3));
  const end = { reason: 'total', detail: null, ends: [{ branch: 0, position: 5 }] } as const;
  run.session.endPlan({ count: 0, digest: new Uint8Array(32), end });
  await run.finish();
  assert.equal(run.text, '0\n1\n2\n3\n4\n');
});

test('after an empty page only the end of the plan tells what follows', async (t) => {
  const run = await SessionRun.open(temporaryFolder(t), { isPaginated: true });
  const pagination: Pagination = { ...offsets, style: 'page', param: 'page' };
  await run.session.paginate({ pagination, output, isOneBranch: true });
  run.store(listPage(2, 4), listPage(0, 0, 1), listPage(1), listPage(3));
  assert.equal(await run.textOf(3), '0\n1');
  const end = { reason: 'past-end', detail: null, ends: [{ branch: 0, position: 3 }] } as const;
  run.session.endPlan({ count: 0, digest: new Uint8Array(32), end });
  await run.finish();
  assert.equal(run.text, '0\n1\n4\n');
});

test('branches have no common order before they end', async (t) => {
  const run = await SessionRun.open(temporaryFolder(t), { isPaginated: true });
  await run.session.paginate({ pagination: offsets, output, isOneBranch: false });
  run.store({ ...listPage(0, 3, 4), branch: 1 }, listPage(0, 0, 1, 2));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(run.text, '');
  const ends = [
    { branch: 0, position: 3 },
    { branch: 1, position: 2 },
  ];
  const end = { reason: 'total', detail: null, ends } as const;
  run.session.endPlan({ count: 0, digest: new Uint8Array(32), end });
  await run.finish();
  assert.equal(run.text, '0\n1\n2\n3\n4\n');
});

test('what an earlier run stored under a higher limit is exported by one with a lower limit', async (t) => {
  const folder = temporaryFolder(t);
  const large = { position: 0, body: JSON.stringify('x'.repeat(5000)) };
  const first = await SessionRun.open(folder, { maxDecodedBytes: 10_000 });
  assert.deepEqual(first.store(large).rejections, []);
  first.session.close();
  const again = await SessionRun.open(folder, { maxDecodedBytes: 100 });
  const { rejections } = again.store({ position: 1, body: large.body }, page(1));
  assert.deepEqual(
    rejections.map(({ kind }) => kind),
    ['too-large'],
  );
  again.endList(2);
  const { verdict } = await again.finish();
  assert.equal(verdict.name, 'proven');
  assert.equal(again.text, `${large.body}\n{"n":1}\n`);
});

test('the archive says how large its pages may be: verify and export need no flag for it', async (t) => {
  const folder = temporaryFolder(t);
  // Larger than any default that there was, of 2 MiB that gzip cannot shorten and of white space.
  const noise = Buffer.from(
    Array.from({ length: 1 << 17 }, (_, index) =>
      ((index * 2_654_435_761) % 2 ** 32).toString(36),
    ).join(''),
  );
  const space = Buffer.alloc(257 * 1024 * 1024, ' ');
  const parts = [Buffer.from('["'), noise, Buffer.from('"'), space, Buffer.from(']')];
  const body = gzipSync(Buffer.concat(parts), { level: 1 });
  const limit = 300 * 1024 * 1024;
  const run = await SessionRun.open(folder, { maxDecodedBytes: limit, targets: [] });
  assert.deepEqual(run.store({ position: 0, body, encoding: 'gzip' }).rejections, []);
  run.endList(1);
  const { archivePath } = await run.finish();
  const output = join(folder, 'out.ndjson');
  const { verdict, problems } = await verifyArchive(archivePath!);
  assert.deepEqual([verdict.name, problems], ['proven', []]);
  const { records } = await exportArchive(archivePath!, { output });
  assert.deepEqual([records, readFileSync(output).length], [1, noise.length + 5]);
});

test('a body that is larger than its run allowed is a change, and no flag is advised', async (t) => {
  const folder = temporaryFolder(t);
  const run = await SessionRun.open(folder, { maxDecodedBytes: 1000 });
  run.store(page(0));
  run.endList(1);
  run.session.close();
  const path = join(folder, PART);
  const database = new DatabaseSync(path);
  // A longer body than was stored, in the place of the first one.
  database.exec(`UPDATE content SET body = CAST('"' || printf('%.*c', 2000, 'x') || '"' AS BLOB)`);
  database.close();
  const { problems } = await verifyArchive(path);
  assert.deepEqual(
    problems.map(({ problem }) => problem),
    ['the body is larger, decoded, than any that its run allowed'],
  );
  const output = join(folder, 'out.ndjson');
  await assert.rejects(exportArchive(path, { output }), (error: EverypageError) => {
    assert.equal(error.code, 'ARCHIVE_DAMAGED');
    assert.match(error.message, /can no longer be decoded: it is larger than the run allowed/);
    assert.doesNotMatch(error.message, /max-decoded/);
    return true;
  });
  assert.equal(existsSync(output), false);
});
