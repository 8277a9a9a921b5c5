import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { PartWriter } from '../../src/cluster/part-writer.ts';
import type { PartStore } from '../../src/cluster/store.ts';

/** A writer whose store takes a part when it is told to. */
function writerOf(t: { after(end: () => void): void }) {
  const publishing: (() => void)[] = [];
  let waiting = 0;
  const counted: number[] = [];
  const store = {
    draft: (name: string) => name,
    discard() {},
    publish: () => new Promise<void>((resolve) => publishing.push(resolve)),
  } as Partial<PartStore> as PartStore;
  const writer = new PartWriter({
    store,
    who: 'w',
    write: async () => {
      const pages = Array.from({ length: waiting }, (_, position) => ({
        place: { branch: 0, position },
        state: 'stored' as const,
      }));
      waiting = 0;
      return pages;
    },
    count: async (_name, pages) => {
      counted.push(pages.length);
      return 'counted';
    },
    onCounted: async () => {},
    onLost: assert.fail,
    fail: (error) => assert.fail(String(error)),
  });
  const add = (pages: number): void => {
    waiting += pages;
    for (let page = 0; page < pages; page += 1) writer.add(1000);
  };
  const publish = async (): Promise<void> => {
    await turn();
    publishing.shift()?.();
    await turn();
  };
  t.after(async () => {
    const closing = writer.close();
    while (publishing.length > 0) await publish();
    await closing;
  });
  return { writer, add, publish, counted };
}

test('what is to be written while the store takes a part follows it at once', async (t) => {
  const { writer, add, publish, counted } = writerOf(t);
  add(1);
  writer.flush();
  await turn();
  add(2);
  writer.flush();
  await publish();
  await publish();
  assert.deepEqual(counted, [1, 2]);
});

test('a store that does not keep up is said to be behind until it has taken what waits', async (t) => {
  const { writer, add, publish } = writerOf(t);
  add(500);
  await turn();
  add(1999);
  assert.ok(!writer.isBehind);
  add(1);
  assert.ok(writer.isBehind);
  await publish();
  assert.ok(!writer.isBehind);
});
