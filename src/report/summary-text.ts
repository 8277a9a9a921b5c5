import { escapeText } from '../core/escape.ts';
import type { FailedPage, Stop, Summary, Verdict } from '../core/summary.ts';
import { formatBytes, formatCount, formatDuration } from '../core/units.ts';
import { createPainter, type Painter } from './paint.ts';
import { counted, formatRate, reasonBeside } from './wording.ts';

/** Commands to print; the caller knows how the run was started, this file does not. */
interface SummaryCommands {
  /** Goes on, or tries the missing pages again. Without credentials. */
  readonly again: string;
  /** Writes the output from the pages that are there, or null where that makes no sense. */
  readonly takeWhatIsThere: string | null;
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
    verdictLine(summary.verdict, paint, context.total),
    ...stopLines(summary.stop, context, paint),
    ...failureLines(summary, paint),
    ...outputLines(summary, context),
    ...paceLines(summary, paint),
    ...commandLines(summary, context, paint),
  ].join('\n');
}

/** The verdict in one sentence. `total`: pages in the plan as far as known without reaching its end. */
export function verdictLine(verdict: Verdict, paint: Painter, total: number | null): string {
  const { name, stored, failed } = verdict;
  const planned = verdict.planned ?? total;
  if (name === 'complete') {
    if (stored === 0) return paint('yellow', 'The plan has no pages.');
    const text = stored === 1 ? 'The page is OK.' : `All ${formatCount(stored)} pages are OK.`;
    return paint('green', text);
  }
  const missing = planned === null ? null : planned - stored;
  const parts = [
    planned === null
      ? `${counted(stored, 'page is', 'pages are')} OK; how many there are is not known yet`
      : `${formatCount(stored)} of ${counted(planned, 'page is', 'pages are')} OK; ${
          missing === 1 ? '1 is missing' : `${formatCount(missing ?? 0)} are missing`
        }`,
  ];
  if (failed > 0 && failed !== missing) parts.push(`${formatCount(failed)} failed`);
  return paint('red', `${parts.join(', ')}.`);
}

function stopLines(stop: Stop | null, context: SummaryContext, paint: Painter): readonly string[] {
  if (stop === null) return [];
  return [paint('yellow', escapeText(stopText(stop, context)))];
}

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
    case 'max-wait': {
      const waitMs = Math.max(0, stop.untilWallTime - context.wallTime);
      const until = `${new Date(stop.untilWallTime).toISOString().slice(0, 19)}Z`;
      return `Stopped: the server asks to wait until ${until}, ${formatDuration(waitMs)} from now (${stop.reason}). That is longer than --max-wait; come back then.`;
    }
    case 'credentials':
      return `Stopped: the server refuses the credentials (${stop.status} for ${stop.url}). Run again with new ones.`;
    case 'safety': {
      const cure =
        stop.code === 'OTHER_ORIGIN'
          ? '--allow-origin ORIGIN allows it.'
          : '--cacert FILE names an authority to trust; -k accepts any certificate.';
      const named = /--allow-origin|--cacert|(^|\s)-k\b/.test(stop.message);
      const message = stop.message.replace(/\.$/, '');
      return `Stopped for safety: ${message}.${named ? '' : ` ${cure}`}`;
    }
  }
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
    const partial = output.partial ? ', without the pages that are missing' : '';
    return [
      `${counted(output.records, 'record')} → ${destination} (${formatBytes(output.bytes)}) in ${formatDuration(summary.durationMs)}${partial}`,
    ];
  }
  const archive = archivePath === null ? null : escapeText(archivePath);
  if (verdict.name === 'complete') {
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
  if (summary.fetched > 0) parts.push(`concurrency ${summary.concurrency}`);
  return parts.length === 0 ? [] : [paint('dim', parts.join(' · '))];
}

function commandLines(
  summary: Summary,
  context: SummaryContext,
  paint: Painter,
): readonly string[] {
  if (summary.verdict.name === 'complete') return [];
  const { again, takeWhatIsThere } = context.commands;
  const goesOn = summary.stop !== null || summary.verdict.failed === 0;
  const lines = [
    goesOn ? 'To go on:' : 'To try the missing pages again:',
    `  ${paint('cyan', again)}`,
  ];
  if (takeWhatIsThere !== null && summary.output === null) {
    lines.push('To take what is there:', `  ${paint('cyan', takeWhatIsThere)}`);
  }
  return lines;
}
