/** What is drawn over time: the plots, the waterfall, and the controls of the range that they share. */
import { describeRate } from '../../core/hint.ts';
import { formatBytes } from '../../core/units.ts';
import type { ChangeFacts, LimitFacts, ReportData, ReportFacts } from '../report-data.ts';
import { element, section } from './dom.ts';
import { createPlot, type Plot } from './plot.ts';
import type { Line } from './plot-facts.ts';
import { createControls } from './range-controls.ts';
import { type Bins, binsFor, SeriesReader, timesOf } from './series.ts';
import type { TimeRange } from './time-range.ts';
import { createWaterfall, type Waterfall } from './waterfall.ts';
import { amount, latency, moment } from './words.ts';

/** So many bins are counted for the width of the screen. */
const MOST_BINS = 240;
/** Nothing else is to be drawn then, and who scrolls or saves a picture finds all of it. */
const AHEAD_MS = 200;
/** Series are counted again so long after the range has last moved. */
const SETTLED_MS = 120;

export interface OverTime {
  readonly node: HTMLElement;
  /**
   * Counts and draws, once it stands in the page.
   *
   * @param isLive only what is on the screen: the next data comes soon
   */
  draw(isLive: boolean): void;
  /** Draws everything again: the width or the colours have changed. */
  redraw(onPaper?: boolean): void;
  /** Nothing of it is shown any more. */
  dispose(): void;
}

export function createOverTime(data: ReportData, range: TimeRange): OverTime {
  const { facts } = data;
  const reader = new SeriesReader(data);
  let limiter = 0;
  const plots = createPlots(data, range);
  const waterfall = createWaterfall(data, range);
  const controls = createControls(data, range);

  const count = (): void => {
    const bins = binsFor(range.from, range.to, range.endMs, MOST_BINS);
    const times = timesOf(bins);
    const series = reader.read(bins);
    const changes = facts.changes.filter((change) => change.limiter === limiter);
    plots.throughput.show(times, [series.pages, series.bytes]);
    plots.latency.show(times, [series.p50, series.p90, series.p99]);
    plots.inFlight.show(times, [
      series.inFlight,
      stepsOf(changes, bins, ({ concurrency }) => concurrency),
    ]);
    plots.rate.show(times, [
      series.requests,
      stepsOf(changes, bins, ({ perSecond }) => perSecond),
      stepsOf(changes, bins, ({ statedPerSecond }) => statedPerSecond),
      ...drawnLimits(facts).map((limit) =>
        times.map((seconds) => {
          const at = seconds * 1_000;
          const isStated = limit.limiter === limiter && limit.from < at + bins.ms && at <= limit.to;
          return isStated ? limitPerSecond(limit) : null;
        }),
      ),
    ]);
  };
  const all: readonly Waterfall[] = [...Object.values(plots), waterfall];
  let settled: ReturnType<typeof setTimeout> | undefined;
  let ahead: ReturnType<typeof setTimeout> | undefined;
  range.onChange(() => {
    for (const { move } of Object.values(plots)) move();
    waterfall.move();
    controls.move();
    clearTimeout(settled);
    settled = setTimeout(count, SETTLED_MS);
  });

  const choice = limiterChoice(facts.limiters, (chosen) => {
    limiter = chosen;
    count();
  });
  const node = section(
    'over-time',
    'Over time',
    controls.node,
    cutsNote(data),
    plots.throughput.node,
    plots.latency.node,
    choice,
    plots.inFlight.node,
    plots.rate.node,
    waterfall.node,
  );
  return {
    node,
    draw(isLive) {
      count();
      waterfall.redraw(false);
      if (isLive) return;
      ahead = setTimeout(() => {
        for (const it of all) it.drawAhead();
      }, AHEAD_MS);
    },
    redraw(onPaper = false) {
      for (const it of all) it.redraw(onPaper);
    },
    dispose() {
      clearTimeout(settled);
      clearTimeout(ahead);
      for (const it of all) it.dispose();
    },
  };
}

type Plots = Readonly<Record<'throughput' | 'latency' | 'inFlight' | 'rate', Plot>>;

const LIMIT_COLOURS = ['purple', 'vermillion', 'muted'] as const;

/** Policies that have lines of their own, where there are several: one alone is the stated limit. */
function drawnLimits({ limits }: ReportFacts): readonly LimitFacts[] {
  if (limits.length < 2) return [];
  return limits.filter((it) => limitPerSecond(it) !== null).slice(0, LIMIT_COLOURS.length);
}

function limitPerSecond({ quota, windowMs }: LimitFacts): number | null {
  return quota === null || windowMs === null || windowMs <= 0 ? null : (quota * 1_000) / windowMs;
}

