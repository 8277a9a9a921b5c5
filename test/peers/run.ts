/**
 * everypage against servers that nobody here wrote: `npm run test:peers [name…]`. Each list is
 * fetched with its URL alone. What is known not to work so stands in the list with the flags that
 * make it work; alone it must then end with exit 3, and with those flags it must work.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCountingProxy } from './counting-proxy.ts';
import { type CaseResult, fetchCase } from './fetch-case.ts';
import { CannotInstall, installedName, installPeers } from './install.ts';
import { largePeers } from './large-peers.ts';
import type { Peer, PeerCase } from './peer.ts';
import { smallPeers } from './small-peers.ts';

interface Row {
  readonly peer: string;
  readonly list: string;
  readonly flags: readonly string[];
  readonly result: CaseResult;
  /** Null: as claimed. */
  readonly failure: string | null;
}

async function runPeer(peer: Peer, folder: string): Promise<Row[]> {
  const running = await peer.start(folder);
  const proxy = await startCountingProxy(running.port);
  const rows: Row[] = [];
  try {
    await running.fill?.(proxy.origin);
    const name = running.name ?? installedName(peer.package);
    for (const it of peer.cases) {
      const list = it.body === undefined ? it.path : `${it.path} -d '${it.body}'`;
      const add = (flags: readonly string[], result: CaseResult, failure: string | null): void => {
        const row = { peer: name, list, flags, result, failure };
        rows.push(row);
        console.log(lineOf(row));
        if (failure !== null) console.log(result.stderr.replace(/^/gm, '      '));
      };
      const alone = await fetchCase(it, proxy, [], folder);
      add([], alone, failureAlone(it, alone));
      if (it.flags === undefined) continue;
      const helped = await fetchCase(it, proxy, it.flags, folder);
      add(it.flags, helped, helped.wrong);
    }
  } finally {
    await proxy.close();
    await running.stop();
  }
  return rows;
}

function failureAlone({ flags }: PeerCase, { exitCode, wrong }: CaseResult): string | null {
  if (flags === undefined) return wrong;
  if (wrong === null) return 'works by the URL alone now: take its flags out of the list';
  return exitCode === 3 ? null : `exit ${exitCode}, not 3`;
}

const WIDTHS = [26, 46, 9, 11, 9, 5, 8] as const;

function lineOf({ peer, list, flags, result, failure }: Row): string {
  const { style, verdict, requests, refused, exitCode, records, wrong } = result;
  const short = list.replaceAll(/\s+/g, ' ');
  return columns(
    peer,
    short.length > 46 ? `${short.slice(0, 45)}…` : short,
    style,
    verdict,
    refused === 0 ? `${requests}` : `${requests} (-${refused})`,
    `${exitCode}`,
    `${records}`,
    failure !== null ? `FAILED: ${failure}` : wrong === null ? 'same' : 'needs flags',
    flags.length === 0 ? '' : `with ${flags.join(' ')}`,
  );
}

function columns(...cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join(' ')
    .trimEnd();
}

const wanted = process.argv.slice(2);
const chosen = [...smallPeers, ...largePeers].filter(
  (peer) => wanted.length === 0 || wanted.some((name) => peer.package.includes(name)),
);
if (chosen.some((peer) => smallPeers.includes(peer))) installPeers();
console.log(
  columns('server', 'list', 'style', 'verdict', 'requests', 'exit', 'records', 'against it'),
);
const folder = mkdtempSync(join(tmpdir(), 'everypage-peers-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const rows: Row[] = [];
const broken: string[] = [];
const skipped: string[] = [];
for (const peer of chosen) {
  const own = mkdtempSync(join(folder, 'server-'));
  try {
    rows.push(...(await runPeer(peer, own)));
  } catch (error) {
    console.log(`${peer.package}: ${(error as Error).message}`);
    (error instanceof CannotInstall ? skipped : broken).push(peer.package);
  }
}

const alone = rows.filter(({ flags }) => flags.length === 0);
const helped = rows.filter(({ flags }) => flags.length > 0);
const worked = alone.filter(({ result }) => result.wrong === null);
const failures = rows.filter(({ failure }) => failure !== null);
console.log(`\n${worked.length} of ${alone.length} lists came whole with the URL alone.`);
for (const { peer, list, flags } of helped)
  console.log(`  ${peer} ${list} needs ${flags.join(' ')}`);
if (chosen.length === 0) console.log(`no server is called ${wanted.join(' or ')}`);
for (const { peer, list, failure } of failures) console.log(`FAILED ${peer} ${list}: ${failure}`);
for (const name of skipped) console.log(`SKIPPED ${name}: it cannot be installed here`);
for (const name of broken) console.log(`FAILED ${name}: it could not be asked`);
// A server that was not asked is not green.
const isGood = failures.length + broken.length === 0 && rows.length > 0;
process.exitCode = isGood ? 0 : 1;
