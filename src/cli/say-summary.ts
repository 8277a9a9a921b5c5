/** The end of a run, with the commands that may follow it. */
import type { RunOptions } from '../core/options.ts';
import { nameOfOutput } from '../core/record-sink.ts';
import { outputsOf, strictOf } from '../core/resolve-options.ts';
import { isWhole, type Summary } from '../core/summary.ts';
import { flagsAfter } from '../report/stop-text.ts';
import { summaryText } from '../report/summary-text.ts';
import { againCommand, pagingCommand, takeCommand } from './command-text.ts';
import type { CliContext } from './context.ts';
import type { Reporting } from './reporters.ts';
import type { TypedArguments } from './typed-arguments.ts';

interface Said {
  readonly summary: Summary;
  readonly total: number | null;
  readonly outputName: string | undefined;
}

export function saySummary(
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

/** For a list of URLs, if the user asked neither for records nor for whole pages. */
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
