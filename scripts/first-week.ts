/**
 * The first week of a new user, against a local server: `npm run first-week`. Each check tries one thing
 * as somebody would who has read only the README. Exits 1 if one does not work.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBlackHole } from '../test/servers/black-hole.ts';
import { startPageServer } from '../test/servers/page-server.ts';
import type { Check } from './first-week/check.ts';
import { checks as commandLineChecks } from './first-week/command-line.ts';
import { checks as libraryChecks } from './first-week/library.ts';

const checks: readonly Check[] = [...libraryChecks, ...commandLineChecks];
const PAGE = 50;
/** A list of 100 records in two pages. */
function listPage(path: string): string {
  const page = path.endsWith('?page=2') ? 2 : 1;
  const items = Array.from({ length: PAGE }, (_, index) => ({ id: (page - 1) * PAGE + index + 1 }));
  return JSON.stringify({ total: 2 * PAGE, next: page === 1 ? '/items?page=2' : null, items });
}

const top = mkdtempSync(join(tmpdir(), 'everypage-first-week-'));
process.env['XDG_STATE_HOME'] = join(top, 'states');
process.env['NO_PROXY'] = 'localhost,127.0.0.1';

const [dead, http1, http2] = await Promise.all([
  startBlackHole('127.0.0.1'),
  startPageServer({
    protocol: 'http',
    delayMs: 2,
    control: (path) => (path.startsWith('/items') ? listPage(path) : null),
    respond: ({ path }) =>
      path.startsWith('/limited') ? { status: 429, headers: { 'retry-after': '600' } } : null,
  }),
  startPageServer({ protocol: 'h2c' }),
]);

let failed = 0;
for (const [at, check] of checks.entries()) {
  const folder = mkdtempSync(join(top, `${at}-`));
  const server = {
    url: http1.origin,
    listUrl: `${http1.origin}/items`,
    http2Url: http2.origin,
    deadUrl: `http://127.0.0.1:${dead.port}`,
    folder,
  };
  const error = await check.run(server).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error !== null) failed += 1;
  const why = error instanceof Error ? error.message : String(error);
  console.log(error === null ? `ok      ${check.name}` : `FAILED  ${check.name}\n${why}\n`);
}

await Promise.all([dead.close(), http1.close(), http2.close()]);
rmSync(top, { recursive: true, force: true });
console.log(`${checks.length - failed} of ${checks.length} checks are ok`);
process.exitCode = failed === 0 ? 0 : 1;
