/** What one case of the soak does, all of it decided by a seed. */
import { seededRandom } from '../../src/demo/demo-items.ts';
import type { Reply } from '../fixtures/faults/reply.ts';
import type { PageServerData } from '../servers/page-server.ts';
import { chooseFaults } from './soak-faults.ts';

export type ListKind = 'range' | 'chain' | 'numbered';
export type OutputKind = 'ndjson' | 'json' | 'csv' | 'csv.gz' | 'archive';

/** What is asked for: the bytes that come out depend on nothing else. */
export interface Wanted {
  readonly list: ListKind;
  readonly output: OutputKind;
  readonly pages: number;
  readonly bodyBytes: number;
}

/** When a run is killed: so long after something was seen of it. */
export interface Moment {
  /** `start`: it was started; `request`: the nth request; `exporting`: it said so; `file`: the nth change of a file. */
  readonly after: 'start' | 'request' | 'exporting' | 'file';
  readonly nth: number;
  /** Whose changes count: the end of its name; empty for any file of the folder. */
  readonly suffix: string;
  readonly waitMs: number;
}

export interface KillPlan {
  readonly seed: number;
  readonly wanted: Wanted;
  readonly protocol: NonNullable<PageServerData['protocol']>;
  readonly closeAfter: number | null;
  readonly concurrency: number;
  readonly faultOf: (page: number, attempt: number) => Reply | null;
  /** An output of an earlier run is there: it stays until a whole one replaces it. */
  readonly hasOldOutput: boolean;
  /** Another process writes the same output all the while, from an archive of its own. */
  readonly hasRival: boolean;
  readonly moments: readonly Moment[];
}

/** An eighth of all cases: in a fifth of them the archive is the output. */
const RIVALS = 0.15;

/** At once in half of the cases. */
function soon(random: () => number, mostMs: number): number {
  return random() < 0.5 ? 0 : random() * mostMs;
}

export function killPlan(seed: number): KillPlan {
  const random = seededRandom(seed);
  const upTo = (most: number): number => Math.floor(random() * (most + 1));
  const pick = <T>(values: readonly T[]): T => values[upTo(values.length - 1)]!;
  const list = pick(['range', 'range', 'range', 'chain', 'numbered'] as const);
  const output = pick(['ndjson', 'json', 'csv', 'csv.gz', 'archive'] as const);
  // One in ten is large: its log is brought into the file in the middle of the run.
  const isLarge = list === 'range' && random() < 0.1;
  const wanted: Wanted = {
    list,
    output,
    pages: isLarge ? 120 : list === 'chain' ? pick([12, 30]) : pick([40, 150, 400]),
    bodyBytes: isLarge ? 200_000 : pick([600, 3000]),
  };
  const outputName = output === 'archive' ? '.everypage' : `.${output}`;
  const early = (): Moment => {
    const lot = random();
    if (lot < 0.15) return { after: 'start', nth: 0, suffix: '', waitMs: random() * 250 };
    if (lot < 0.3) {
      const suffix = pick(['', '.part-wal', '.everypage.tmp', '.everypage.part']);
      return { after: 'file', nth: 1 + upTo(15), suffix, waitMs: soon(random, 3) };
    }
    const nth = 1 + upTo(Math.ceil(wanted.pages / 6));
    return { after: 'request', nth, suffix: '', waitMs: soon(random, 25) };
  };
  const late = (): Moment => {
    const waitMs = soon(random, 8);
    if (random() < 0.5) return { after: 'exporting', nth: 0, suffix: '', waitMs };
    const suffix = pick([outputName, '.everypage', '.part-wal']);
    return { after: 'file', nth: suffix === '.part-wal' ? 1 + upTo(30) : 1, suffix, waitMs };
  };
  const several = (least: number, most: number, moment: () => Moment): Moment[] =>
    Array.from({ length: least + upTo(most - least) }, moment);
  return {
    seed,
    wanted,
    protocol: pick(['h2', 'h2', 'h1', 'http'] as const),
    closeAfter: random() < 0.4 ? 5 + upTo(60) : null,
    concurrency: pick([1, 5, 5, 20]),
    faultOf: chooseFaults(random, wanted.pages),
    hasOldOutput: random() < 0.25,
    hasRival: output !== 'archive' && random() < RIVALS,
    // Those at the end come last: nearly all pages are there by then, and each run is short.
    moments: [...several(2, 12, early), ...several(1, 5, late)],
  };
}
