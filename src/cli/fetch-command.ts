import { existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { runOver } from '../api/run.ts';
import { escapeText, shellQuote } from '../core/escape.ts';
import type { RunEvent } from '../core/events.ts';
import { reasonOfFile } from '../core/files.ts';
import type { RunOptions } from '../core/options.ts';
import { outputsOf, strictOf } from '../core/resolve-options.ts';
import { nameOfOutput } from '../core/sink-path.ts';
import { isWhole, type Strict, type Summary } from '../core/summary.ts';
import { formatBytes } from '../core/units.ts';
import type { BringPages } from '../fetch/bring-pages.ts';
import type { FilesBeside } from '../fetch/check-files.ts';
import { createTransport } from '../http/create-transport.ts';
import type { PlanSource } from '../plan/plan.ts';
import { sourceOf } from '../plan/written-url.ts';
import { summaryJson } from '../report/json-log.ts';
import { flagsAfter } from '../report/stop-text.ts';
import { summaryText } from '../report/summary-text.ts';
import { againCommand, pagingCommand, takeCommand } from './command-text.ts';
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
import { flagNamed } from './flags.ts';
import type { MetricsServer } from './metrics-server.ts';
import { createReporting, type Reporting } from './reporters.ts';
import { readReportPath, readRunOptions, readSummaryPath } from './run-options.ts';
import { type TypedArguments, UsageError, wordsOf } from './typed-arguments.ts';
import type { UiServer } from './ui-server.ts';
import { writeWholeFile } from './write-file.ts';

type EndEvent = Extract<RunEvent, { type: 'end' }>;

/** The main command: plan, fetch, verify, export. */
export async function fetchCommand(
  typed: TypedArguments,
  context: CliContext,
  outputName?: string,
): Promise<ExitCode> {
  if (typed.positionals.length === 0) {
    const taken = typed.flags.find(({ value }) => /^https?:\/\//i.test(value ?? ''));
    if (taken !== undefined && flagNamed(taken.name).value?.name !== 'URL') {
      throw new UsageError(`no URL is given: ${taken.rawName} took it for its value`, [
        ...wordsOf(typed, (it) =>
          it === taken ? { ...it, value: flagNamed(it.name).value!.example } : it,
        ),
        taken.value!,
      ]);
    }
    throw new UsageError('no URL is given', [
      'https://api.example.com/items',
      '-o',
      'items.ndjson',
    ]);
  }
  for (const argument of typed.positionals) checkIsNoFile(argument);
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
    // Who has not taken it by now may never do so.
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
    outputs: outputsOf(options.output).map(nameOfOutput),
    expect: options.expect ?? null,
    strict: options.allowIncomplete === true ? null : strictOf(options.strict),
    isWholeByDefault: isWholeByDefault(summary, options),
    ...(outputName === undefined ? {} : { outputName }),
    commands: {
      again: againCommand(typed, context.env, flagsAfter(summary.stop)),
      takeWhatIsThere: takeWhatIsThere(summary, typed, context, options),
      with: (flags, isOtherRun) => pagingCommand(typed, context.env, flags, isOtherRun),
      anew: againCommand(typed, context.env, [anewFlag(summary, options)]),
    },
  });
  if (text !== '') screen.line(text);
}

/** Of a list of URLs: the user said neither what the records are nor that pages are wanted whole. */
function isWholeByDefault({ pagination }: Summary, options: RunOptions): boolean {
  const { paginate, select, records, wholePages } = options;
  const isList = pagination === null && paginate === undefined;
  return isList && select === undefined && records !== true && wholePages !== true;
}

/** A list that changed while it was read needs a whole new reading; more pages do not help. */
function anewFlag({ verdict }: Summary, options: RunOptions): string {
  const isProvable = verdict.name === 'drifted' || isWhole(verdict.name, null);
  return isProvable && options.prove !== true ? '--prove' : '--fresh';
}

/**
 * A run that ended by itself is run again with `--allow-incomplete`, which also finishes its archive.
 * A run that was stopped would fetch more, so its archive is exported instead.
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
  // What two readings prove together, neither knows.
  const isOfBoth = prove === true && archivePath !== null;
  if (!isOfBoth && data !== null) return reportHtml(data);
  return (await reportArchive(archivePath!, { now: clock.wallTime() })).html;
}

/** As with the summary: the run has been told of when this fails. */
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

/** The name of a file, or a body, in place of a URL gets better advice than to add a scheme. */
function checkIsNoFile(argument: string): void {
  // As after the `--json` of curl and httpie. It may hold credentials.
  if (/^[{[]/.test(argument)) {
    throw new UsageError('JSON stands where a URL is due; -d sends a body', [
      'https://api.example.com/items',
      '-d',
      '@body.json',
    ]);
  }
  if (/^(?:@|-$|[a-z]+:)/i.test(argument)) return;
  if (/\.everypage(?:\.part)?$/.test(argument)) {
    throw new UsageError(
      `${argument} is an archive, not a URL; everypage export and verify read it`,
      ['verify', argument],
    );
  }
  if (!existsSync(argument)) return;
  throw new UsageError(
    `${argument} is a file, not a URL; to read URLs from it, write @${argument}`,
    [`@${argument}`],
  );
}
