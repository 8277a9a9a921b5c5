/** The commands of a queue that many machines share: `everypage worker`, `status`, `pause`, `resume`, `cancel`, `dashboard`. */
import { setTimeout as wait } from 'node:timers/promises';
import {
  cancelRun,
  changeState,
  type RunStatus,
  restoreRun,
  runStatuses,
} from '../cluster/administer.ts';
import { QueueConnection, readQueueAddress } from '../cluster/connect.ts';
import { chooseRun, findRecord, neediestRun, type RunRecord } from '../cluster/run-record.ts';
import { PartStore } from '../cluster/store.ts';
import type { Worked } from '../cluster/worked.ts';
import { slicesOf, work } from '../cluster/worker.ts';
import { usageError } from '../core/errors.ts';
import { escapeText, shellQuote } from '../core/escape.ts';
import type { RunOptions } from '../core/options.ts';
import { counted, formatCount } from '../core/units.ts';
import { prepare } from '../fetch/prepare.ts';
import { createTransport } from '../http/create-transport.ts';
import type { PlanSource } from '../plan/plan.ts';
import { sourceOf } from '../plan/written-url.ts';
import { asciiJson } from '../report/json-log.ts';
import { type CliContext, openScreen, untilStopped, watchSignals, writeOut } from './context.ts';
import { type ExitCode, exitCodeOfSignal, exitCodeOfStop } from './exit-code.ts';
import { parseArguments } from './parse-arguments.ts';
import { createReporting, type Reporting } from './reporters.ts';
import { readRunOptions } from './run-options.ts';
import { openNamedStore } from './store-argument.ts';
import { type TypedArguments, UsageError, wordsOf } from './typed-arguments.ts';

/** A worker without a run looks for one this often. */
const LOOK_MS = 1_000;

/** `everypage worker`: fetches pages of one run, or of one run after the other. */
export async function workerCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  const reporting = createReporting(typed, context, false, { metrics: null, ui: null });
  const say = (text: string): void => {
    if (!reporting.quiet) reporting.screen.line(`everypage: ${text}`);
  };
  const connection = await openConnection(typed, context, say);
  const signals = watchSignals(
    context.signals,
    () => say('stopping; requests in flight get 10 s'),
    () => reporting.close(),
  );
  const id = typed.value('run');
  let isWaiting = false;
  try {
    while (!signals.signal.aborted) {
      const record = await (id === null
        ? neediestRun(connection.redis)
        : findRecord(connection.redis, id));
      if (record === null) {
        if (!isWaiting)
          say(id === null ? 'waiting for a run' : `waiting for run ${escapeText(id)}`);
        isWaiting = true;
        await wait(LOOK_MS, undefined, { signal: signals.signal }).catch(() => {});
        continue;
      }
      isWaiting = false;
      const pages = record.isPaged ? 'a list that pages by itself' : counted(record.total, 'page');
      say(`works for run ${escapeText(record.id)}, ${pages}`);
      const worked = await workFor(record, connection, signals.signal, reporting, typed, context);
      say(`${endOf(worked)}; this worker stored ${counted(worked.stored, 'page')}`);
      if (worked.stop !== null && !signals.signal.aborted) return exitCodeOfStop(worked.stop);
      if (id !== null && worked.state === 'finished') return 0;
      if (id !== null && worked.state === 'cancelled') return 0;
      if (worked.state === 'lost') await wait(LOOK_MS);
    }
    return exitCodeOfSignal(signals.received() ?? 'SIGTERM');
  } finally {
    reporting.close();
    signals.close();
    connection.close();
  }
}

function endOf({ state, stop }: Worked): string {
  if (state === 'lost') return 'the queue knows the run no more';
  if (state === 'finished' || state === 'cancelled') return `the run is ${state}`;
  return stop?.kind === 'aborted' ? 'stopped' : `stopped (${stop?.kind ?? state})`;
}

/** The run as this machine understands it: the words of the run, and its own credentials. */
async function workFor(
  record: RunRecord,
  connection: QueueConnection,
  signal: AbortSignal,
  { sink }: Reporting,
  own: TypedArguments,
  context: CliContext,
): Promise<Worked> {
  const ownWords = wordsOf(own, (flag) => (OWN_FLAGS.has(flag.name) ? flag : null)).slice(1);
  const typed = parseArguments([...checkedWords(record), ...ownWords], context.env);
  // The list itself is in the store.
  const sources: readonly PlanSource[] = record.hasList
    ? [{ kind: 'iterable', urls: [] }]
    : typed.positionals.map((argument) => sourceOf(argument, typed.has('globoff')));
  const options: RunOptions = await readRunOptions(typed, context);
  const job = await prepare(sources, { ...options, onEvent: sink });
  const makeTransport: Parameters<typeof work>[0]['makeTransport'] = (asked) =>
    createTransport(asked, context.network);
  const home = await openNamedStore(own.value('store') ?? record.store, context);
  try {
    const store = await PartStore.join(home, record);
    const slices = slicesOf(record, store, sources, job);
    return await work({ connection, record, store, slices, job, makeTransport, signal });
  } finally {
    await home.close();
  }
}

/** What a worker adds to the words of the run. */
const OWN_FLAGS: ReadonlySet<string> = new Set([
  ...['header', 'user', 'bearer-env', 'env-file', 'netrc', 'secret-param'],
  ...['proxy', 'insecure', 'cacert', 'cert', 'cert-key', 'concurrency'],
]);

/**
 * Whoever can write to the queue must not make a worker read its files or send its environment.
 *
 * @throws EverypageError USAGE where the words ask for that
 */
