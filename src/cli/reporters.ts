/** Which reporters watch a run, as the flags and the terminal have it. */
import { Socket } from 'node:net';
import type { EventSink } from '../core/events.ts';
import { createPageLines, createWarningLines } from '../report/event-lines.ts';
import { createJsonLog } from '../report/json-log.ts';
import {
  createScreen,
  type Reporter,
  type Screen,
  systemTicker,
  type TerminalFacts,
} from '../report/reporter.ts';
import { createPlainProgress, createProgressBar } from '../report/show-progress.ts';
import { type CliContext, describeTerminal } from './context.ts';
import type { FlagValue } from './flags.ts';
import type { MetricsServer } from './metrics-server.ts';
import type { TypedArguments } from './typed-arguments.ts';
import type { UiServer } from './ui-server.ts';

export interface Reporting {
  readonly sink: EventSink;
  readonly screen: Screen;
  readonly facts: TerminalFacts;
  readonly json: boolean;
  readonly quiet: boolean;
  close(): void;
}

/** How a run is watched from outside. */
export interface Servers {
  readonly metrics: MetricsServer | null;
  readonly ui: UiServer | null;
}

export function createReporting(
  typed: TypedArguments,
  context: CliContext,
  /** Whether records go to standard output, where they may share the terminal with the bar. */
  streamsRecords: boolean,
  { metrics, ui }: Servers,
): Reporting {
  const how = typed.value('progress');
  const json = typed.value('log-format') === 'json';
  const quiet = typed.has('quiet');
  const facts = describeTerminal(context.stderr, context.env, typed.value('color'));
  const screen = createScreen(context.stderr, facts);
  const reporters: Reporter[] = [metrics, ui].filter((it) => it !== null);
  if (metrics !== null && !json && !quiet) screen.line(`metrics: ${metrics.url}`);
  if (ui !== null) screen.line(`ui: ${ui.url}`);
  if (json) reporters.push(createJsonLog(context.stderr, context.clock));
  else {
    reporters.push(createWarningLines(screen, facts));
    const verbosity = typed.count('verbose');
    if (verbosity > 0) reporters.push(createPageLines(screen, facts, verbosity));
    if (!quiet) {
      const readsStdout = streamsRecords ? readerOfStdout(context.stdout) : 'nobody';
      const progress = chooseProgress(how, facts.isTerminal, readsStdout);
      if (progress === 'bar') {
        reporters.push(createProgressBar(screen, facts, context.clock, systemTicker));
      } else if (progress === 'plain') {
        reporters.push(createPlainProgress(screen, context.clock, systemTicker));
      }
    }
  }
  return {
    sink: (event) => {
      for (const reporter of reporters) reporter.sink(event);
    },
    screen,
    facts,
    json,
    quiet,
    close: () => {
      for (const reporter of reporters) reporter.close();
    },
  };
}

/** Who reads the records: the same terminal, another program that may print there, or a file. */
type StdoutReader = 'terminal' | 'program' | 'nobody';

function readerOfStdout(stdout: CliContext['stdout']): StdoutReader {
  if (stdout.isTTY === true) return 'terminal';
  // Node makes a pipe a socket; a file it writes by itself.
  return stdout instanceof Socket ? 'program' : 'nobody';
}

/** Records and a bar on one terminal would write over each other, so then there is no bar. */
export function chooseProgress(
  how: FlagValue<'progress'>,
  isTerminal: boolean,
  stdoutReader: StdoutReader,
): 'bar' | 'plain' | 'none' {
  if (how !== 'auto') return how;
  if (stdoutReader === 'terminal') return 'none';
  if (stdoutReader === 'program') return 'plain';
  return isTerminal ? 'bar' : 'plain';
}
