/**
 * The page server in a process of its own: `node page-server-process.ts '{"protocol":"h2"}'` prints
 * one line `{"origin":…,"caFile":…}`, answers `GET /__counts` with its counters, and ends on SIGTERM
 * or when its stdin closes, so that it cannot outlive the test that started it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PageServer, type PageServerData, startPageServer } from './page-server.ts';

function countsBody(server: PageServer): string {
  const { requests, ...counts } = server.counts();
  return JSON.stringify({ ...counts, requests: Object.fromEntries(requests) });
}

const data = JSON.parse(process.argv[2] ?? '{}') as PageServerData;
const folder = mkdtempSync(join(tmpdir(), 'everypage-pages-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const server: PageServer = await startPageServer({
  ...data,
  control: (path) => (path === '/__counts' ? countsBody(server) : null),
});
const caFile = join(folder, 'ca.pem');
writeFileSync(caFile, server.ca);

const stop = (): void => process.exit(0);
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
process.stdin.once('close', stop).resume();
process.stdout.write(`${JSON.stringify({ origin: server.origin, caFile })}\n`);
