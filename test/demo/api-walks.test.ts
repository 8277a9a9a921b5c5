import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeJson } from '../../src/demo/api-json.ts';
import { startApiServer } from '../../src/demo/api-server.ts';
import { apiNames } from '../../src/demo/api-shapes.ts';
import { keyOf, walk } from './api-client.ts';
import { steps, unreadable } from './api-steps.ts';

async function readWhole(api: string, records?: number): Promise<void> {
  const server = await startApiServer(records === undefined ? { api } : { api, records });
  try {
    const pages = await walk(server, steps[api]!(server.url));
    const read = pages.flatMap((page) => page.records);
    assert.deepEqual(
      read.map((record) => keyOf(record, server.keyPath)),
      server.records,
    );
    assert.deepEqual(read.map(writeJson), server.lines);
    assert.equal(new Set(server.records).size, server.length);
    assert.equal(server.counts().requests, pages.length);
  } finally {
    await server.close();
  }
}

for (const api of apiNames) {
  if (unreadable.includes(api)) continue;
  test(`${api}: read as its documentation says, each record comes once and in order`, async () => {
    await readWhole(api);
  });
}

test('lists of no record, of one, and of exactly two pages end as they should', async () => {
  for (const api of apiNames) {
    if (unreadable.includes(api)) continue;
    for (const records of [0, 1, 50, 51]) await readWhole(api, records);
  }
});

test('every API is walked, or is there to be unreadable', () => {
  assert.deepEqual([...apiNames].sort(), [...Object.keys(steps), ...unreadable].sort());
});
