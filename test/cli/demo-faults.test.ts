import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faults } from '../../src/demo/faults.ts';
import { runCli, temporaryFolder } from '../run/run-cli.ts';

test('the demo names its faults, plays several at once, and says what it takes instead of a typo', async (t) => {
  const folder = temporaryFolder(t);
  const demo = (...args: string[]) => runCli(folder, ['demo', '--progress', 'none', ...args]);
  const [list, healed, failed, typo, both, other] = await Promise.all([
    demo('--faults', 'list'),
    demo('--faults', 'cut-chunk,html', '--http1.1'),
    demo('--faults', 'not-found'),
    demo('--faults', 'cut-chank'),
    demo('--faults', 'html', '--api', 'github'),
    demo('--faults', 'calm', '--http1.1'),
  ]);
  assert.deepEqual(
    list.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
    faults.map(({ name }) => name),
  );
  assert.equal(healed.code, 0, healed.stderr);
  assert.match(healed.stderr, /· bodies without a length, cut in the middle/);
  assert.match(healed.stderr, /All 100 pages are OK\./);
  assert.match(healed.stderr, /HTTP\/1\.1/);
  assert.match(healed.stderr, /counted 1\d\d requests .* answered 20 with a fault/);
  assert.equal(failed.code, 3);
  assert.match(failed.stderr, /404 .*Not Found/);
  assert.match(failed.stderr, /It is gone now/);
  assert.doesNotMatch(failed.stderr, /kept in|To try|To take/);
  assert.match(other.stderr, /HTTP\/2 alone has it/);
  assert.doesNotMatch(healed.stderr, /HTTP\/2 alone has it/);
  assert.equal(typo.code, 2);
  assert.match(typo.stderr, /there is no fault "cut-chank"; did you mean cut-chunk\?/);
  assert.equal(both.code, 2);
});
