import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { FolderHome } from '../../src/cluster/folder-home.ts';
import { lockKey, runKeys } from '../../src/cluster/keys.ts';
import { countPart } from '../../src/cluster/part-writer.ts';
import { registerRun } from '../../src/cluster/run-record.ts';
import { PartStore } from '../../src/cluster/store.ts';
import { temporaryFolder } from '../run/run-cli.ts';
import { startRedis, WITHOUT_REDIS } from './redis-process.ts';

test('a part counts only for who has its chains, in the run that is going on', {
  skip: WITHOUT_REDIS ?? false,
}, async (t) => {
  const server = await startRedis();
  const redis = new Redis(server.url);
  t.after(async () => {
    redis.disconnect();
    await server.close();
  });
  const path = join(temporaryFolder(t), 'store');
  mkdirSync(join(path, 'parts'), { recursive: true });
  const more = { words: [], secretHeaders: [], hasList: false, isPaged: true, chunk: 50 };
  const record = { id: '0123456789ab', format: 1, version: '1', total: 0, ...more };
  const run = { ...record, store: path, createdAt: 0 };
  const store = await PartStore.begin(new FolderHome(path), run);
  await registerRun(redis, run);
  const keys = runKeys(run.id);
  const epoch = (await redis.hget(keys.run, 'epoch'))!;
  const key = lockKey(keys, 'c-1');
  await redis.set(key, 'mine');
  const pages = [{ place: { branch: 0, position: 7 }, state: 'stored' }] as const;
  const counted = (name: string, token: string, of = epoch): ReturnType<typeof countPart> => {
    writeFileSync(join(path, 'parts', `${name}.everypage`), '');
    const planned = { epoch: of, numberOf: () => null, locks: [{ key, token }] };
    return countPart({ redis, keys, store, who: name, planned }, name, pages);
  };
  assert.equal(await counted('a-1', 'mine'), 'counted');
  assert.equal(await counted('b-1', 'of another'), 'refused');
  assert.equal(await counted('c-1', 'mine', 'before'), 'lost');
  assert.deepEqual(await redis.lrange(keys.parts, 0, -1), ['a-1']);
  // Who is refused removes the part itself, when it has given back what it was of.
  assert.deepEqual(readdirSync(join(path, 'parts')), ['a-1.everypage', 'b-1.everypage']);
});
