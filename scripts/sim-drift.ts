/**
 * Reads lists that change while they are read, with the whole engine over a server in memory, and
 * compares each verdict with what the list really did. Every run can be made again by its seed.
 */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { seededRandom } from '../src/demo/demo-items.ts';
import { type DriftCase, drawCase, drawStillCase, lengths } from '../test/drift/drift-case.ts';
import { type DriftResult, readDrifting } from '../test/drift/drift-run.ts';
import {
  falseTable,
  isOdd,
  levelsOf,
  levelTable,
  type Mode,
  missedBars,
  modes,
  type Outcome,
} from '../test/drift/drift-tables.ts';

const HELP = `node scripts/sim-drift.ts [options]
  --runs N     changing lists that are read once (default 10,000)
  --prove N    changing lists that are read until they are proven (default 2,000)
  --still N    lists that stand still, read once (default 2,000)
  --from N     the first seed of each (default 0)
  --only TEXT  of these seeds only those of styles with this in their names
  --pages N,M  of these seeds only those of changing lists with N or M pages: 10, 30, 100, 300, 1000
  --jobs N     processes (default: two for each core)
  --all        name every false run and every false alarm, not 20 of each kind
  --seed N     make one run again and print what was asked, answered and changed; together with
  --mode MODE  once, prove or still (default once)

False is a run with exit 0 in whose output a record that stood all the time is missing or stands
twice. Seeds go in turn through the styles, the lengths (10 to 1,000 pages) and the kinds of change:
1,000 runs meet each of them once. The exit code is 1 if a bar is missed:
  read once    no false proven where rows keep their order; of each style and length fewer than 1 %
               false complete where they do (a single one of few runs is no rate)
  prove        no false proven or complete where rows keep their order
  still        no exit 3, and nothing missing or twice
`;

const { values: flags } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    prove: { type: 'string', default: '2000' },
    still: { type: 'string', default: '2000' },
    from: { type: 'string', default: '0' },
    only: { type: 'string', default: '' },
    pages: { type: 'string', default: lengths.join() },
    jobs: { type: 'string', default: String(2 * availableParallelism()) },
    all: { type: 'boolean', default: false },
    seed: { type: 'string' },
    mode: { type: 'string', default: 'once' },
    worker: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});

interface Job {
  readonly mode: Mode;
  readonly seed: number;
}

const TITLES: Readonly<Record<Mode, string>> = {
  once: 'Changing lists, read once',
  prove: 'Changing lists, read until they are proven',
  still: 'Lists that stand still, read once',
};

const MOST_TOLD = 20;

/** Whoever sends one of these sees what was counted so far. */
const STOPS = ['SIGINT', 'SIGTERM'] as const;

/** A log gets a line a minute. */
const [PROGRESS_MS, LINE_END] = process.stderr.isTTY ? [1000, ' \r'] : [60_000, '\n'];

const isMode = (text: string): text is Mode => modes.some((mode) => mode === text);

// Nothing is to survive a power cut here, and the disk is what runs would wait for.
if (process.platform === 'linux' && existsSync('/dev/shm')) process.env['TMPDIR'] = '/dev/shm';

if (flags.help) process.stdout.write(HELP);
else if (flags.worker) work();
else if (!isMode(flags.mode)) throw new Error(`--mode is one of ${modes.join(', ')}`);
else if (flags.seed !== undefined) await tell({ mode: flags.mode, seed: Number(flags.seed) });
else await sweep();

function drawn({ mode, seed }: Job): DriftCase {
  return mode === 'still'
    ? drawStillCase(seed, seededRandom(seed))
    : drawCase(seed, seededRandom(seed));
}

async function outcomeOf(job: Job): Promise<Outcome> {
  const { style, pages, kind } = drawn(job);
  const facts = { ...job, style: style.name, pages, kind };
  let result: DriftResult;
  try {
    result = await readDrifting(drawn(job), { prove: job.mode === 'prove' });
  } catch (error) {
    const none = { isWhole: false, lost: 0, twice: 0, requests: 0, readings: 0, reasons: [] };
    return { ...facts, ...none, level: `threw ${error instanceof Error ? error.message : error}` };
  }
  const { summary, isWhole, lost, twice, requests } = result;
  const { verdict, stop, readings } = summary;
  return {
    ...facts,
    level: stop === null ? verdict.name : `no end: ${stop.kind}`,
    isWhole,
    lost: lost.length,
    twice: twice.length,
    requests,
    readings,
    reasons: verdict.reasons,
  };
}

