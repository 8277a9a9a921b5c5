import { escapeText, shellQuote } from '../core/escape.ts';
import { RECORDS_UNKNOWN } from '../core/output-shape.ts';
import { factsOf, isOnePage, isParallel, NO_RECORDS } from '../core/pagination.ts';
import { isWhole, type PaginationFacts, type Stop, type Summary } from '../core/summary.ts';
import { counted, formatBytes, formatCount, formatDuration } from '../core/units.ts';
import { createPainter, type Painter } from './paint.ts';
import { headingAfter, stopText } from './stop-text.ts';
import { failureLines, verdictLines } from './verdict-text.ts';
import { formatRate, paceWords, reservation, writtenText } from './wording.ts';

/** Commands to print; the caller knows how the run was started, this file does not. */
interface SummaryCommands {
  /** Resumes, or tries the missing pages again. Without credentials. */
  readonly again: string;
  /** Writes the output from the pages that are there, or null if that makes no sense. */
  readonly takeWhatIsThere: string | null;
  /** Reads everything again. */
  readonly anew: string;
}

export interface SummaryContext {
  readonly color: boolean;
  /** Milliseconds since 1970. */
  readonly wallTime: number;
  readonly commands: SummaryCommands;
  /** Pages in the plan, from the run's events; null if that was never known. */
  readonly total: number | null;
  /** Where the output was meant to go, or null for standard output or nowhere. */
  readonly output: string | null;
  /** A name for the output if its path means nothing to the user: the demo removes its files. */
  readonly outputName?: string;
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
    ...outputLines(summary, context),
    ...pagingLines(summary, paint),
    ...paceLines(summary, paint),
    ...commandLines(summary, context, paint),
  ].join('\n');
}

function stopLines(stop: Stop | null, context: SummaryContext, paint: Painter): readonly string[] {
  if (stop === null) return [];
  return [paint('yellow', escapeText(stopText(stop, context.wallTime)))];
}

/** The demo removes its server and its files, so there is nothing to resume. */
function isDemo({ outputName }: SummaryContext): boolean {
  return outputName !== undefined;
}

