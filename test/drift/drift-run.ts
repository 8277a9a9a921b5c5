/** Reads a changing list with the library, and judges its verdict by what the list really did. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOver } from '../../src/api/run.ts';
import type { Summary } from '../../src/core/summary.ts';
import { seededRandom } from '../../src/demo/demo-items.ts';
import type { DriftCase } from './drift-case.ts';
import { DriftServer, ORIGIN } from './drift-server.ts';

/** A run that takes longer would never end. */
const LONGEST_MS = 120_000;

export interface DriftResult {
  readonly summary: Summary;
  /** It ends with exit 0, so the output below is written. */
  readonly isWhole: boolean;
  /** Records that stood all the time and are not in the output, by label. */
  readonly lost: readonly string[];
  /** More often in the output than there ever were. */
  readonly twice: readonly string[];
  readonly requests: number;
  /** What was answered and what changed, in order. */
  readonly log: readonly string[];
}

/** An output is false where a record that was there all the time is missing or stands twice. */
export function isFalse({ lost, twice }: DriftResult): boolean {
  return lost.length > 0 || twice.length > 0;
}

/** @param prove read until two readings agree */
export async function readDrifting(
  drawn: DriftCase,
  { prove }: { readonly prove: boolean },
): Promise<DriftResult> {
  const { style, stated, pageSize, concurrency, seed, identity } = drawn;
  const server = new DriftServer(drawn, seededRandom(seed ^ 0x5eed));
  /** When each reading began. */
  const began: number[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'everypage-drift-'));
  const output = join(folder, 'out.ndjson');
  try {
    const text = `${ORIGIN}/items?${style.start(pageSize)}`;
    const summary = await runOver(server.transport, [{ kind: 'literal', text }], {
      output,
      concurrency,
      prove,
      paginate: style.paginate(stated, pageSize, identity === 'rank' ? 'id' : 'rank'),
      proxy: '',
      signal: AbortSignal.timeout(LONGEST_MS),
      onEvent(event) {
        if (event.type !== 'start') return;
        server.beginReading();
        began.push(server.list.changes);
      },
    });
    const { list, requests, log } = server;
    const facts = { summary, requests, log };
    // Only what is whole is written, since nothing else was allowed.
    if (summary.stop !== null || summary.output === null) {
      return { ...facts, isWhole: false, lost: [], twice: [] };
    }
    const came = countLabels(readFileSync(output, 'utf8'));
    const lost: string[] = [];
    const twice: string[] = [];
    // Two readings that agree hold what stood from the beginning of the first of them on.
    const counts = list.countSince(began.at(-2) ?? began[0]!);
    for (const [label, { standing, any }] of counts) {
      const count = came.get(label) ?? 0;
      if (count < standing) lost.push(label);
      if (count > any) twice.push(label);
    }
    return { ...facts, isWhole: true, lost, twice };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function countLabels(lines: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines.split('\n')) {
    if (line === '') continue;
    const { label } = JSON.parse(line) as { label: string };
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts;
}
