/** What whole runs lost or said wrongly: printed commands, kept expectations, odd ends, slices. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type JsonReply, startJsonServer } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const things = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ id: from + index }));
const numberIn = (url: URL, name: string, otherwise = 0): number =>
  Number(url.searchParams.get(name) ?? otherwise);

/** 137 records by offset. */
function byOffset(url: URL): JsonReply {
  const offset = numberIn(url, 'offset');
  const items = things(offset, Math.min(137, offset + numberIn(url, 'limit', 25)));
  return { body: { items, total: 137 } };
}

/** The words of a command as it is printed; values here hold no other quotes. */
function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
}

suite('a printed command does what was asked for', () => {
  const select = 'items[?id >= `50`]';

  test('so that of explain has the selection once', async (t) => {
    const { origin } = await startJsonServer(t, byOffset);
    const folder = temporaryFolder(t);
    const url = `${origin}/items?limit=25&offset=0`;
    const { stdout } = await runCliHere(folder, ['explain', url, '--select', select]);
    const command = wordsOf(stdout.trimEnd().split('\n').at(-1)!.trim()).slice(1);
    assert.equal(command.filter((word) => word === '--select').length, 1, stdout);
    assert.ok(command.includes(select), stdout);
    const run = await runCliHere(folder, command);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /137 records of the list, 87 by your selection/);
  });

  for (const flags of [['--select', select], ['--pages']]) {
    test(`so what pins a run with ${flags[0]} has that flag`, async (t) => {
      const { origin } = await startJsonServer(t, byOffset);
      const folder = temporaryFolder(t);
      const url = `${origin}/items?limit=25&offset=0`;
      const run = await runCliHere(folder, [url, '-o', 'a.ndjson', ...flags]);
      const pinned = wordsOf(/pin with: (.*)$/m.exec(run.stderr)![1]!);
      const again = await runCliHere(folder, [url, '-o', 'b.ndjson', ...pinned]);
      assert.equal(again.code, 0, again.stderr);
      const [first, second] = ['a', 'b'].map((name) =>
        readFileSync(join(folder, `${name}.ndjson`)),
      );
      assert.deepEqual(second, first);
    });
  }
});
