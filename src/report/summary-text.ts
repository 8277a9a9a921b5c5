import { escapeText } from '../core/escape.ts';
import { NO_RECORDS } from '../core/pagination.ts';
import {
  type FailedPage,
  isWhole,
  type OwnPause,
  type PaginationFacts,
  type Stop,
  type Summary,
} from '../core/summary.ts';
import { formatBytes, formatCount, formatDuration } from '../core/units.ts';
import { paceWords } from './pace-words.ts';
import { createPainter, type Painter } from './paint.ts';
import { verdictLines } from './verdict-lines.ts';
import { counted, formatRate, reasonBeside, reservation, styleWords } from './wording.ts';

/** Commands to print; the caller knows how the run was started, this file does not. */
interface SummaryCommands {
  /** Goes on, or tries the missing pages again. Without credentials. */
  readonly again: string;
  /** Writes the output from the pages that are there, or null where that makes no sense. */
  readonly takeWhatIsThere: string | null;
  /** Reads everything again. */
  readonly anew: string;
}

export interface SummaryContext {
  readonly color: boolean;
  /** Milliseconds since 1970. */
  readonly wallTime: number;
  readonly commands: SummaryCommands;
  /** Pages in the plan as the run's events told, or null where that was never known. */
  readonly total: number | null;
  /** Where the output was meant to go, or null for standard output or nowhere. */
  readonly output: string | null;
  /** How to name the output where that is not its path: the demo's is gone in a moment. */
  readonly outputName?: string;
}

const shownFailures = 10;

/** What the end of a run says, without a newline at its end; `''` where nobody reads it any more. */
export function summaryText(summary: Summary, context: SummaryContext): string {
  if (summary.stop?.kind === 'closed-pipe') return '';
  const paint = createPainter(context.color);
  return [
    ...verdictLines(summary.verdict, paint, context.total),
    ...stopLines(summary.stop, context, paint),
    ...failureLines(summary, paint),
    ...outputLines(summary, context),
    ...pagingLines(summary, paint),
    ...paceLines(summary, paint),
    ...commandLines(summary, context, paint),
  ].join('\n');
}

function stopLines(stop: Stop | null, context: SummaryContext, paint: Painter): readonly string[] {
  if (stop === null) return [];
  return [paint('yellow', escapeText(stopText(stop, context)))];
}

const safetyCure = {
  OTHER_ORIGIN: '--allow-origin ORIGIN allows it.',
  PRIVATE_ADDRESS: '--allow-address ADDRESS allows it.',
  CERTIFICATE: '--cacert FILE names an authority to trust; -k accepts any certificate.',
} as const;

function stopText(stop: Stop, context: SummaryContext): string {
  switch (stop.kind) {
    case 'signal':
      return `Stopped by ${stop.signal}.`;
    case 'aborted':
      return 'Stopped.';
    case 'closed-pipe':
      return 'Stopped: nobody reads the output any more.';
    case 'max-pages':
      return `Stopped at --max-pages ${stop.maxPages}.`;
    case 'deadline':
      return `Stopped at --deadline ${formatDuration(stop.deadlineMs)}.`;
    case 'unreachable':
      return `Stopped: nothing ever came from ${stop.bucket}, however often it was tried (${stop.reason}).`;
    case 'max-wait': {
      if (stop.ownPause !== undefined) return ownPauseText(stop.ownPause, stop.reason);
      if (stop.untilWallTime === null) {
        return `Stopped: for longer than --max-wait no request came through (${stop.reason}). Come back later.`;
      }
      const waitMs = Math.max(0, stop.untilWallTime - context.wallTime);
      const until = `${new Date(stop.untilWallTime).toISOString().slice(0, 19)}Z`;
      return `Stopped: the server asks to wait until ${until}, ${formatDuration(waitMs)} from now (${stop.reason}). That is longer than --max-wait; come back then.`;
    }
    case 'credentials':
      // 407 is the proxy's (RFC 9110 §15.5.8).
      if (stop.status === 407) {
        return 'Stopped: the proxy asks for credentials (407). Run again with -x http://user:password@host:port, or with them in HTTPS_PROXY.';
      }
      return refusedText(stop);
    case 'safety': {
      const named = /--allow-origin|--allow-address|--cacert|(^|\s)-k\b/.test(stop.message);
      const message = stop.message.replace(/\.$/, '');
      return `Stopped for safety: ${message}.${named ? '' : ` ${safetyCure[stop.code]}`}`;
    }
  }
}

function refusedText({ status, url, credentials, answer }: Stop & { kind: 'credentials' }): string {
  const said = answer === null ? '' : ` The answer begins ${answer}.`;
  if (credentials === 'sent') {
    return `Stopped: the server refuses the credentials (${status} for ${url}).${said} Run again with new ones.`;
  }
  if (credentials === 'withheld') {
    return `Stopped: ${status} for ${url}: no credentials were sent, since they were given for another origin.${said}`;
  }
  const give = 'give them with --bearer-env VAR, -u USER, -n or -H @FILE';
  return status === 401
    ? `Stopped: 401 for ${url}: no credentials were sent; ${give}.${said}`
    : `Stopped: ${status} for ${url}, and no credentials were sent; if it wants some, ${give}.${said}`;
}

