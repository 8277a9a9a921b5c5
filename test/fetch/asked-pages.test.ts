import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownCredentials } from '../../src/core/known-credentials.ts';
import { createBodyCheck } from '../../src/decode/check-body.ts';
import { parseSelection } from '../../src/decode/selection.ts';
import { AskedPages } from '../../src/fetch/asked-pages.ts';
import { finalAttempt, type Task } from '../../src/fetch/task.ts';
import { answer } from './fake-network.ts';

const PAST_END = [404];

/** Pages that are answered with these bodies, one after the other. */
async function ask(bodies: readonly string[]) {
  const dispatcher = { rejected: () => assert.fail('a page was rejected'), done: () => {} };
  const check = createBodyCheck(parseSelection(null), 1e9);
  const pages = new AskedPages(
    async () => assert.fail('nothing is sent'),
    check,
    () => false,
    new KnownCredentials([], []),
    dispatcher,
  );
  const source = pages.tasks();
  const tasks: Task[] = [];
  const views = [];
  for (const [position, body] of bodies.entries()) {
    const view = pages.ask({
      place: { branch: 0, position },
      method: 'GET',
      url: `https://a.example/items?page=${position}`,
      body: null,
      source: null,
    });
    const { value } = await source.next();
    const [task] = value as readonly [Task];
    tasks.push(task);
    const timing = { startedAt: 0, sentAt: 0, durationMs: 1 };
    pages.add(task, finalAttempt(answer(200, {}, body), null, timing));
    views.push(await view);
  }
  const take = (index: number) => {
    const chunks = pages.take(tasks[index]!.key, PAST_END)?.ended?.chunks;
    return chunks === undefined ? null : Buffer.concat(chunks).toString();
  };
  return { views, take, wires: pages.finals().map(({ chunks }) => chunks[0]) };
}

test('a page that comes again is held once, and each who asked for it gets it', async () => {
  const { views, take, wires } = await ask(['[1]', '[2]', '[1]']);
  assert.equal(views[2]!.body, views[0]!.body);
  assert.notEqual(views[1]!.body, views[0]!.body);
  assert.equal(wires[2], wires[0]);
  assert.deepEqual([take(0), take(1), take(2)], ['[1]', '[2]', '[1]']);
  assert.equal(take(0), null);
});

test('whoever takes a page may overwrite its memory', async () => {
  const { take, wires } = await ask(['[1]', '[1]']);
  take(0);
  wires[0]!.fill(0);
  assert.equal(take(1), '[1]');
});

test('a large page is not copied for others: they ask for it again', async () => {
  const body = `[1,"${'x'.repeat(2 * 1024 * 1024)}"]`;
  const { take } = await ask([body, '[2]', body]);
  assert.equal(take(0), body);
  assert.deepEqual([take(1), take(2)], ['[2]', null]);
});

test('a body of the same length with other bytes is another page', async () => {
  const { views, take } = await ask(['[1,2]', '[1,3]']);
  assert.deepEqual(
    [views[0]!.json, views[1]!.json],
    [
      [1, 2],
      [1, 3],
    ],
  );
  assert.deepEqual([take(0), take(1)], ['[1,2]', '[1,3]']);
});
