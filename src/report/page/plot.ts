/** A plot over time: uPlot, with pauses shaded, a legend that tells values, and a table of the same. */
import uPlot from 'uplot';
import type { ReportFacts } from '../report-data.ts';
import { details, element, table } from './dom.ts';
import { type Palette, readPalette, withAlpha } from './palette.ts';
import type { Line, PlotFacts } from './plot-facts.ts';
import { namePauses, pauseAt, shadePauses } from './plot-pauses.ts';
import { axesOf, scaleOf, type Values } from './plot-scales.ts';
import type { TimeRange } from './time-range.ts';
import { WhenSeen } from './when-seen.ts';
import { clock } from './words.ts';

export interface Plot {
  readonly node: HTMLElement;
  /** Seconds, and the values of each line at them. */
  show(times: readonly number[], values: Values): void;
  /** The range has moved. */
  move(): void;
  /**
   * Colours or the width have changed.
   *
   * @param onPaper where it is drawn although it is not on the screen
   */
  redraw(onPaper: boolean): void;
  /** Draws what is not on the screen too. */
  drawAhead(): void;
  /** It is not shown any more. */
  dispose(): void;
}

const SYNC = 'run';
const MOST_ROWS = 400;
/** Fewer values are shown as points too, since one between two gaps would not be seen. */
const FEW = 150;

export function createPlot(facts: PlotFacts, report: ReportFacts, range: TimeRange): Plot {
  const { lines } = facts;
  const values = lines.map(() => element('output', { class: 'value' }));
  const pauseNote = element('li', { class: 'pause-note', 'aria-live': 'polite' });
  const holder = element('div', {
    class: 'plot',
    tabindex: '0',
    role: 'application',
    'aria-label': `${facts.title}. ${facts.about} Arrow keys move, plus and minus zoom, 0 shows all; the numbers are in the table below.`,
  });
  // It takes its room before it is drawn.
  holder.style.minHeight = `${facts.height}px`;
  let times: readonly number[] = [];
  let shown: Values = lines.map(() => []);
  const numbers = details('As a table', () => numberTable(facts, range, times, shown));
  const node = element(
    'figure',
    { id: facts.id },
    element('figcaption', {}, element('h3', {}, facts.title), element('p', {}, facts.about)),
    element(
      'ul',
      { class: 'legend' },
      ...lines.map((line, at) => legendOf(line, values[at]!)),
      pauseNote,
    ),
    holder,
    numbers,
  );
  range.takeKeys(holder);
  let palette = readPalette();
  let chart: uPlot | null = null;

  const tell = (made: uPlot): void => {
    const { idx, left = -1 } = made.cursor;
    for (const [at, line] of lines.entries()) {
      const value = idx == null || left < 0 ? null : shown[at]?.[idx];
      values[at]!.textContent = value == null ? '' : line.say(value);
    }
    pauseNote.textContent = left < 0 ? '' : pauseAt(report, made.posToVal(left, 'x') * 1_000);
  };

  const draw = (): void => {
    palette = readPalette();
    const width = Math.floor(holder.clientWidth);
    if (width === 0) return;
    chart = new uPlot(
      {
        width,
        height: facts.height,
        padding: [8, 0, 0, 0],
        legend: { show: false },
        cursor: {
          sync: { key: SYNC, setSeries: false },
          drag: { x: true, y: false, setScale: false },
          points: { size: 7 },
          bind: { dblclick: () => () => showAll(range) },
        },
        scales: {
          x: { time: false, auto: false, range: () => [range.from / 1_000, range.to / 1_000] },
          y: scaleOf(facts, () => shown),
          right: { range: (_, __, most) => [0, Math.max(1, (most ?? 1) * 1.1)] },
        },
        axes: axesOf(facts, palette, width, range),
        series: [{}, ...lines.map((line) => seriesOf(line, palette))],
        hooks: {
          drawClear: [(made) => shadePauses(made, report, palette)],
          ...(facts.namesPauses ? { draw: [(made) => namePauses(made, report, palette)] } : {}),
          setCursor: [tell],
          setSelect: [
            (made) => {
              const { left, width: selected } = made.select;
              if (selected < 3) return;
              const at = (x: number): number => made.posToVal(x, 'x') * 1_000;
              range.set(at(left), at(left + selected));
              made.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
      },
      [times, ...shown] as uPlot.AlignedData,
      holder,
    );
    chart.root.setAttribute('aria-hidden', 'true');
  };

  const drawing = new WhenSeen(node, () => {
    if (chart === null) draw();
    else chart.setData([times, ...shown] as uPlot.AlignedData);
  });

  return {
    node,
    show(newTimes, newValues) {
      times = newTimes;
      shown = newValues;
      drawing.ask();
      numbers.refresh();
    },
    move() {
      if (chart === null || !drawing.isSeen) drawing.ask();
      else chart.setScale('x', { min: range.from / 1_000, max: range.to / 1_000 });
    },
    redraw(onPaper) {
      chart?.destroy();
      chart = null;
      if (onPaper) drawing.now();
      else drawing.ask();
    },
    drawAhead: () => drawing.ahead(),
    dispose() {
      drawing.dispose();
      chart?.destroy();
      chart = null;
    },
  };
}

function showAll(range: TimeRange): null {
  range.all();
  return null;
}

function legendOf({ name, colour, isDashed }: Line, value: HTMLElement): HTMLElement {
  const swatch = element('span', { class: `swatch ${colour}${isDashed ? ' dashed' : ''}` });
  return element('li', {}, swatch, name, ' ', value);
}

function seriesOf({ colour, as, isDashed, scale = 'y' }: Line, palette: Palette): uPlot.Series {
  const stroke = palette[colour];
  return {
    scale,
    stroke,
    width: as === 'area' || isDashed ? 1.25 : 2,
    ...(isDashed ? { dash: [6, 4] } : {}),
    ...(as === 'area' ? { fill: withAlpha(stroke, 0.16) } : {}),
    ...(as === 'line' ? {} : { paths: uPlot.paths.stepped!({ align: 1 }) }),
    points: {
      show: (_, __, from, to) => as === 'line' && to - from < FEW,
      size: 4,
    },
    spanGaps: false,
  };
}

function numberTable(
  { title, lines }: PlotFacts,
  range: TimeRange,
  times: readonly number[],
  values: Values,
): HTMLElement {
  const rows = [...times.keys()].filter((at) => {
    const ms = times[at]! * 1_000;
    return ms >= range.from && ms <= range.to && values.some((column) => column[at] != null);
  });
  const every = Math.max(1, Math.ceil(rows.length / MOST_ROWS));
  return table(
    title,
    ['Time', ...lines.map(({ name }) => `#${name}`)],
    rows
      .filter((_, index) => index % every === 0)
      .map((at) => [
        clock(times[at]! * 1_000, range.ms),
        ...lines.map((line, index) => {
          const value = values[index]?.[at];
          return value == null ? '' : line.say(value);
        }),
      ]),
  );
}