/** The server asks for no such wait, so nothing is to be said of a time that it named. */
function ownPauseText({ nextMs, pausesBefore, url }: OwnPause, reason: string): string {
  const long = `${formatDuration(nextMs)}, longer than --max-wait; come back later, or raise it.`;
  return pausesBefore === 0
    ? `Stopped at ${url}: ${reason}. A pause would be ${long}`
    : `Stopped at ${url}: ${counted(pausesBefore, 'pause')} did not help (${reason}). The next one would be ${long}`;
}

function failureLines(summary: Summary, paint: Painter): readonly string[] {
  const shown = summary.failures.slice(0, shownFailures);
  const lines = shown.map((failure) => `  ${failureText(failure, paint)}`);
  const more = summary.verdict.failed - shown.length;
  if (shown.length > 0 && more > 0) lines.push(`  and ${formatCount(more)} more`);
  return lines;
}

/** URL and reason of a page that failed, escaped. */
export function failureText(failure: FailedPage, paint: Painter): string {
  const attempts = failure.attempts > 1 ? ` (${failure.attempts} attempts)` : '';
  const reason = escapeText(reasonBeside(failure.status, failure.reason));
  return `${paint('red', failure.status === null ? '---' : String(failure.status))}  ${escapeText(failure.url)}  ${reason}${attempts}`;
}

function outputLines(summary: Summary, context: SummaryContext): readonly string[] {
  const { output, archivePath, verdict } = summary;
  if (output !== null && output.records === 0 && summary.stop !== null) return [];
  if (output !== null) {
    const destination = escapeText(context.outputName ?? output.destination);
    const partial = output.partial ? reservation(verdict) : '';
    return [
      `${counted(output.records, 'record')} → ${destination} (${formatBytes(output.bytes)}) in ${formatDuration(summary.durationMs)}${partial}`,
    ];
  }
  const archive = archivePath === null ? null : escapeText(archivePath);
  if (isWhole(verdict.name, false)) {
    return archive === null
      ? []
      : [
          `${counted(verdict.stored, 'page')} → ${archive} (${formatBytes(summary.bodyBytes)} on the wire) in ${formatDuration(summary.durationMs)}`,
        ];
  }
  const untouched =
    context.output === null ? '' : `${escapeText(context.output)} was not written. `;
  return archive === null ? [] : [`${untouched}What was fetched is kept in ${archive}`];
}

function paceLines(summary: Summary, paint: Painter): readonly string[] {
  const parts: string[] = [];
  if (summary.fetched > 0 && summary.durationMs > 0) {
    parts.push(`${formatRate((summary.fetched * 1000) / summary.durationMs)} pages/s`);
  }
  const before = summary.verdict.stored - summary.fetched;
  if (before > 0) parts.push(`${counted(before, 'page')} stored before`);
  if (summary.retries > 0) parts.push(counted(summary.retries, 'retry', 'retries'));
  if (summary.pausedMs > 0) {
    parts.push(`paused ${formatDuration(summary.pausedMs)} for the server's limit`);
  }
  for (const protocol of ['HTTP/2', 'HTTP/1.1'] as const) {
    const connections = summary.connections[protocol];
    if (connections > 0) parts.push(`${protocol}, ${counted(connections, 'connection')}`);
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
  else if (recordsPath === NO_RECORDS) parts.push('an empty list, left out of its page');
  else if (recordsPath !== null) parts.push(`records at ${escapeText(recordsPath)}`);
  if (readings > 1) parts.push(`read ${readings} times`);
  if (flags.length > 0) parts.push(`pin with: ${flags.map(shellWord).join(' ')}`);
  return [paint('dim', parts.join(' · '))];
}

const parallelStyles: readonly string[] = ['page', 'offset', 'range'];

function pagedBy({ style }: PaginationFacts, stored: number, concurrency: number): string {
  if (style === 'single') return 'one page';
  const isParallel = parallelStyles.includes(style) && stored > 2 && concurrency > 1;
  const pages = isParallel ? `, ${formatCount(stored)} pages in parallel` : '';
  return `paged by ${styleWords[style]}${pages}`;
}

/** Paths may come from a server's field names. */
function shellWord(word: string): string {
  const shown = escapeText(word);
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", `'\\''`)}'`;
}

function commandLines(
  summary: Summary,
  context: SummaryContext,
  paint: Painter,
): readonly string[] {
  if (isWhole(summary.verdict.name, false)) return [];
  const { takeWhatIsThere } = context.commands;
  const lines = [...goingOn(summary, context, paint)];
  if (takeWhatIsThere !== null && summary.output === null) {
    lines.push('To take what is there:', `  ${paint('cyan', takeWhatIsThere)}`);
  }
  return lines;
}

function goingOn(
  { stop, verdict }: Summary,
  { commands }: SummaryContext,
  paint: Painter,
): readonly string[] {
  const command = (heading: string, text: string) => [heading, `  ${paint('cyan', text)}`];
  if (stop !== null) return command('To go on:', commands.again);
  if (verdict.failed > 0) return command('To try the missing pages again:', commands.again);
  if (verdict.end === null) return command('To go on:', commands.again);
  switch (verdict.name) {
    case 'drifted':
      return command('To read it again, until two readings agree:', commands.anew);
    case 'capped':
      return ['--split reads a list in slices that are less deep.'];
    default:
      // What is said of how it pages has to change first.
      if (verdict.end === 'single' || verdict.end === 'stuck') return [];
      return verdict.records === null
        ? command('To go on:', commands.again)
        : command('To read it all again:', commands.anew);
  }
}
