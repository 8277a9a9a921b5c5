/** Pages that failed or were slow, each with all its attempts. */
import { counted, formatBytes, formatCount, formatDuration } from '../../core/units.ts';
import { type AttemptFacts, kindNames, type PageFacts, type ReportFacts } from '../report-data.ts';
import { element, jump, remark, section, table } from './dom.ts';
import { kindMark } from './palette.ts';
import type { TimeRange } from './time-range.ts';
import { clock, latency, moment } from './words.ts';

export function failedPages(facts: ReportFacts, range: TimeRange): HTMLElement | null {
  const { failed, totals } = facts;
  if (failed.length === 0) return null;
  const more = totals.failed - failed.length;
  return section(
    'failed',
    'Pages that failed',
    more > 0
      ? remark(`The first ${formatCount(failed.length)} of ${formatCount(totals.failed)}.`)
      : null,
    ...failed.map((page) => pageNode(page, page.attempts.at(-1)?.outcome ?? '', facts, range)),
  );
}

export function slowestPages(facts: ReportFacts, range: TimeRange): HTMLElement | null {
  const { slowest } = facts;
  if (slowest.length === 0) return null;
  return section(
    'slowest',
    'Slowest pages',
    remark('By the time of all their attempts together.'),
    ...slowest.map((page) => {
      const tries = page.attempts.length > 1 ? `, ${page.attempts.length} attempts` : '';
      return pageNode(page, `${latency(page.totalMs)}${tries}`, facts, range);
    }),
  );
}

function pageNode(
  page: PageFacts,
  words: string,
  facts: ReportFacts,
  range: TimeRange,
): HTMLElement {
  const { url, headers, attempts, records, state, bytes, number, branch } = page;
  const what = [
    `page ${formatCount(number)}${branch === 0 ? '' : ` of branch ${formatCount(branch)}`}`,
    state,
    ...(records === null ? [] : [counted(records, 'record')]),
    ...(bytes > 0 ? [formatBytes(bytes)] : []),
  ].join(' · ');
  return element(
    'details',
    { class: 'page' },
    element(
      'summary',
      {},
      element('span', { class: 'url' }, url === '' ? `page ${number}` : url),
      element('span', { class: 'why' }, words),
    ),
    remark(what),
    table(
      `Attempts at ${url}`,
      ['Sent', 'On', '#Took', 'Status', 'What came', '#Told to wait', '#Bytes'],
      attempts.map((attempt) => attemptRow(attempt, facts, range)),
    ),
    headers.length === 0
      ? null
      : element(
          'dl',
          { class: 'headers' },
          ...headers.flatMap(([name, value]) => [
            element('dt', {}, name),
            element('dd', {}, value),
          ]),
        ),
  );
}

function attemptRow(
  { at, durationMs, status, kind, outcome, toldToWaitMs, bytes }: AttemptFacts,
  { time }: ReportFacts,
  range: TimeRange,
): (Node | string)[] {
  return [
    jump(clock(at, 500), () => range.set(at - durationMs, at + 2 * durationMs)),
    moment(at, time),
    latency(durationMs),
    status === null ? '—' : String(status),
    kindMark(kind, outcome === 'ok' ? kindNames.ok : outcome),
    toldToWaitMs === null ? '' : formatDuration(toldToWaitMs),
    formatBytes(bytes),
  ];
}
