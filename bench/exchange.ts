/**
 * CPU of one HTTP/2 exchange, with TLS and system calls: our client beside `node:http2`, without archive and output.
 *
 *     node bench/exchange.ts
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { createTransport } from '../src/http/create-transport.ts';
import { writePages } from './pages.ts';
import { temporaryFolder } from './processes.ts';
import { startServer } from './server.ts';

const ROUNDS = 3;
const AT_ONCE = 50;
const MIB = 1024 * 1024;
const WINDOW = 4 * MIB;
const SETS = [
  ['5k', 20_000],
  ['60k', 5_000],
] as const;

/** Resolves with the bytes of the body. */
type Get = (path: string) => Promise<number>;

async function cpuForEach(pages: number, folder: string, get: Get): Promise<number> {
  let next = 1;
  const before = process.cpuUsage();
  const worker = async (): Promise<void> => {
    while (next <= pages) {
      const path = `/${folder}/${next++}.json`;
      if ((await get(path)) < 1000) throw new Error(`${path} is not a page`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / pages;
}

async function ours(origin: string, ca: string, pages: number, folder: string): Promise<number> {
  const transport = createTransport({
    protocol: 'http2',
    concurrency: AT_ONCE,
    proxyFor: () => null,
    ca,
    cert: null,
    key: null,
    insecure: false,
    connectTimeoutMs: 10_000,
    idleTimeoutMs: 30_000,
    timeoutMs: 120_000,
    maxBodyBytes: 64 * MIB,
    minBytesPerSecond: 100,
    bodyBudgetBytes: 128 * MIB,
  });
  const headers = Object.freeze({ accept: 'application/json' });
  const cpu = await cpuForEach(pages, folder, async (path) => {
    const response = await transport.request({ method: 'GET', origin, path, headers, body: null });
    return response.bodyBytes;
  });
  await transport.close();
  return cpu;
}

async function nodes(origin: string, ca: string, pages: number, folder: string): Promise<number> {
  const session = connect(origin, { ca, settings: { initialWindowSize: WINDOW } });
  session.once('connect', () => session.setLocalWindowSize(8 * WINDOW));
  const cpu = await cpuForEach(pages, folder, (path) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const stream = session.request({ ':path': path, accept: 'application/json' });
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on('end', () => resolve(bytes));
    stream.on('error', reject);
    return promise;
  });
  session.close();
  return cpu;
}

const top = temporaryFolder();
for (const [set, pages] of SETS) writePages(join(top, 'pages'), set, pages);
const server = await startServer(join(top, 'server'), join(top, 'pages'), 1_000_000);
const origin = `https://localhost:${server.port}`;
const ca = readFileSync(server.caFile, 'utf8');
console.log(`${server.name}, ${AT_ONCE} at once; median of ${ROUNDS} rounds`);
for (const [set, pages] of SETS) {
  for (const [name, client] of Object.entries({ everypage: ours, 'node:http2': nodes })) {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push(await client(origin, ca, pages, set));
    }
    const median = rounds.toSorted((a, b) => a - b)[ROUNDS >> 1]!;
    console.log(`${set}  ${name.padEnd(10)}  ${median.toFixed(1)} µs of CPU a page`);
  }
}
process.exit();