function createPlots({ facts }: ReportData, range: TimeRange): Plots {
  const hasPauses = facts.pauses.length > 0;
  const shaded = hasPauses
    ? ' Shaded: nothing was sent, because the server asked for it or was down, or the run was paused.'
    : '';
  const perSecond = (value: number): string => `${amount(value)}/s`;
  const count = (value: number): string => amount(value);
  const lines = {
    pages: { name: 'pages a second', colour: 'blue', as: 'area', say: perSecond, tick: count },
    bytes: {
      name: 'received',
      colour: 'purple',
      as: 'steps',
      scale: 'right',
      isDashed: true,
      say: (value) => `${formatBytes(value)}/s`,
      tick: (value) => formatBytes(value).replace('.0 ', ' '),
    },
    p50: { name: 'half of the answers', colour: 'blue', as: 'line', say: latency },
    p90: { name: '90 %', colour: 'orange', as: 'line', say: latency },
    p99: { name: '99 %', colour: 'vermillion', as: 'line', say: latency },
    inFlight: { name: 'under way', colour: 'blue', as: 'area', say: count },
    allowed: { name: 'allowed by the pace', colour: 'orange', as: 'steps', say: count },
    sent: { name: 'sent', colour: 'blue', as: 'area', say: perSecond, tick: count },
    chosen: {
      name: 'rate that the pace chose',
      colour: 'orange',
      as: 'steps',
      mayLeave: true,
      say: perSecond,
    },
    stated: {
      name: 'limit that headers state',
      colour: 'green',
      as: 'steps',
      isDashed: true,
      mayLeave: true,
      say: perSecond,
    },
  } as const satisfies Readonly<Record<string, Line>>;
  return {
    throughput: createPlot(
      {
        id: 'throughput',
        title: 'Throughput',
        about: `Pages that arrived, and bytes of bodies on the wire.${shaded}`,
        namesPauses: true,
        lines: [lines.pages, lines.bytes],
        height: 210,
      },
      facts,
      range,
    ),
    latency: createPlot(
      {
        id: 'latency',
        title: 'Latency',
        about:
          'From sending a request to the end of its answer: so long, or less, for that share of them.',
        lines: [lines.p50, lines.p90, lines.p99],
        height: 190,
        isLogarithmic: true,
      },
      facts,
      range,
    ),
    inFlight: createPlot(
      {
        id: 'in-flight',
        title: 'Requests at once',
        about: 'How many were under way on average, and how many the pace allowed.',
        lines: [lines.inFlight, lines.allowed],
        height: 170,
      },
      facts,
      range,
    ),
    rate: createPlot(
      {
        id: 'rate',
        title: 'Request rate',
        about: rateWords(facts.changes),
        lines: [
          lines.sent,
          lines.chosen,
          lines.stated,
          ...drawnLimits(facts).map((limit, at): Line => {
            const policy = limit.policy === '' ? 'policy' : `policy "${limit.policy}"`;
            return {
              name: `${policy}: ${describeRate(limit.quota!, limit.windowMs!)}`,
              colour: LIMIT_COLOURS[at]!,
              as: 'steps',
              isDashed: true,
              isAside: true,
              say: perSecond,
            };
          }),
        ],
        height: 170,
      },
      facts,
      range,
    ),
  };
}

function rateWords(changes: readonly ChangeFacts[]): string {
  const isStated = changes.some(({ statedPerSecond }) => statedPerSecond !== null);
  const isChosen = changes.some(({ perSecond }) => perSecond !== null);
  if (isChosen || isStated)
    return 'How many requests were sent a second, and what held them back. What would make the rest small is cut off at the top.';
  return 'How many requests were sent a second. No rate held them back, and no header stated a limit.';
}

/** What held at the end of each bin; null before the first change. */
function stepsOf(
  changes: readonly ChangeFacts[],
  { from, ms, count }: Bins,
  pick: (change: ChangeFacts) => number | null,
): (number | null)[] {
  let next = 0;
  let value: number | null = null;
  return Array.from({ length: count }, (_, bin) => {
    const until = from + (bin + 1) * ms;
    for (; next < changes.length && changes[next]!.at < until; next += 1) {
      value = pick(changes[next]!);
    }
    return value;
  });
}

/** Null where there is one limiter. */
function limiterChoice(
  limiters: readonly string[],
  choose: (index: number) => void,
): HTMLElement | null {
  if (limiters.length < 2) return null;
  const select = element(
    'select',
    { id: 'limiter' },
    ...limiters.map((name, index) => element('option', { value: String(index) }, name)),
  );
  select.addEventListener('change', () => choose(Number(select.value)));
  return element(
    'p',
    { class: 'choice' },
    element('label', { for: 'limiter' }, 'Pace of '),
    select,
  );
}

function cutsNote({ facts }: ReportData): HTMLElement | null {
  const { cuts } = facts.time;
  if (cuts.length === 0) return null;
  const [first] = cuts;
  const times = cuts.length === 1 ? 'Once' : `${cuts.length} times`;
  return element(
    'p',
    { class: 'hint' },
    `${times} nothing was sent for long (first after ${moment(first!.at, facts.time)}); those times are left out, at the dotted lines.`,
  );
}
