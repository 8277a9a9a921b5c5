/**
 * What an archive costs: µs a page to store and to read back, at 5 KB and 60 KB a body.
 *
 *     node bench/archive.ts [folder]
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Archive } from '../src/archive/archive.ts';
import type { PageRow } from '../src/archive/archive-types.ts';

const ROUNDS = 3;
const RUNS = [
  { bodyBytes: 5_000, pages: 20_000 },
  { bodyBytes: 60_000, pages: 4_000 },
];
const GROUPS = [50, 100];
/** Pages come out of order by as much as 50 requests in flight make them. */
const DISORDER = 50;

const specification = {
  pagination: null,
  sources: [],
  method: 'GET',
  bodyDigest: null,
  headers: [],
};

interface Costs {
  readonly wallUs: number;
  readonly cpuUs: number;
}

function measure(pages: number, work: () => void): Costs {
  const cpu = process.cpuUsage();
  const start = performance.now();
  work();
  const wallUs = ((performance.now() - start) * 1000) / pages;
  const used = process.cpuUsage(cpu);
  return { wallUs, cpuUs: (used.user + used.system) / pages };
}

function disordered(count: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let index = 0; index < count; index += 1) {
    const other = Math.min(count - 1, index + Math.floor(Math.random() * DISORDER));
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  return order;
}

function page(position: number, body: Uint8Array): PageRow {
  return {
    place: { branch: 0, position },
    key: randomKey,
    url: `https://api.example.com/v1/items?page=${position}`,
    state: 'stored',
    status: 200,
    headers: '{"content-type":"application/json","etag":"\\"0123456789abcdef\\""}',
    encoding: null,
    body,
    hash: randomHash,
    records: 25,
    pageInfo: null,
    keys: [],
    code: null,
    reason: null,
    attempts: 1,
    startedAt: 1_763_800_000_000 + position,
    durationMs: 12.345,
  };
}

const randomKey = randomBytes(16);
const randomHash = randomBytes(32);

function store(archive: Archive, order: readonly number[], bodies: Uint8Array[], group: number) {
  for (let from = 0; from < order.length; from += group) {
    const pages = order
      .slice(from, from + group)
      .map((position) => page(position, bodies[position % bodies.length]!));
    const attempts = pages.map(({ place, startedAt, durationMs }) => ({
      place,
      number: 1,
      startedAt,
      durationMs,
      status: 200,
      outcome: 'ok',
      toldToWaitMs: null,
      bodyBytes: 5000,
    }));
    archive.store(pages, attempts);
  }
  archive.endPlan(order.length, randomHash);
  archive.seal('complete', Date.now());
}

function readBack(archive: Archive): number {
  let bytes = 0;
  for (let after = null; ; ) {
    const pages = archive.readPages(after, 256, 1024 * 1024);
    if (pages.length === 0) return bytes;
    for (const { body } of pages) bytes += body.length;
    after = pages.at(-1)!.place;
  }
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'everypage-bench-'));
try {
  for (const { bodyBytes, pages } of RUNS) {
    const bodies = Array.from({ length: 16 }, () => new Uint8Array(randomBytes(bodyBytes)));
    for (const group of GROUPS) {
      const stored: Costs[] = [];
      const read: Costs[] = [];
      const known: Costs[] = [];
      const verdicts: Costs[] = [];
      let fileBytes = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const path = join(folder, 'bench.everypage');
        const { archive } = Archive.openOrCreate(
          path,
          specification,
          Date.now(),
          128 * 1024 * 1024,
        );
        const order = disordered(pages);
        stored.push(measure(pages, () => store(archive, order, bodies, group)));
        read.push(measure(pages, () => readBack(archive)));
        known.push(
          measure(pages, () => {
            for (let from = 0; from < pages; from += 256) archive.storedIn(0, from, from + 256);
          }),
        );
        verdicts.push(measure(pages, () => archive.verdict()));
        archive.close();
        fileBytes = statSync(path).size;
        rmSync(path);
      }
      const of = (costs: Costs[], key: keyof Costs) => median(costs.map((cost) => cost[key]));
      const readUs = of(read, 'wallUs');
      console.log(
        `${bodyBytes} B, groups of ${group}: ` +
          `store and seal ${of(stored, 'cpuUs').toFixed(1)} µs CPU, ${of(stored, 'wallUs').toFixed(1)} µs wall; ` +
          `read ${readUs.toFixed(1)} µs (${(bodyBytes / readUs).toFixed(0)} MB/s); ` +
          `look up ${of(known, 'wallUs').toFixed(2)} µs; verdict ${of(verdicts, 'wallUs').toFixed(3)} µs a page; ` +
          `file ${(fileBytes / pages / bodyBytes).toFixed(3)}× the bodies`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
