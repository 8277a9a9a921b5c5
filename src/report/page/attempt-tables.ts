/** Attempts as tables: those of a range of time, and those of one page. */
import { formatBytes } from '../../core/units.ts';
import type { ReportData } from '../report-data.ts';
import { element, table } from './dom.ts';
import type { TimeRange } from './time-range.ts';
import { clock, latency, moment } from './words.ts';

const MOST_ROWS = 500;

/** The first of them, where there are many. */
export function attemptsIn(data: ReportData, range: TimeRange): HTMLElement {
  const { start, duration } = data.attempts;
  const shown: number[] = [];
  let count = 0;
  for (let at = 0; at < start.length && start[at]! <= range.to; at += 1) {
    if (start[at]! + duration[at]! < range.from) continue;
    count += 1;
    if (shown.length < MOST_ROWS) shown.push(at);
  }
  const more = count - shown.length;
  return element(
    'div',
    {},
    more > 0
      ? element('p', {}, `The first ${MOST_ROWS} of ${count} in this range; zoom in for others.`)
      : null,
    tableOf(data, 'Attempts in this range', shown, true),
  );
}

/** All attempts of the page that the chosen one belongs to. */
export function triesOfPage(data: ReportData, at: number): HTMLElement {
  const { page } = data.attempts;
  const url = data.urls[page[at]!] ?? '';
  const own = [...page.keys()].filter((other) => page[other] === page[at]);
  return element(
    'div',
    {},
    element('p', {}, element('b', {}, url)),
    tableOf(data, `Attempts at ${url}`, own, false),
  );
}

/** What came of an attempt. */
export function outcomeOf(data: ReportData, at: number): string {
  const { status, outcome } = data.attempts;
  const words = data.facts.outcomes[outcome[at]!] ?? '';
  return words === 'ok' ? `${status[at]} OK` : words;
}

function tableOf(
  data: ReportData,
  caption: string,
  attempts: readonly number[],
  withUrl: boolean,
): HTMLElement {
  const { start, duration, bytes, page, told, number } = data.attempts;
  const { time } = data.facts;
  return table(
    caption,
    [
      'Sent',
      ...(withUrl ? ['URL'] : ['#Try', 'On']),
      '#Took',
      'What came',
      '#Told to wait',
      '#Bytes',
    ],
    attempts.map((at) => [
      clock(start[at]!, 500),
      ...(withUrl ? [data.urls[page[at]!] ?? ''] : [String(number[at]), moment(start[at]!, time)]),
      latency(duration[at]!),
      outcomeOf(data, at),
      Number.isNaN(told[at]!) ? '' : latency(told[at]!),
      formatBytes(bytes[at]!),
    ]),
  );
}
