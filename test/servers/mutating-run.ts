/** Reads a changing list with the library, and judges its verdict by what the list really did. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, type Summary } from '../../src/index.ts';
import { Changes, type MutatingCase, type Random } from './mutating-case.ts';
import { couldHaveStoodStill } from './mutating-evidence.ts';
import { MutatingList } from './mutating-list.ts';
import { type Answered, startMutatingServer } from './mutating-server.ts';

export interface MutatedRun {
  readonly summary: Summary;
  /** Labels, in order. */
  readonly output: readonly string[];
  /** They stood all the time, and are not in the output. */
  readonly lost: readonly string[];
  /** In the output more than once. */
  readonly twice: readonly string[];
  readonly hasChanged: boolean;
  /** A list that never changed could have answered likewise. */
  readonly isBlind: boolean;
  readonly answered: readonly Answered[];
}

/** `still`: nothing changed. `false`: it claims to have everything, and one could have known better. */
export type Outcome = 'still' | 'alarm' | 'reported' | 'right' | 'blind' | 'false';

export function outcomeOf({ summary, lost, twice, hasChanged, isBlind }: MutatedRun): Outcome {
  const { name } = summary.verdict;
  const isWhole = name === 'proven' || name === 'complete' || name === 'unverified';
  const isWrong = lost.length > 0 || twice.length > 0;
  if (!hasChanged) return isWhole && !isWrong ? 'still' : 'alarm';
  if (!isWhole) return 'reported';
  if (!isWrong) return 'right';
  return isBlind ? 'blind' : 'false';
}

/** Reads in `folder`, which must be there and empty. */
export async function runMutated(
  drawn: MutatingCase,
  random: Random,
  folder: string,
  { repair }: { readonly repair: boolean },
): Promise<MutatedRun> {
  const { api, length, pageSize, hasKey, ticks, concurrency } = drawn;
  const list = new MutatingList(length);
  const changes = new Changes(drawn, list, random);
  const server = await startMutatingServer({
    api,
    list,
    pageSize,
    hasKey,
    ticks,
    onRequest: (arriving) => changes.arrive(arriving),
  });
  /** When each reading began. */
  const began: number[] = [];
  const output = join(folder, 'out.ndjson');
  try {
    const summary = await run([{ kind: 'literal', text: server.url }], {
      output,
      concurrency,
      prove: repair,
      paginate: api.paginate,
      allowIncomplete: true,
      proxy: '',
      onEvent(event) {
        if (event.type !== 'start') return;
        server.beginReading();
        changes.beginReading();
        began.push(list.changes);
      },
    });
    const lines = readFileSync(output, 'utf8').trimEnd();
    const labels = lines === '' ? [] : lines.split('\n').map((line) => JSON.parse(line).label);
    const counts = new Map<string, number>();
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    // Two readings that agree hold what stood from the beginning of the first of them on.
    const standing = list.standingSince(began.at(-2) ?? began[0]!);
    return {
      summary,
      output: labels,
      lost: standing.filter((label) => !counts.has(label)),
      twice: [...counts].filter(([, count]) => count > 1).map(([label]) => label),
      hasChanged: list.changes > 0,
      isBlind: api.isStable !== true && couldHaveStoodStill(api, server.answered, hasKey),
      answered: server.answered,
    };
  } finally {
    await server.close();
  }
}
