/** Options that name files, two at a time, over all verbs: no file is lost, and exit 0 means all of it. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  fileCase,
  freshCopy,
  layTemplate,
  runFileCase,
  snapshot,
  startServer,
} from './named-files.ts';

process.env['NO_PROXY'] = '127.0.0.1';
const cases = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 100);
const seed = Number(process.env['EVERYPAGE_FUZZ_SEED'] ?? Date.now() % 1_000_000_000);

test('whatever two options name, only the output is changed, and exit 0 means that it is whole', async (t) => {
  t.diagnostic(`seed ${seed}`);
  const server = await startServer();
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const root = mkdtempSync(join(memory, 'everypage-names-'));
  t.after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(root, { recursive: true, force: true });
  });
  const template = join(root, 'template');
  mkdirSync(template);
  await layTemplate(template, server);
  const folder = join(root, 'work');
  const codes: Record<string, number> = {};
  freshCopy(template, folder);
  const before = snapshot(folder);
  for (let n = 0; n < cases; n += 1) {
    try {
      const { changed, code } = await runFileCase(
        fileCase(seed + n, folder, server),
        folder,
        before,
      );
      codes[code] = (codes[code] ?? 0) + 1;
      if (changed) freshCopy(template, folder);
    } catch (error) {
      throw new Error(
        `EVERYPAGE_FUZZ_SEED=${seed + n} EVERYPAGE_FUZZ_RUNS=1: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }
  t.diagnostic(`exit codes ${JSON.stringify(codes)}`);
});
