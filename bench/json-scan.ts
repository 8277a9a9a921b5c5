/** Prints what a scan costs beside `JSON.parse(buffer.toString())`: node bench/json-scan.ts */
import { createJsonScanner } from '../src/decode/json-scan.ts';
import { parseSelection } from '../src/decode/selection.ts';

const ROUNDS = 15;
const ROUND_BYTES = 12_000_000;
const WORDS =
  'quiet amber river station report early garden value shift north copper lantern'.split(' ');

/** A page as APIs write it: envelope, nested records, short and long strings, numbers, escapes. */
function page(bodyBytes: number, indent: number): Buffer {
  let seed = 42;
  const next = (limit: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return seed % limit;
  };
  const words = (count: number): string =>
    Array.from({ length: count }, () => WORDS[next(WORDS.length)]).join(' ');
  const record = (id: number): object => ({
    id: 9_000_000_000 + id,
    node_id: `MDEwOlJlcG9zaXRvcnk${next(1_000_000)}`,
    name: words(2),
    private: next(2) === 1,
    owner: { login: words(1), id: next(1e8), url: `https://api.example.com/users/${next(1e6)}` },
    description: `${words(12)} “${words(2)}”\n${words(3)}`,
    score: next(1e6) / 1000,
    created_at: '2024-03-01T12:34:56Z',
    labels: [words(1), words(1)],
    position: { lat: 52.520008 + next(100) / 1e4, lon: -13.404954 },
    parent: null,
  });
  const records: object[] = [];
  const text = (): string =>
    JSON.stringify({ total: 1e5, data: records, next: null }, null, indent);
  while (Buffer.byteLength(text()) < bodyBytes) records.push(record(records.length));
  return Buffer.from(text());
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function microsecondsPerRun(work: () => void, runs: number): number {
  const start = process.hrtime.bigint();
  for (let run = 0; run < runs; run++) work();
  return Number(process.hrtime.bigint() - start) / 1000 / runs;
}

const scanner = createJsonScanner(parseSelection('data'));

for (const [name, body] of [
  ['5 KB', page(5_000, 0)],
  ['60 KB', page(60_000, 0)],
  ['5 KB indented', page(5_000, 2)],
  ['60 KB indented', page(60_000, 2)],
] as const) {
  const scan = (): void => {
    if (!scanner.scan(body).valid) throw new Error('a valid page was refused');
  };
  const parse = (): void => {
    if (JSON.parse(body.toString()).data === undefined) throw new Error('no data');
  };
  const runs = Math.ceil(ROUND_BYTES / body.length);
  const scanned: number[] = [];
  const parsed: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    scanned.push(microsecondsPerRun(scan, runs));
    parsed.push(microsecondsPerRun(parse, runs));
  }
  const [scanUs, parseUs] = [medianOf(scanned), medianOf(parsed)];
  console.log(
    `${name}: ${body.length} bytes; scan ${scanUs.toFixed(1)} µs ` +
      `(${Math.round(body.length / scanUs)} MB/s); JSON.parse ${parseUs.toFixed(1)} µs ` +
      `(${Math.round(body.length / parseUs)} MB/s); ratio ${(parseUs / scanUs).toFixed(2)}`,
  );
}