function outputLines(summary: Summary, context: SummaryContext): readonly string[] {
  const { output, archivePath, verdict } = summary;
  if (output !== null && output.records === 0 && summary.stop !== null) return [];
  if (output !== null) {
    const destination = escapeText(context.outputName ?? output.destination);
    const partial = output.partial ? reservation(verdict) : '';
    return [
      `${writtenText(output.records, verdict)} → ${destination} (${formatBytes(output.bytes)}) in ${formatDuration(summary.durationMs)}${partial}`,
    ];
  }
  if (archivePath === null) return [];
  const archive = escapeText(archivePath);
  if (isWhole(verdict.name, null)) {
    return [
      `${counted(verdict.stored, 'page')} → ${archive} (${formatBytes(summary.bodyBytes)} received) in ${formatDuration(summary.durationMs)}`,
    ];
  }
  const untouched =
    context.output === null
      ? ''
      : `${escapeText(context.outputName ?? context.output)} was not written. `;
  // Without a stored page, the archive holds only the failures, which are printed anyway.
  const isOfNoUse = verdict.stored === 0 || isDemo(context);
  const kept = isOfNoUse ? '' : `What was fetched is kept in ${archive}`;
  const line = `${untouched}${kept}`.trim();
  return line === '' ? [] : [line];
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
  if (pausedMs > outageMs) {
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
  const pace = summary.fetched === 0 ? null : paceWords(summary.pace);
  return [parts.length === 0 ? null : parts.join(' · '), pace]
    .filter((line) => line !== null)
    .map((line) => paint('dim', line));
}

/** How the list paged, and how to say so the next time. */
function pagingLines({ pagination, verdict, pace, readings }: Summary, paint: Painter): string[] {
  if (pagination === null) return [];
  const { evidence, flags, recordsPath } = pagination;
  const parts = [pagedBy(pagination, verdict.stored, pace[0]?.concurrency ?? 1)];
  if (evidence[0] !== undefined) parts.push(escapeText(evidence[0]));
  if (recordsPath === '@') parts.push('each page is a list of records');
  else if (recordsPath === RECORDS_UNKNOWN) parts.push('its records were not found');
  else if (recordsPath === NO_RECORDS) parts.push('an empty list, left out of its page');
  else if (recordsPath !== null) parts.push(`records at ${escapeText(recordsPath)}`);
  if (readings > 1) parts.push(`read ${readings} times`);
  if (flags.length > 0)
    parts.push(`pin with: ${flags.map((word) => shellQuote(escapeText(word))).join(' ')}`);
  return [paint('dim', parts.join(' · '))];
}

function pagedBy(pagination: PaginationFacts, stored: number, concurrency: number): string {
  const { name } = factsOf(pagination);
  if (isOnePage(pagination)) return name;
  const cameTogether = isParallel(pagination) && stored > 2 && concurrency > 1;
  const pages = cameTogether ? `, ${formatCount(stored)} pages in parallel` : '';
  return `paginated by ${name}${pages}`;
}

function commandLines(
  summary: Summary,
  context: SummaryContext,
  paint: Painter,
): readonly string[] {
  if (isWhole(summary.verdict.name, null) || isDemo(context)) return [];
  const { again, takeWhatIsThere } = context.commands;
  const command = (heading: string, text: string) => [heading, `  ${paint('cyan', text)}`];
  const { records, reasons } = summary.verdict;
  // Without the path to the records nothing but whole pages can be written.
  const isUnknown = records?.output === 'nothing' && summary.stop === null;
  const isAlone = (isUnknown && reasons.length === 1) || isInParts(summary);
  if (isAlone) return command('To write whole pages:', `${again} --pages`);
  const lines = [...goingOn(summary, context, paint)];
  // Of a list whose records were not found nothing would be written, and that with exit 0.
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

/** The only problem is that `--expect` says another number of records. */
function isUnexpected({ verdict }: Summary, expect: number | null): boolean {
  const { records, reasons, failed, pending } = verdict;
  if (expect === null || reasons.length !== 1) return false;
  return records === null ? failed === 0 && pending === 0 : records.fetched !== expect;
}

const REFUSAL_CURE =
  'Asked for in the same way, it may well be refused again: look at the URL and the headers.';
const LOOP_CURE =
  'Read in the same way, it leads back again: say how the list pages with --paginate and its flags.';

/** Statuses of a client's mistake that may be another answer to the same request later. */
const PASSING: readonly (number | null)[] = [408, 425, 429];

/** Nothing came, because the request itself is refused. */
function isRefusedOutright({ verdict, failures }: Summary): boolean {
  if (verdict.stored > 0 || failures.length === 0) return false;
  return failures.every(
    ({ status }) => status !== null && status >= 400 && status < 500 && !PASSING.includes(status),
  );
}

function goingOn(
  summary: Summary,
  { commands, expect = null }: SummaryContext,
  paint: Painter,
): readonly string[] {
  const { stop, verdict } = summary;
  const command = (heading: string, text: string) => [heading, `  ${paint('cyan', text)}`];
  if (stop !== null) {
    const heading = headingAfter(stop);
    return heading === null ? [] : command(heading, commands.again);
  }
  if (isUnexpected(summary, expect)) {
    return command('To resume with another --expect:', commands.again);
  }
  if (isRefusedOutright(summary)) {
    return [REFUSAL_CURE];
  }
  if (verdict.failed > 0) return command('To try the missing pages again:', commands.again);
  if (verdict.end === null) return command('To resume:', commands.again);
  switch (verdict.name) {
    case 'drifted':
      return command('To read it again, until two readings agree:', commands.anew);
    case 'capped':
      return ['--split reads a list in smaller ranges, each below that limit.'];
    default:
      if (verdict.records === null) return command('To resume:', commands.again);
      // What is said of how it pages has to change first.
      if (verdict.end === 'single' || verdict.end === 'stuck') return [];
      if (verdict.end === 'loop') return [LOOP_CURE];
      // Records that came twice come twice again.
      return verdict.records.duplicates > 0 ? [] : command('To read it all again:', commands.anew);
  }
}