function checkedWords({ words, id, hasList }: RunRecord): readonly string[] {
  const typed = parseArguments(words, {});
  const isUrl = hasList || typed.positionals.every((argument) => /^https?:\/\//i.test(argument));
  const asksForOwn = typed.flags.find(
    ({ name, value }) =>
      ['env-file', 'bearer-env', 'netrc', 'output', 'archive', 'queue', 'store'].includes(name) ||
      ((name === 'header' || name === 'data') && value?.startsWith('@')),
  );
  if (typed.verb === 'fetch' && isUrl && asksForOwn === undefined) return words;
  throw usageError(`what the queue says of run ${id} is not what everypage writes there`);
}

/** `everypage status`: the runs of a queue. */
export async function statusCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  return withConnection(typed, context, async ({ redis }) => {
    const statuses = await runStatuses(redis, typed.value('run'));
    const text = typed.has('json')
      ? asciiJson(statuses, 2)
      : statuses.length === 0
        ? 'The queue holds no run.'
        : statuses.map(statusText).join('\n');
    await writeOut(context, `${text}\n`);
  });
}

function statusText(status: RunStatus): string {
  const { run, state, done, failed, total, workers, isCoordinated, words, store } = status;
  const percent = Math.floor((done / total) * 100);
  const facts = [
    total === 0
      ? `${counted(done, 'page')} so far`
      : `${formatCount(done)} of ${counted(total, 'page')} (${percent} %)`,
    ...(failed > 0 ? [`${formatCount(failed)} failed`] : []),
    counted(workers, 'worker'),
    ...(isCoordinated
      ? []
      : ['no coordinator: run the command that began it again to write its output']),
  ];
  const command = ['everypage', ...words].map((word) => shellQuote(escapeText(word))).join(' ');
  return `${escapeText(run)}  ${state}  ${facts.join(', ')}\n  ${command}\n  store ${escapeText(store)}`;
}

/** `everypage pause` */
export async function pauseCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  return withConnection(typed, context, async ({ redis }, say) => {
    const run = await chooseRun(redis, typed.value('run'));
    await changeState(redis, run, 'paused');
    say(`run ${escapeText(run.id)} is paused; everypage resume lets it go on`);
  });
}

/** `everypage resume` */
export async function resumeCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  const path = typed.value('store');
  if (path !== null && typed.has('run')) {
    throw new UsageError('--store names the run already; leave out --run', [
      ...wordsOf(typed, (flag) => (flag.name === 'run' ? null : flag)),
    ]);
  }
  return withConnection(typed, context, async ({ redis }, say) => {
    if (path !== null) {
      const home = await openNamedStore(path, context);
      try {
        const { record, progress } = await restoreRun(redis, home);
        const stored = `${formatCount(progress.done)} of ${counted(progress.total, 'page')}`;
        say(`run ${escapeText(record.id)} is in the queue; the store holds ${stored}`);
      } finally {
        await home.close();
      }
      return;
    }
    const run = await chooseRun(redis, typed.value('run'));
    await changeState(redis, run, 'active');
    say(`run ${escapeText(run.id)} goes on`);
  });
}

/** `everypage cancel` */
export async function cancelCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  return withConnection(typed, context, async ({ redis }, say) => {
    const run = await chooseRun(redis, typed.value('run'));
    await cancelRun(redis, run);
    say(`run ${escapeText(run.id)} is cancelled; its store stays: ${escapeText(run.store)}`);
  });
}

/** `everypage dashboard` */
export async function dashboardCommand(
  typed: TypedArguments,
  context: CliContext,
): Promise<ExitCode> {
  const { host, port } = typed.value('listen') ?? { host: LOOPBACK, port: 0 };
  if (host !== LOOPBACK) {
    throw new UsageError(`the dashboard listens on ${LOOPBACK} only; give a port alone`, [
      ...wordsOf(typed, (flag) =>
        flag.name === 'listen' ? { ...flag, value: String(port) } : flag,
      ),
    ]);
  }
  return withConnection(typed, context, async (connection, say) => {
    const { startDashboard } = await import('../cluster/dashboard.ts');
    const dashboard = await startDashboard(connection, port);
    const watched = watchSignals(context.signals);
    try {
      say('the dashboard is at the address below. Whoever has it can look. Ctrl-C ends it.');
      await writeOut(context, `${dashboard.url}\n`);
      await untilStopped(watched);
    } finally {
      await dashboard.close();
      watched.close();
    }
  });
}

const LOOPBACK = '127.0.0.1';

async function withConnection(
  typed: TypedArguments,
  context: CliContext,
  use: (connection: QueueConnection, say: (text: string) => void) => Promise<void>,
): Promise<ExitCode> {
  const screen = openScreen(typed, context);
  const say = (text: string): void => screen.line(`everypage: ${text}`);
  const connection = await openConnection(typed, context, say);
  try {
    await use(connection, say);
    return 0;
  } finally {
    connection.close();
  }
}

async function openConnection(
  typed: TypedArguments,
  { env }: CliContext,
  warn: (text: string) => void,
): Promise<QueueConnection> {
  const [extra] = typed.positionals;
  if (extra !== undefined) {
    throw new UsageError(
      `everypage ${typed.verb} takes no argument; ${extra} is one too many`,
      wordsOf({ ...typed, positionals: [] }),
    );
  }
  const queue = typed.value('queue');
  if (queue === null) {
    throw new UsageError(`everypage ${typed.verb} needs a queue`, [
      ...wordsOf(typed),
      '--queue',
      'redis://host:6379/0',
    ]);
  }
  return QueueConnection.open(readQueueAddress(queue, env), warn);
}
