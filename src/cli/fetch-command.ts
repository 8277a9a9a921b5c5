import { appendFile } from 'node:fs/promises';
import { runOver } from '../api/run.ts';
import { escapeText, shellQuote } from '../core/escape.ts';
import type { RunEvent } from '../core/events.ts';
import { reasonOfFile } from '../core/files.ts';
import type { RunOptions } from '../core/options.ts';
import { strictOf } from '../core/resolve-options.ts';
import type { Strict, Summary } from '../core/summary.ts';
import { formatBytes } from '../core/units.ts';
import type { FilesBeside } from '../fetch/check-files.ts';
import type { BringPages } from '../fetch/run-archive.ts';
import { createTransport } from '../http/create-transport.ts';
import type { PlanSource } from '../plan/plan.ts';
import { sourceOf } from '../plan/written-url.ts';
import { summaryJson } from '../report/json-log.ts';
import { checkUrls } from './check-urls.ts';
import {
  type CliContext,
  createStdoutSink,
  LAST_WRITE_MS,
  watchSignals,
  writeOut,
} from './context.ts';
import { netrcPath } from './credentials.ts';
import { type ExitCode, exitCodeOfSummary, type StopSignal } from './exit-code.ts';
import { STDOUT } from './flag-values.ts';
import type { MetricsServer } from './metrics-server.ts';
import { createReporting, type Reporting } from './reporters.ts';
import { readReportPath, readRunOptions, readSummaryPath } from './run-options.ts';
import { saySummary } from './say-summary.ts';
import type { TypedArguments } from './typed-arguments.ts';
import type { UiServer } from './ui-server.ts';
import { writeWholeFile } from './write-file.ts';

type EndEvent = Extract<RunEvent, { type: 'end' }>;

/** The main command: plan, fetch, verify, export. */
export async function fetchCommand(
  typed: TypedArguments,
  context: CliContext,
  outputName?: string,
): Promise<ExitCode> {
  checkUrls(typed);
  const literal = typed.has('globoff');
  const sources = typed.positionals.map((argument) => sourceOf(argument, literal));
  const options = await readRunOptions(typed, context);
  const summaryPath = readSummaryPath(typed);
  const reportPath = readReportPath(typed);
  const beside = filesBeside(typed, { summaryPath, reportPath }, options, context.env);
  const job = { sources, options, summaryPath, reportPath, outputName, beside };
  if (!typed.has('queue') && !typed.has('store')) return fetchAndReport(job, typed, context);
  const { withQueue } = await import('./queue-run.ts');
  return withQueue({ typed, sources, options }, context, (bring) =>
    fetchAndReport({ ...job, bring }, typed, context),
  );
}

/** What the arguments ask for. */
interface FetchJob {
  readonly sources: readonly PlanSource[];
  readonly options: RunOptions;
  readonly summaryPath: string | null;
  readonly reportPath: string | null;
  readonly beside: FilesBeside;
  /** A name for the output if its path means nothing to the user, as in the demo. */
  readonly outputName: string | undefined;
  /** How the pages come, if not by this process alone. */
  readonly bring?: BringPages;
}

/** Runs the job, shows its progress, and prints the summary. */
async function fetchAndReport(
  { sources, options, summaryPath, reportPath, outputName, beside, bring }: FetchJob,
  typed: TypedArguments,
  context: CliContext,
): Promise<ExitCode> {
  const streamsRecords = options.output === undefined;
  const metrics = await metricsOf(typed);
  const ui = await uiOf(typed, context);
  const reporting = createReporting(typed, context, streamsRecords, { metrics, ui });
  const signals = watchSignals(
    context.signals,
    (signal) => sayStopping(signal, reporting),
    () => {
      reporting.close();
      sayLeaving(reporting);
    },
  );
  const stdout = streamsRecords ? createStdoutSink(context.stdout, options.format ?? null) : null;
  let total: number | null = null;
  let report: Uint8Array | null = null;
  try {
    const summary = namedStop(
      await runOver(
        (asked) => createTransport(asked, context.network),
        sources,
        {
          ...options,
          ...beside,
          resume: true,
          signal: signals.signal,
          onEvent: (event) => {
            if (event.type === 'start' || event.type === 'total') total = event.total;
            const named = event.type === 'end' ? endedBy(event, signals.received()) : event;
            reporting.sink(named);
          },
          ...(stdout === null ? {} : { stdout }),
          ...(ui === null ? {} : { controls: ui.controls }),
          ...(reportPath === null
            ? {}
            : {
                onReport: (data: Uint8Array) => {
                  report = data;
                },
              }),
        },
        bring,
      ),
      signals.received(),
    );
    // A browser that has not fetched it by now may never do so.
    await stdout?.flush(summary.stop === null ? undefined : LAST_WRITE_MS);
    await ui?.end(summary);
    reporting.close();
    const exitCode = exitCodeOfSummary(summary, {
      allowIncomplete: options.allowIncomplete === true,
      strict: strictOf(options.strict),
    });
    if (!reporting.json && !(reporting.quiet && exitCode === 0)) {
      saySummary({ summary, total, outputName }, typed, context, options, reporting);
    }
    await tellGithub(summary, { total, strict: strictOf(options.strict) }, context);
    if (summaryPath === STDOUT) await writeOut(context, summaryJson(summary, exitCode));
    else if (summaryPath !== null) await writeSummary(summaryPath, summary, exitCode);
    if (reportPath !== null) {
      const html = await reportOf(report, summary, options, context);
      await writeReport(reportPath, html, summary, reporting);
    }
    return exitCode;
  } finally {
    reporting.close();
    signals.close();
  }
}

