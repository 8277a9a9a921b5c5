import { escapeText } from '../core/escape.ts';
import { isParallel } from '../core/pagination.ts';
import { isWhole, type Stop, type Strict, type Summary, type Verdict } from '../core/summary.ts';
import { counted, formatBytes, formatCount, formatDuration } from '../core/units.ts';
import { nextSteps, type SummaryCommands } from './next-steps.ts';
import { pagingCommands, pagingText } from './paging-text.ts';
import { createPainter, type Painter } from './paint.ts';
import { stopText } from './stop-text.ts';
import { failureLines, verdictLines } from './verdict-text.ts';
import { formatRate, leftOutText, paceWords, reservation, writtenText } from './wording.ts';

export interface SummaryContext {
  readonly color: boolean;
  /** Milliseconds since 1970. */
  readonly wallTime: number;
  readonly commands: SummaryCommands;
  /** Pages in the plan, from the run's events; null if that was never known. */
  readonly total: number | null;
  /** Where the outputs were meant to go; none for standard output or nowhere. */
  readonly outputs: readonly string[];
  /** A name for the output if its path means nothing to the user: the demo removes its files. */
  readonly outputName?: string;
  /** Nothing was said about records, so that each URL of a list became one record. */
  readonly isWholeByDefault?: boolean;
  /** `--strict`; null or absent if it was not given. */
  readonly strict?: Strict | null;
  /** `--expect`; null or absent if it was not given. */
  readonly expect?: number | null;
}

/** What the end of a run says, without a newline at its end; `''` if the reader has gone. */
export function summaryText(summary: Summary, context: SummaryContext): string {
  if (summary.stop?.kind === 'closed-pipe') return '';
  const paint = createPainter(context.color);
  return [
    ...verdictLines(summary.verdict, paint, context.total),
    ...stopLines(summary.stop, context, paint),
    ...failureLines(summary.failures, summary.verdict.failed, paint),
    ...outputLines(summary, context, paint),
    ...pagingLines(summary, context, paint),
    ...paceLines(summary, paint),
    ...commandLines(summary, context, paint),
  ].join('\n');
}

function stopLines(stop: Stop | null, context: SummaryContext, paint: Painter): readonly string[] {
  if (stop === null) return [];
  return [paint('yellow', escapeText(stopText(stop, context.wallTime)))];
}

/** A reader may have expected the records, or that each of several lists is followed to its end. */
const WHOLE_PAGES =
  'Each URL was fetched as one page and written as one record; --records or --select PATH takes the records out of the pages.';

/** The demo removes its server and its files, so there is nothing to resume. */
function isDemo({ outputName }: SummaryContext): boolean {
  return outputName !== undefined;
}

function outputLines(summary: Summary, context: SummaryContext, paint: Painter): readonly string[] {
  const { outputs, archivePath, verdict } = summary;
  const { strict = null } = context;
  const [first] = outputs;
  const isNothing = summary.stop !== null || (context.outputs.length === 0 && verdict.stored === 0);
  if (first?.records === 0 && isNothing) return [];
  if (first !== undefined) {
    const { isWholeByDefault = false } = context;
    const lines = outputs.map((output) => {
      const { destination, records, bytes, partial, leftOut } = output;
      const name = escapeText(context.outputName ?? destination);
      const time = output === first ? ` in ${formatDuration(summary.durationMs)}` : '';
      const but = partial ? reservation(verdict) : '';
      const written = isWholeByDefault
        ? `${counted(records, 'whole page')}${leftOutText(leftOut)}`
        : writtenText(output, verdict);
      return `${written} → ${name} (${formatBytes(bytes)})${time}${but}`;
    });
    return [
      ...lines,
      ...(isWholeByDefault ? [WHOLE_PAGES] : []),
      ...(isRefusedByStrict(summary, strict)
        ? [paint('red', `The exit code is 3: ${strictText(verdict, strict)}.`)]
        : []),
    ];
  }
  if (archivePath === null) return [];
  const archive = escapeText(archivePath);
  if (isUntaken(summary)) {
    const name = notWritten(context) ?? 'Standard output was not written';
    return [`${name}: the reader took too long. All pages are kept in ${archive}`];
  }
  if (isWhole(verdict.name, context.strict ?? null)) {
    return [
      `${counted(verdict.stored, 'page')} → ${archive} (${formatBytes(summary.bodyBytes)} received) in ${formatDuration(summary.durationMs)}`,
    ];
  }
  if (isRefusedByStrict(summary, strict)) {
    const what = notWritten(context) ?? 'The output was not written';
    return [
      paint(
        'red',
        `${what}: ${strictText(verdict, strict)}. What was fetched is kept in ${escapeText(archivePath)}`,
      ),
    ];
  }
  const untouched = notWritten(context) === null ? '' : `${notWritten(context)}. `;
  // Without a stored page, the archive holds only the failures, which are printed anyway.
  const isOfNoUse = verdict.stored === 0 || isDemo(context);
  const kept = isOfNoUse ? '' : `What was fetched is kept in ${archive}`;
  const line = `${untouched}${kept}`.trim();
  return line === '' ? [] : [line];
}

/** Null where no file was to be written. */
function notWritten({ outputs, outputName }: SummaryContext): string | null {
  const [first, ...others] = outputs;
  if (first === undefined) return null;
  const names = [outputName ?? first, ...others].map((name) => escapeText(name));
  return `${names.join(' and ')} ${others.length === 0 ? 'was' : 'were'} not written`;
}

