import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

/** Makes objects that live for fifty turns, looks each turn as the program does over time, and says how much is young. */
const SCRIPT = `
  const v8 = process.getBuiltinModule('node:v8');
  const { boundHeap } = await import(${JSON.stringify(new URL('../../src/cli/bound-heap.ts', import.meta.url).href)});
  let look = () => {};
  globalThis.setInterval = (callback) => ((look = callback), { unref() {} });
  globalThis.clearInterval = () => (look = () => {});
  boundHeap();
  const kept = [];
  let highest = 0;
  for (let turn = 0; turn < 1500; turn += 1) {
    for (let at = 0; at < 1000; at += 1) kept[(turn * 1000 + at) % 50000] = { at, text: [at, turn] };
    const young = v8.getHeapSpaceStatistics().find((it) => it.space_name === 'new_space');
    highest = Math.max(highest, young.space_size / 1048576);
    look();
  }
  console.log(highest);`;

test('the young generation stops growing, and Node says nothing of it', () => {
  const args = ['--input-type=module', '-e', SCRIPT];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  // Without bounds 48 MiB with Node 24.
  assert.ok(Number(stdout) < 30, stdout);
});