/** What `--metrics` serves, or null. */
async function metricsOf(typed: TypedArguments): Promise<MetricsServer | null> {
  const listen = typed.value('metrics');
  if (listen === null) return null;
  return (await import('./metrics-server.ts')).startMetricsServer(listen);
}

/** What `--ui` serves, or null. */
async function uiOf(typed: TypedArguments, { clock }: CliContext): Promise<UiServer | null> {
  const port = typed.value('ui');
  if (port === null) return null;
  return (await import('./ui-server.ts')).startUiServer(port, clock);
}

/** A job of GitHub Actions shows the verdict, and what is missing. */
async function tellGithub(
  summary: Summary,
  facts: { readonly total: number | null; readonly strict: Strict | null },
  { env, stderr, clock }: CliContext,
): Promise<void> {
  const path = env['GITHUB_STEP_SUMMARY'];
  if (!path) return;
  const { githubAnnotations, githubSummary } = await import('../report/github.ts');
  if (env['GITHUB_ACTIONS'] === 'true') {
    for (const line of githubAnnotations(summary, facts.strict)) stderr.write(`${line}\n`);
  }
  try {
    await appendFile(path, githubSummary(summary, { ...facts, wallTime: clock.wallTime() }));
  } catch (error) {
    // The run itself has ended well or not: that stands.
    const why = reasonOfFile(error) ?? String(error);
    stderr.write(`everypage: GITHUB_STEP_SUMMARY, ${escapeText(path)}: ${escapeText(why)}\n`);
  }
}

function endedBy(event: EndEvent, signal: StopSignal | null): EndEvent {
  return { ...event, summary: namedStop(event.summary, signal) };
}

/** The run sees only that it was aborted; which signal it was is known here. */
function namedStop(summary: Summary, signal: StopSignal | null): Summary {
  if (signal === null || summary.stop?.kind !== 'aborted') return summary;
  return { ...summary, stop: { kind: 'signal', signal } };
}

function sayStopping(signal: StopSignal, { screen, json }: Reporting): void {
  if (json) return;
  screen.line('everypage: stopping; requests in flight get 10 s');
  if (signal === 'SIGINT') screen.line('everypage: Ctrl-C again leaves at once');
}

/** A second signal, or the end of the time that the first one gives. */
function sayLeaving({ screen, json }: Reporting): void {
  if (json) return;
  screen.line('everypage: leaving at once; what is stored stays,');
  screen.line('everypage: and the same command resumes');
}

/** The summary was printed before, so a failure here says only how to get the verdict again. */
async function writeSummary(path: string, summary: Summary, exitCode: ExitCode): Promise<void> {
  const text = summaryJson(summary, exitCode);
  const { archivePath } = summary;
  const advice =
    archivePath === null
      ? 'The run itself ended as said above.'
      : `The run itself ended as said above; everypage verify --json ${archivePath} shows its verdict again.`;
  await writeWholeFile(path, text, { name: `--summary ${path}`, advice });
}

/** @param data what the run gave for it */
async function reportOf(
  data: Uint8Array | null,
  { archivePath }: Summary,
  { prove }: RunOptions,
  { clock }: CliContext,
): Promise<string> {
  const { reportArchive, reportHtml } = await import('../api/report-archive.ts');
  // Neither archive alone knows what two readings prove together.
  const isOfBoth = prove === true && archivePath !== null;
  if (!isOfBoth && data !== null) return reportHtml(data);
  return (await reportArchive(archivePath!, { now: clock.wallTime() })).html;
}

/** As with the summary, a failure here comes after the end of the run was printed. */
async function writeReport(
  path: string,
  html: string,
  { archivePath }: Summary,
  { screen, json, quiet }: Reporting,
): Promise<void> {
  const again = archivePath && `everypage report ${shellQuote(archivePath)} -o ${shellQuote(path)}`;
  const ended = 'The run itself ended as said above';
  const advice = again === null ? `${ended}.` : `${ended}; ${again} makes it again.`;
  await writeWholeFile(path, html, { name: `--report ${path}`, advice });
  if (json || quiet) return;
  screen.line(`report → ${escapeText(path)} (${formatBytes(Buffer.byteLength(html))})`);
}

/** The files that only the command line knows; the run knows its own. */
function filesBeside(
  typed: TypedArguments,
  { summaryPath: summary, reportPath: report }: Pick<FetchJob, 'summaryPath' | 'reportPath'>,
  { output }: RunOptions,
  env: CliContext['env'],
): FilesBeside {
  const data = typed.value('data');
  const isStdinRead = data === '@-' || typed.positionals.some((source) => /^@?-$/.test(source));
  const headers = typed.list('header').filter((line) => typeof line === 'string');
  return {
    ownsThread: true,
    alsoWritten: [
      ...(summary === null || summary === STDOUT ? [] : [['--summary', summary] as const]),
      ...(report === null ? [] : [['--report', report] as const]),
      ...(output === undefined || summary === STDOUT
        ? [['standard output', '/dev/stdout'] as const]
        : []),
    ],
    alsoRead: [
      ...typed.list('env-file').map((path) => ['the file of --env-file', path] as const),
      ...headers.map((path) => ['the file of --header', path] as const),
      ...(/^@(?!-$)/.test(data ?? '') ? [['the file of --data', data!.slice(1)] as const] : []),
      ...(typed.has('netrc') ? [['the file of --netrc', netrcPath(env)] as const] : []),
      ...(isStdinRead ? [['standard input', '/dev/stdin'] as const] : []),
    ],
  };
}
