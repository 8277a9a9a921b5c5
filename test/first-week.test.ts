import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

test('what a new user tries in the first week works', async () => {
  const script = join(import.meta.dirname, '../scripts/first-week.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script]).catch(
    (error: { stdout: string }) => error,
  );
  assert.doesNotMatch(stdout, /^FAILED/m);
  assert.match(stdout, /^(\d+) of \1 checks are ok$/m);
});
