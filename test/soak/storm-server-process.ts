/**
 * The server of a storm in a process of its own: `node storm-server-process.ts '{"protocol":"h2",…}'`
 * prints one line `{"url":…,"caFile":…}`, and when its stdin closes one more with its counts, and ends.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Wanted } from './kill-plan.ts';
import { stormFaults } from './soak-faults.ts';
import { certificates, type Served, startSoakServer } from './soak-server.ts';

export interface StormData {
  readonly seed: number;
  readonly wanted: Wanted;
  readonly protocol: Served['protocol'];
  readonly perSecond: number;
}

const { seed, wanted, protocol, perSecond } = JSON.parse(process.argv[2]!) as StormData;
const folder = mkdtempSync(join(tmpdir(), 'everypage-storm-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const caFile = join(folder, 'ca.pem');
writeFileSync(caFile, certificates.ca);
const server = await startSoakServer({
  wanted,
  protocol,
  closeAfter: 100,
  limit: { perSecond, burst: perSecond, retryAfterSeconds: 1 },
  faultOf: stormFaults(seed),
});
process.stdin
  .once('close', () => {
    const { requests: _, ...counts } = server.counts();
    process.stdout.write(`${JSON.stringify(counts)}\n`, () => process.exit(0));
  })
  .resume();
process.stdout.write(`${JSON.stringify({ url: server.url, caFile })}\n`);
