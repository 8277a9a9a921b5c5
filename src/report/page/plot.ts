/** A plot over time: uPlot, with pauses shaded, a legend that tells values, and a table of the same. */
import uPlot from 'uplot';
import type { ReportFacts } from '../report-data.ts';
import { details, element, table } from './dom.ts';
import { type Palette, pauseColour, readPalette } from './palette.ts';
import type { TimeRange } from './time-range.ts';
import { WhenSeen } from './when-seen.ts';
import { clock } from './words.ts';

export interface Line {
  readonly name: string;
  readonly colour: Exclude<keyof Palette, 'kinds'>;
  /** `area`: filled steps. `steps`: a value that holds until the next. `line`: points that are joined. */
  readonly as: 'area' | 'steps' | 'line';
  readonly isDashed?: boolean;
  readonly scale?: 'y' | 'right';
  readonly say: (value: number) => string;
  /** On the axis, where there is less room; `say` by default. */
  readonly tick?: (value: number) => string;
  /** Its peaks may be cut off: they would make all else small. */
  readonly mayLeave?: boolean;
  /** Seen where it is near the others; it makes none of them small. */
  readonly isAside?: boolean;
}

export interface PlotFacts {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly lines: readonly Line[];
  readonly height: number;
  /** Latencies differ by orders of magnitude. */
  readonly isLogarithmic?: boolean;
  /** Pauses are named where they are wide enough. */
  readonly namesPauses?: boolean;
}

