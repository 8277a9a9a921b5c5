/** What is counted: statuses, pauses, limits, sizes, types. */
import type { PauseCause } from '../../core/events.ts';
import { counted, formatBytes, formatCount, formatDuration } from '../../core/units.ts';
import { kindNames, type ReportFacts, type SizeFacts } from '../report-data.ts';
import { element, jump, remark, section, table } from './dom.ts';
import { kindClass, kindMark } from './palette.ts';
import type { TimeRange } from './time-range.ts';
import { amount, clock, moment, share } from './words.ts';

const MOST_PAUSES = 300;

export function answers({ tally, totals, tries }: ReportFacts): HTMLElement {
  const most = Math.max(1, ...tally.map(({ attempts }) => attempts));
  const rows = tally.map(({ status, kind, attempts, bytes, outcome }) => [
    status === null ? '—' : String(status),
    kindMark(kind, kindNames[kind]),
    outcome === 'ok' ? '' : outcome,
    formatCount(attempts),
    bar(attempts / most, kindClass(kind), share(attempts, totals.attempts)),
    formatBytes(bytes),
  ]);
  const retried = tries.filter(({ attempts }) => attempts > 1);
  const pages = tries.reduce((sum, it) => sum + it.pages, 0);
  const largest = Math.max(1, ...tries.map((it) => it.pages));
  return section(
    'answers',
    'What came back',
    table(
      'Attempts by status',
      ['Status', 'Meaning', 'Most often', '#Attempts', 'Share', '#Bytes'],
      rows,
    ),
    retried.length === 0
      ? remark('Each page came at its first attempt.')
      : table(
          'Attempts that pages needed',
          ['#Attempts', '#Pages', 'Share'],
          tries.map((it) => [
            formatCount(it.attempts),
            formatCount(it.pages),
            bar(it.pages / largest, 'blue', share(it.pages, pages)),
          ]),
          true,
        ),
  );
}

const pauseCauses: Readonly<Record<PauseCause, string>> = {
  limit: 'limit',
  outage: 'server was down',
  user: 'you',
};

export function pauses(
  { pauses: all, limiters, time }: ReportFacts,
  range: TimeRange,
): HTMLElement | null {
  if (all.length === 0) return null;
  const sum = all.reduce((ms, { from, to }) => ms + to - from, 0);
  const rows = all.slice(0, MOST_PAUSES).map(({ from, to, until, cause, reason, limiter }) => [
    jump(clock(from, 500), () => {
      const around = Math.max(1_000, to - from);
      range.set(from - around, to + around);
    }),
    moment(from, time),
    formatDuration(to - from),
    Math.abs(until - to) > 500 ? formatDuration(until - from) : '',
    pauseCauses[cause],
    reason,
    ...serverColumn(limiters, limiters[limiter]),
  ]);
  const more = all.length - rows.length;
  return section(
    'pauses',
    'Pauses',
    remark(
      `${counted(all.length, 'pause')}, ${formatDuration(sum)} together. A pause holds all requests to one server${more > 0 ? `; the first ${MOST_PAUSES} are listed` : ''}.`,
    ),
    table(
      'Pauses',
      ['From', 'On', '#Lasted', '#Was to last', 'Cause', 'Reason', ...serverColumn(limiters)],
      rows,
    ),
  );
}

/** Which server it is, or the name of the column; nothing where there is only one. */
function serverColumn(limiters: readonly string[], own = 'Server'): readonly string[] {
  return limiters.length > 1 ? [own] : [];
}

export function limits({ limits: all, limiters }: ReportFacts): HTMLElement | null {
  if (all.length === 0) return null;
  const number = (value: number | null): string => (value === null ? '' : formatCount(value));
  const rows = all.map(({ policy, limiter, quota, windowMs, leastLeft }) => [
    policy,
    number(quota),
    windowMs === null ? '' : formatDuration(windowMs),
    quota === null || windowMs === null ? '' : amount((quota * 1_000) / windowMs),
    number(leastLeft),
    ...serverColumn(limiters, limiters[limiter]),
  ]);
  return section(
    'limits',
    'Limits that headers stated',
    table(
      'Limits that headers stated',
      ['Policy', '#Requests', '#In', '#A second', '#Least left', ...serverColumn(limiters)],
      rows,
    ),
  );
}

export function sizes(facts: SizeFacts | null): HTMLElement | null {
  if (facts === null) return null;
  const { least, median, most, bins } = facts;
  const largest = Math.max(1, ...bins.map(({ pages }) => pages));
  // Bins of sizes that are much alike would all be named the same.
  const isFine = bins.some(({ from, to }) => formatBytes(from) === formatBytes(to));
  const sayOf = (bytes: number): string =>
    isFine ? `${formatCount(bytes)} B` : formatBytes(bytes);
  return section(
    'sizes',
    'Sizes of pages',
    remark(
      `On the wire: ${formatBytes(least)} to ${formatBytes(most)}, half of them up to ${formatBytes(median)}.`,
    ),
    table(
      'Sizes of pages',
      ['#From', '#To', '#Pages', ''],
      bins.map(({ from, to, pages }) => [
        sayOf(from),
        sayOf(to),
        formatCount(pages),
        bar(pages / largest, 'blue', ''),
      ]),
      true,
    ),
  );
}

export function types({ schema }: ReportFacts): HTMLElement | null {
  if (schema === null) return null;
  const { records, isOfAll, columns } = schema;
  const of = isOfAll
    ? `all ${counted(records, 'record')}`
    : `the first ${counted(records, 'record')}`;
  return section(
    'types',
    'Types of the records',
    remark(`The narrowest types that hold ${of} exactly.`),
    table(
      'Types of the records',
      ['Field', 'Type', 'Null', 'Absent'],
      columns.map(({ name, type, mayBeNull, mayBeAbsent }) => [
        element('code', {}, name),
        type,
        mayBeNull ? 'sometimes' : '',
        mayBeAbsent ? 'sometimes' : '',
      ]),
    ),
  );
}

/** @param part of the longest bar */
function bar(part: number, look: string, words: string): HTMLElement {
  const fill = element('span', { class: `fill ${look}` });
  fill.style.width = `${Math.max(part > 0 ? 0.5 : 0, 100 * part)}%`;
  return element(
    'span',
    { class: 'bar' },
    element('span', { class: 'track' }, fill),
    element('span', {}, words),
  );
}
