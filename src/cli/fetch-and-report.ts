import { writeFile } from 'node:fs/promises';
import type { RunEvent } from '../core/events.ts';
import type { RunOptions } from '../core/options.ts';
import type { Summary } from '../core/summary.ts';
import { outputError } from '../export/file-destination.ts';
import type { MakeTransport } from '../fetch/open-transport.ts';
import type { PlanSource } from '../plan/plan.ts';
import { summaryJson } from '../report/json-log.ts';
import { summaryText } from '../report/summary-text.ts';
import { runOver } from '../run.ts';
import { againCommand, takeCommand } from './command-text.ts';
import { type CliContext, createStdoutSink, watchSignals } from './context.ts';
import { type ExitCode, exitCodeOfSummary, type StopSignal } from './exit-code.ts';
import type { TypedArguments } from './parse-arguments.ts';
import { createReporting, type Reporting } from './reporters.ts';

// Not by way of index.ts, which loads export and verification as well: a first request would wait.

type EndEvent = Extract<RunEvent, { type: 'end' }>;

/** What the arguments ask for. */
export interface FetchJob {
  readonly sources: readonly PlanSource[];
  readonly options: RunOptions;
  readonly summaryPath: string | null;
  /** How to call the output where its path means nothing: that of the demo. */
  readonly outputName: string | undefined;
}

/** Runs the job, shows how it goes, and says at the end what came of it. */
export async function fetchAndReport(
  { sources, options, summaryPath, outputName }: FetchJob,
  makeTransport: MakeTransport,
  typed: TypedArguments,
  context: CliContext,
): Promise<ExitCode> {
  const streamsRecords = options.output === undefined;
  const reporting = createReporting(typed, context, streamsRecords);
  const signals = watchSignals(
    context.signals,
    (signal) => sayStopping(signal, reporting),
    () => reporting.close(),
  );
  const stdout = streamsRecords ? createStdoutSink(context.stdout) : null;
  let total: number | null = null;
  try {
    const summary = namedStop(
      await runOver(makeTransport, sources, {
        ...options,
        signal: signals.signal,
        onEvent: (event) => {
          if (event.type === 'start' || event.type === 'total') total = event.total;
          const named = event.type === 'end' ? endedBy(event, signals.received()) : event;
          reporting.sink(named);
        },
        ...(stdout === null ? {} : { stdout }),
      }),
      signals.received(),
    );
    await stdout?.flush();
    reporting.close();
    const exitCode = exitCodeOfSummary(summary, {
      allowIncomplete: options.allowIncomplete === true,
      strict: options.strict === true,
    });
    if (!reporting.json && !(reporting.quiet && exitCode === 0)) {
      saySummary({ summary, total, outputName }, typed, context, options, reporting);
    }
    if (summaryPath !== null) await writeSummary(summaryPath, summary, exitCode);
    return exitCode;
  } finally {
    reporting.close();
    signals.close();
  }
}

function endedBy(event: EndEvent, signal: StopSignal | null): EndEvent {
  return { ...event, summary: namedStop(event.summary, signal) };
}

/** The run sees an aborted signal; which one it was is known here. */
function namedStop(summary: Summary, signal: StopSignal | null): Summary {
  if (signal === null || summary.stop?.kind !== 'aborted') return summary;
  return { ...summary, stop: { kind: 'signal', signal } };
}

function sayStopping(signal: StopSignal, { screen, json }: Reporting): void {
  if (json) return;
  const again = signal === 'SIGINT' ? '; Ctrl-C again exits at once' : '';
  screen.line(`everypage: stopping; requests in flight have 10 s to finish${again}`);
}

interface Said {
  readonly summary: Summary;
  readonly total: number | null;
  readonly outputName: string | undefined;
}

function saySummary(
  { summary, total, outputName }: Said,
  typed: TypedArguments,
  context: CliContext,
  options: RunOptions,
  { screen, facts }: Reporting,
): void {
  const text = summaryText(summary, {
    color: facts.color,
    wallTime: context.clock.wallTime(),
    total,
    output: options.output ?? null,
    expect: options.expect ?? null,
    ...(outputName === undefined ? {} : { outputName }),
    commands: {
      again: againCommand(typed, context.env),
      takeWhatIsThere: takeWhatIsThere(summary, typed, context, options),
      anew: againCommand(typed, context.env, [anewFlag(summary, options)]),
    },
  });
  if (text !== '') screen.line(text);
}

/** What is stored of a list that changed does not agree with itself, whatever is fetched besides. */
function anewFlag({ verdict }: Summary, options: RunOptions): string {
  return verdict.name === 'drifted' && options.repair !== true ? '--repair' : '--fresh';
}

/**
 * A run that ended by itself is run again with `--allow-incomplete`, which finishes its archive as
 * well; one that was stopped would fetch on, so its archive is exported instead.
 */
function takeWhatIsThere(
  summary: Summary,
  typed: TypedArguments,
  context: CliContext,
  options: RunOptions,
): string | null {
  if (options.output === undefined || options.allowIncomplete || summary.verdict.stored === 0) {
    return null;
  }
  if (summary.stop === null) return againCommand(typed, context.env, ['--allow-incomplete']);
  if (summary.archivePath === null) return null;
  return takeCommand(typed, context.env, summary.archivePath);
}

/** The run is over by then and has been told of; its archive tells it again. */
async function writeSummary(path: string, summary: Summary, exitCode: ExitCode): Promise<void> {
  try {
    await writeFile(path, summaryJson(summary, exitCode));
  } catch (cause) {
    const { archivePath } = summary;
    const then =
      archivePath === null
        ? 'The run itself ended as said above.'
        : `The run itself ended as said above; everypage verify --json ${archivePath} shows its verdict again.`;
    throw outputError(`--summary ${path}`, cause, then);
  }
}