export interface Plot {
  readonly node: HTMLElement;
  /** Seconds, and the values of each line at them. */
  show(times: readonly number[], values: readonly (readonly (number | null)[])[]): void;
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

export const AXIS_WIDTH = 62;
const NARROW_AXIS_WIDTH = 50;
const NARROW = 560;
const SYNC = 'run';
const MOST_ROWS = 400;
export const PAUSE_ALPHA = 0.2;
/** Fewer values are shown as points too, since one between two gaps would not be seen. */
const FEW = 150;

export function axisWidth(width: number): number {
  return width < NARROW ? NARROW_AXIS_WIDTH : AXIS_WIDTH;
}

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
  let shown: readonly (readonly (number | null)[])[] = lines.map(() => []);
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
          drawClear: [(made) => shade(made, report, palette)],
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

type Values = readonly (readonly (number | null)[])[];

function scaleOf({ isLogarithmic, lines }: PlotFacts, valuesNow: () => Values): uPlot.Scale {
  if (isLogarithmic) return { distr: 3, range: (_, least, most) => logRange(least, most) };
  return {
    range(made) {
      const [from, to] = made.series[0]!.idxs ?? [0, 0];
      let top = 0;
      const aside: number[] = [];
      for (const [at, { scale = 'y', mayLeave = false, isAside = false }] of lines.entries()) {
        if (scale !== 'y') continue;
        const values = (valuesNow()[at] ?? []).slice(from, to + 1);
        if (isAside) aside.push(mostOf(values));
        else top = Math.max(top, mayLeave ? usualOf(values) : mostOf(values));
      }
      const near = aside.filter((value) => value <= NEAR_PART * top);
      top = Math.max(top, ...near);
      return [0, Math.max(MARGIN * top, 1e-3)];
    },
  };
}

const MARGIN = 1.12;
/** A line aside is seen where it is at most so many times as high as the others. */
const NEAR_PART = 2;
const USUAL = 0.9;

function mostOf(values: readonly (number | null)[]): number {
  return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}

/** What nearly all of them stay below. */
function usualOf(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  return known[Math.floor(USUAL * (known.length - 1))] ?? 0;
}

const NICE = [1, 2, 5, 10];

/** From the next lower to the next higher of 1, 2 and 5 times a power of ten. */
function logRange(least: number | null, most: number | null): [number, number] {
  const low = Math.max(1e-2, least ?? 1);
  const high = Math.max(low, most ?? 1);
  const [below, above] = [10 ** Math.floor(Math.log10(low)), 10 ** Math.floor(Math.log10(high))];
  const from = NICE.findLast((nice) => nice * below <= low) ?? 1;
  const to = NICE.find((nice) => nice * above > high) ?? 10;
  return [from * below, to * above];
}

function axesOf(
  { lines, isLogarithmic }: PlotFacts,
  { muted, line }: Palette,
  width: number,
  range: TimeRange,
): uPlot.Axis[] {
  const font = '12px system-ui, sans-serif';
  const common = { stroke: muted, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const size = axisWidth(width);
  const lineOf = (scale: 'y' | 'right') => lines.find((it) => (it.scale ?? 'y') === scale);
  const values = (scale: 'y' | 'right') => (_: uPlot, splits: number[]) =>
    splits.map((value) => {
      const shownBy = lineOf(scale);
      return shownBy === undefined || value == null ? '' : (shownBy.tick ?? shownBy.say)(value);
    });
  return [
    {
      ...common,
      size: 26,
      space: width < NARROW ? 60 : 80,
      values: (_, splits) => splits.map((value) => clock(value * 1_000, range.ms)),
    },
    {
      ...common,
      scale: 'y',
      size,
      values: values('y'),
      space: 28,
      ...(isLogarithmic
        ? { splits: (_: uPlot, __: number, least: number, most: number) => powers(least, most) }
        : {}),
    },
    {
      ...common,
      scale: 'right',
      side: 1,
      size,
      grid: { show: false },
      values: values('right'),
      space: 28,
    },
  ];
}

/** Powers of ten, and 2 and 5 times them where there are few. */
function powers(least: number, most: number): number[] {
  const isShort = most / least <= 100;
  const splits: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(least)); power <= most; power *= 10) {
    for (const nice of isShort ? [1, 2, 5] : [1]) {
      const at = nice * power;
      if (at >= least * 0.999 && at <= most * 1.001) splits.push(at);
    }
  }
  return splits;
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

/** @param css `rgb(0, 114, 178)` */
function withAlpha(css: string, alpha: number): string {
  return `${css.slice(0, -1)}, ${alpha})`;
}

/** Pauses behind the lines, and where times were cut out. */
function shade(made: uPlot, { pauses, time }: ReportFacts, palette: Palette): void {
  const { ctx, bbox } = made;
  const x = (ms: number): number => made.valToPos(ms / 1_000, 'x', true);
  const [left, right] = [bbox.left, bbox.left + bbox.width];
  ctx.save();
  for (const { from, to, cause } of pauses) {
    const begin = Math.max(left, x(from));
    const end = Math.min(right, Math.max(x(to), begin + 1));
    if (end <= left || begin >= right) continue;
    ctx.fillStyle = withAlpha(pauseColour(cause, palette), PAUSE_ALPHA);
    ctx.fillRect(begin, bbox.top, end - begin, bbox.height);
  }
  ctx.strokeStyle = palette.muted;
  ctx.setLineDash([2, 4]);
  for (const { at } of time.cuts) {
    const place = x(at);
    if (place < left || place > right) continue;
    ctx.beginPath();
    ctx.moveTo(place, bbox.top);
    ctx.lineTo(place, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

const LABEL_LEAST = 60;
const LABEL_ROOM = 8;

/** The reasons of pauses, as far as there is room for their words. */
function namePauses(made: uPlot, { pauses }: ReportFacts, palette: Palette): void {
  const { ctx, bbox } = made;
  const ratio = devicePixelRatio || 1;
  ctx.save();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.fillStyle = palette.text;
  ctx.textBaseline = 'top';
  for (const { from, to, reason } of pauses) {
    const begin = Math.max(bbox.left, made.valToPos(from / 1_000, 'x', true));
    const end = Math.min(bbox.left + bbox.width, made.valToPos(to / 1_000, 'x', true));
    const room = end - begin - LABEL_ROOM * ratio;
    if (room < LABEL_LEAST * ratio) continue;
    const x = begin + (LABEL_ROOM / 2) * ratio;
    ctx.fillText(fitted(ctx, reason, room), x, bbox.top + LABEL_ROOM * ratio);
  }
  ctx.restore();
}

function fitted(ctx: CanvasRenderingContext2D, text: string, room: number): string {
  if (ctx.measureText(text).width <= room) return text;
  let length = Math.min(text.length, 80);
  while (length > 1 && ctx.measureText(`${text.slice(0, length)}…`).width > room) length -= 1;
  return `${text.slice(0, length)}…`;
}

/** Why nothing was sent at a time; empty where it was. */
function pauseAt({ pauses }: ReportFacts, ms: number): string {
  const pause = pauses.find(({ from, to }) => from <= ms && ms <= to);
  return pause === undefined ? '' : `Paused here: ${pause.reason}`;
}

function numberTable(
  { title, lines }: PlotFacts,
  range: TimeRange,
  times: readonly number[],
  values: readonly (readonly (number | null)[])[],
): HTMLElement {
  const rows = [...times.keys()].filter((at) => {
    const ms = times[at]! * 1_000;
    return ms >= range.from && ms <= range.to && values.some((column) => column[at] != null);
  });
  const every = Math.max(1, Math.ceil(rows.length / MOST_ROWS));
  return table(
    title,
    [{ name: 'Time' }, ...lines.map(({ name }) => ({ name, isNumber: true }))],
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