/** Everything came, and the user wants a better verdict. */
function isRefusedByStrict({ verdict, stop }: Summary, strict: Strict | null): boolean {
  return stop === null && isWhole(verdict.name, null) && !isWhole(verdict.name, strict);
}

function strictText({ name }: Verdict, strict: Strict | null): string {
  return `the verdict is ${name}, and --strict=${strict} needs more`;
}

/** Every page is there, and the run was stopped while whoever reads the output held it up. */
function isUntaken({ stop, verdict, output, archivePath }: Summary): boolean {
  const isUnfinished = archivePath?.endsWith('.part') === true;
  return isWhole(verdict.name, null) && stop !== null && output === null && isUnfinished;
}

function paceLines(summary: Summary, paint: Painter): readonly string[] {
  const parts: string[] = [];
  if (summary.fetched > 0 && summary.durationMs > 0) {
    parts.push(`${formatRate((summary.fetched * 1000) / summary.durationMs)} pages/s`);
  }
  const before = summary.verdict.stored - summary.fetched;
  if (before > 0) parts.push(`${counted(before, 'page')} stored before`);
  if (summary.retries > 0) parts.push(counted(summary.retries, 'retry', 'retries'));
  const { pausedMs, outageMs } = summary;
  const hasPaused = pausedMs > outageMs;
  if (hasPaused) {
    parts.push(`paused ${formatDuration(pausedMs - outageMs)} for the server's limit`);
  }
  if (outageMs > 0) {
    parts.push(`waited ${formatDuration(outageMs)} for the server, which was down`);
  }
  for (const protocol of ['HTTP/2', 'HTTP/1.1'] as const) {
    const connections = summary.connections[protocol];
    if (connections > 0 && summary.fetched > 0)
      parts.push(`${protocol}, ${counted(connections, 'connection')}`);
  }
  const pace = summary.fetched === 0 ? null : paceWords(summary.pace, hasPaused);
  return [parts.length === 0 ? null : parts.join(' · '), pace]
    .filter((line) => line !== null)
    .map((line) => paint('dim', line));
}

/** How the list paged, and how to say so the next time. */
function pagingLines(summary: Summary, context: SummaryContext, paint: Painter): readonly string[] {
  const { pagination, verdict, pace, readings } = summary;
  if (pagination === null) return [];
  const cameTogether =
    isParallel(pagination) && verdict.stored > 2 && (pace[0]?.concurrency ?? 1) > 1;
  const together = cameTogether ? `, ${formatCount(verdict.stored)} pages in parallel` : '';
  const beside = readings > 1 ? [`read ${readings} times`] : [];
  const text = paint('dim', pagingText(pagination, { together, beside }));
  // The demo's API is gone, so no command could fetch from it.
  const isPinned = isWhole(verdict.name, null) && !isDemo(context);
  const { cures: _, ...pinned } = pagination;
  return [text, ...(isPinned ? pagingCommands(pinned, context.commands.with, paint) : [])];
}

function helpingLines(
  { pagination, verdict }: Summary,
  { commands }: SummaryContext,
  paint: Painter,
): readonly string[] {
  if (pagination === null || verdict.end !== 'single') return [];
  return pagingCommands({ ...pagination, flags: [] }, commands.with, paint);
}

function commandLines(
  summary: Summary,
  context: SummaryContext,
  paint: Painter,
): readonly string[] {
  if (isDemo(context)) return [];
  if (isUntaken(summary)) return nextSteps(summary, context, paint);
  const { again, anew, takeWhatIsThere } = context.commands;
  const isStrict = isRefusedByStrict(summary, context.strict ?? null);
  if (isWhole(summary.verdict.name, null) && !isStrict) return [];
  const command = (heading: string, text: string) => [heading, `  ${paint('cyan', text)}`];
  if (isStrict) {
    const lines = command('To read it again, until two readings agree:', anew);
    if (takeWhatIsThere === null || summary.output !== null) return lines;
    return [...lines, ...command('To write what is there:', takeWhatIsThere)];
  }
  const { records, reasons } = summary.verdict;
  const helping = summary.stop === null ? helpingLines(summary, context, paint) : [];
  // Without the path to the records nothing but whole pages can be written.
  const isUnknown = records?.output === 'nothing' && summary.stop === null;
  const isAlone = (isUnknown && reasons.length === 1) || isInParts(summary);
  if (isAlone) return [...helping, ...command('To write whole pages:', `${again} --pages`)];
  const lines = [...helping, ...nextSteps(summary, context, paint)];
  // The records of the list were not found: nothing would be written, with exit 0.
  const isNothing = records?.fetched === 0 && !isUnknown;
  if (takeWhatIsThere !== null && summary.output === null && !isNothing) {
    const text = isUnknown ? `${takeWhatIsThere} --pages` : takeWhatIsThere;
    lines.push(...command('To write what is there:', text));
  }
  return lines;
}

/** Each record comes on several pages, and another reading would say the same. */
function isInParts({ stop, verdict }: Summary): boolean {
  const shared = verdict.records?.sharedKeys ?? [];
  const isAll = shared.length > 0 && shared.every(({ isSameAgain }) => isSameAgain);
  return isAll && stop === null && verdict.name === 'incomplete' && verdict.failed === 0;
}
