/**
 * The first week of a new user, against a local server: `npm run first-week`. Each check tries one thing
 * as somebody would who has read only the README. Exits 1 if one does not work.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPageServer } from '../test/servers/page-server.ts';
import type { Check } from './first-week/check.ts';
import { checks as libraryChecks } from './first-week/library.ts';

const checks: readonly Check[] = [...libraryChecks];
const top = mkdtempSync(join(tmpdir(), 'everypage-first-week-'));
process.env['XDG_STATE_HOME'] = join(top, 'states');
process.env['NO_PROXY'] = 'localhost,127.0.0.1';

const sockets = new Set<Socket>();
const silent = createServer((socket) => sockets.add(socket.on('error', () => {})));
await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', () => resolve()));
const { port } = silent.address() as { port: number };
const [http1, http2] = await Promise.all([
  startPageServer({
    protocol: 'http',
    delayMs: 2,
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
    http2Url: http2.origin,
    silentUrl: `http://127.0.0.1:${port}`,
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

for (const socket of sockets) socket.destroy();
silent.close();
await Promise.all([http1.close(), http2.close()]);
rmSync(top, { recursive: true, force: true });
console.log(`${checks.length - failed} of ${checks.length} checks are ok`);
process.exitCode = failed === 0 ? 0 : 1;
