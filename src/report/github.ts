/**
 * A run as a job of GitHub Actions shows it: a summary in Markdown, and an annotation for each page that is
 * missing. https://docs.github.com/actions/reference/workflow-commands
 */
import { escapeText } from '../core/escape.ts';
import { isWhole, type Strict, type Summary } from '../core/summary.ts';
import { counted, formatBytes, formatCount, formatDuration } from '../core/units.ts';
import { createPainter } from './paint.ts';
import { stopText } from './stop-text.ts';
import { verdictLines } from './verdict-text.ts';
import { formatRate, reasonBeside } from './wording.ts';

/** GitHub shows ten annotations of a kind for each step. */
const MOST_ANNOTATIONS = 10;

export interface GithubContext {
  /** Milliseconds since 1970. */
  readonly wallTime: number;
  /** Pages in the plan, from the run's events; null if that was never known. */
  readonly total: number | null;
  /** The least verdict that counts as success. */
  readonly strict: Strict | null;
}

/** Markdown to append to the file that `GITHUB_STEP_SUMMARY` names. */
export function githubSummary(
  summary: Summary,
  { wallTime, total, strict }: GithubContext,
): string {
  const { verdict, stop, fetched, retries, pausedMs, durationMs, bodyBytes, outputs } = summary;
  const [head = '', ...more] = verdictLines(verdict, createPainter(false), total);
  const icon = isWhole(verdict.name, strict) ? '✅' : '❌';
  const perSecond = durationMs > 0 ? (fetched * 1000) / durationMs : 0;
  const facts: readonly (readonly [string, string])[] = [
    ['Verdict', `**${verdict.name}**`],
    ['Pages', pagesText(verdict)],
    ...(verdict.records === null
      ? []
      : [['Records', formatCount(verdict.records.fetched)] as const]),
    ['Fetched', `${counted(fetched, 'page')}, ${formatBytes(bodyBytes)}`],
    ['Time', `${formatDuration(durationMs)}, ${formatRate(perSecond)} pages/s`],
    ...(retries > 0 ? [['Retries', formatCount(retries)] as const] : []),
    ...(pausedMs > 0 ? [['Paused', formatDuration(pausedMs)] as const] : []),
    ...outputs.map(
      ({ destination, records, bytes }) =>
        [
          'Output',
          `${code(destination)}: ${counted(records, 'record')}, ${formatBytes(bytes)}`,
        ] as const,
    ),
  ];
  const said = [
    ...more.map((line) => line.trim()),
    ...(stop === null ? [] : [stopText(stop, wallTime)]),
  ];
  const lines = [
    `### ${icon} ${markdown(head)}`,
    '',
    ...(said.length === 0 ? [] : [...said.map((line) => `- ${markdown(line)}`), '']),
    '| | |',
    '|---|---|',
    ...facts.map(([name, value]) => `| ${name} | ${value} |`),
    '',
    ...failureTable(summary),
  ];
  return `${lines.join('\n')}\n`;
}

function pagesText({ stored, failed, pending }: Summary['verdict']): string {
  const parts = [`${formatCount(stored)} stored`];
  if (failed > 0) parts.push(`${formatCount(failed)} failed`);
  if (pending !== null && pending > 0) parts.push(`${formatCount(pending)} not fetched`);
  return parts.join(', ');
}

function failureTable({ failures, verdict }: Summary): readonly string[] {
  if (failures.length === 0) return [];
  const more = verdict.failed - failures.length;
  return [
    '| Missing page | Why | Attempts |',
    '|---|---|---|',
    ...failures.map(
      ({ url, status, reason, attempts }) =>
        `| ${code(url)} | ${markdown(whyText(status, reason))} | ${attempts} |`,
    ),
    '',
    ...(more > 0 ? [`and ${counted(more, 'more page')}`, ''] : []),
  ];
}

function whyText(status: number | null, reason: string): string {
  const beside = reasonBeside(status, reason);
  return status === null ? beside : `${status} ${beside}`.trim();
}

/** Lines for the log of the job, which GitHub turns into annotations. */
export function githubAnnotations(summary: Summary, strict: Strict | null): readonly string[] {
  const { failures, verdict } = summary;
  const failed = failures.slice(0, MOST_ANNOTATIONS).map(({ url, status, reason, attempts }) => {
    const why = whyText(status, reason);
    return command('error', 'missing page', `${url}: ${why} (${counted(attempts, 'attempt')})`);
  });
  if (failed.length > 0 || isWhole(verdict.name, strict)) return failed;
  return [command('error', `verdict: ${verdict.name}`, verdict.reasons[0] ?? verdict.name)];
}

/** Line ends, colons and commas would end the command or its properties. */
function command(kind: 'error', title: string, message: string): string {
  const text = (value: string): string =>
    escapeText(value).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  return `::${kind} title=${text(`everypage, ${title}`).replaceAll(':', '%3A').replaceAll(',', '%2C')}::${text(message)}`;
}

/** Text from a server, as text: nothing in it is markup, a link, a mention or the end of a cell. */
function markdown(text: string): string {
  return escapeText(text).replaceAll(/[&<>\\`*_[\]|~@#:]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

function code(text: string): string {
  return `<code>${markdown(text)}</code>`;
}
