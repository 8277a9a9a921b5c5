/** One run of everypage against a server, compared with what the server holds. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '../run/run-cli.ts';
import type { CountingProxy } from './counting-proxy.ts';
import type { PeerCase } from './peer.ts';

export interface CaseResult {
  readonly exitCode: number | null;
  readonly style: string;
  readonly verdict: string;
  readonly requests: number;
  readonly refused: number;
  /** Lines in the output; 0 where none was written. */
  readonly records: number;
  /** What is not as it should be; null where all records came, each once, byte by byte. */
  readonly wrong: string | null;
  readonly stderr: string;
}

interface SummaryFile {
  readonly verdict?: { readonly name?: string };
  readonly pagination?: { readonly style?: string } | null;
}

/** `--summary` besides the URL: it writes down what was found, and changes nothing. */
export async function fetchCase(
  { path, body, all, records, byValue }: PeerCase,
  { origin, counts }: CountingProxy,
  flags: readonly string[],
  folder: string,
): Promise<CaseResult> {
  const expected = (await all(origin)).map((record) => JSON.stringify(record));
  if (expected.length !== records || new Set(expected).size !== records) {
    throw new Error(`${path} was to hold ${records} different records, not ${expected.length}`);
  }
  const before = { ...counts };
  const work = mkdtempSync(join(folder, 'run-'));
  const request = body === undefined ? [] : ['--data', body];
  const args = [`${origin}${path}`, ...request, ...flags, '-o', 'out.ndjson'];
  const { code, stderr } = await runCli(work, [...args, '--summary', 'summary.json']);
  const text = readOrNull(join(work, 'out.ndjson'));
  const summary = JSON.parse(readOrNull(join(work, 'summary.json')) ?? '{}') as SummaryFile;
  const lines = text?.split('\n').slice(0, -1) ?? [];
  return {
    exitCode: code,
    style: summary.pagination?.style ?? '–',
    verdict: summary.verdict?.name ?? '–',
    requests: counts.requests - before.requests,
    refused: counts.refused - before.refused,
    records: lines.length,
    wrong: differenceOf(code, byValue ? lines.map(rewritten) : lines, expected),
    stderr,
  };
}

/** The record as this program would write it. */
function rewritten(line: string): string {
  return JSON.stringify(JSON.parse(line));
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function differenceOf(
  code: number | null,
  lines: readonly string[],
  expected: readonly string[],
): string | null {
  if (code !== 0) return `exit ${code}`;
  if (lines.length !== expected.length) return `${lines.length} of ${expected.length} records`;
  const at = lines.findIndex((line, index) => line !== expected[index]);
  return at === -1 ? null : `record ${at + 1} differs or stands elsewhere`;
}