/** A process that makes one run after another. */
function work(): void {
  // The parent hears it too, and gives no further run.
  for (const signal of STOPS) process.on(signal, () => {});
  process.on('message', async (job: Job) => {
    process.send!(await outcomeOf(job));
  });
}

/** What happened in one run. */
async function tell(job: Job): Promise<void> {
  const { style, steps, ...rest } = drawn(job);
  console.log(JSON.stringify({ style: style.name, ...rest }));
  for (const [reading, own] of steps.entries()) {
    for (const step of own) console.log(`  reading ${reading + 1}: ${JSON.stringify(step)}`);
  }
  const { log, lost, twice, requests, summary } = await readDrifting(drawn(job), {
    prove: job.mode === 'prove',
  });
  for (const said of log) console.log(said);
  const { verdict, readings, stop, pagination } = summary;
  console.log(JSON.stringify({ lost, twice, requests, readings, stop, pagination }));
  console.log(JSON.stringify(verdict));
}

async function sweep(): Promise<void> {
  const startedAt = performance.now();
  const counts: Record<Mode, number> = {
    still: Number(flags.still),
    once: Number(flags.runs),
    prove: Number(flags.prove),
  };
  const ofPages = flags.pages.split(',').map(Number);
  const jobs: Job[] = [];
  for (const mode of modes) {
    for (let at = 0; at < counts[mode]; at += 1) {
      const job = { mode, seed: Number(flags.from) + at };
      const { style, pages } = drawn(job);
      const isAsked = mode === 'still' || ofPages.includes(pages);
      if (style.name.includes(flags.only) && isAsked) jobs.push(job);
    }
  }
  const outcomes = await runAll(jobs, Math.min(Number(flags.jobs), jobs.length));
  outcomes.sort((a, b) => a.seed - b.seed);
  const byMode = Map.groupBy(outcomes, ({ mode }) => mode);
  for (const [mode, own] of byMode) report(mode, own);
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  console.log(`${outcomes.length} runs in ${minutes} minutes`);
  const missed = missedBars(outcomes);
  for (const said of missed) console.log(`MISSED  ${said}`);
  if (missed.length > 0) process.exitCode = 1;
}

async function runAll(jobs: readonly Job[], processes: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  for (const signal of STOPS) {
    process.once(signal, () => {
      next = jobs.length;
    });
  }
  const progress = setInterval(() => {
    process.stderr.write(`${outcomes.length} of ${jobs.length} runs${LINE_END}`);
  }, PROGRESS_MS);
  const runs = Array.from(
    { length: processes },
    () =>
      new Promise<void>((resolve, reject) => {
        const child = fork(fileURLToPath(import.meta.url), ['--worker']);
        const give = (): void => {
          const job = jobs[next];
          next += 1;
          if (job === undefined) child.disconnect();
          else child.send(job);
        };
        child.on('message', (outcome: Outcome) => {
          outcomes.push(outcome);
          give();
        });
        child.on('error', reject);
        child.on('exit', (code) =>
          code === 0 ? resolve() : reject(new Error(`a process ended with ${code}`)),
        );
        give();
      }),
  );
  try {
    await Promise.all(runs);
  } finally {
    clearInterval(progress);
    process.stderr.write(`${outcomes.length} of ${jobs.length} runs\n`);
  }
  return outcomes;
}

function report(mode: Mode, outcomes: readonly Outcome[]): void {
  if (outcomes.length === 0) return;
  const tables = [levelTable('style', outcomes, ({ style }) => style)];
  if (mode !== 'still') {
    const checked = levelsOf(outcomes).whole;
    tables.push(
      ...checked.map((level) => falseTable(level, outcomes)),
      levelTable(
        'pages',
        outcomes.toSorted((a, b) => a.pages - b.pages),
        (it) => `${it.pages}`,
      ),
      levelTable('change', outcomes, ({ kind }) => `${kind}`),
    );
  }
  console.log(`## ${TITLES[mode]}\n`);
  for (const table of tables) console.log(`${table.join('\n')}\n`);
  const odd = outcomes.filter(isOdd);
  for (const it of flags.all ? odd : odd.slice(0, MOST_TOLD)) {
    const { seed, style, pages, kind, level, lost, twice, reasons } = it;
    const what = `${style}, ${pages} pages, ${kind ?? 'still'}: ${level}`;
    const how = lost + twice > 0 ? `, ${lost} lost, ${twice} twice` : '';
    console.log(`--mode ${mode} --seed ${seed}: ${what}${how} ${reasons.join('; ')}`);
  }
  if (!flags.all && odd.length > MOST_TOLD)
    console.log(`and ${odd.length - MOST_TOLD} more (--all)`);
  console.log();
}
