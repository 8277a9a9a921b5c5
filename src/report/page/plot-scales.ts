/** The scales and axes of a plot: from where to where its values go, and what is written beside them. */
import type uPlot from 'uplot';
import type { Palette } from './palette.ts';
import type { PlotFacts } from './plot-facts.ts';
import type { TimeRange } from './time-range.ts';
import { clock } from './words.ts';

const AXIS_WIDTH = 62;
const NARROW_AXIS_WIDTH = 50;
const NARROW = 560;

export function axisWidth(width: number): number {
  return width < NARROW ? NARROW_AXIS_WIDTH : AXIS_WIDTH;
}

/** The values of each line at each time. */
export type Values = readonly (readonly (number | null)[])[];

export function scaleOf({ isLogarithmic, lines }: PlotFacts, valuesNow: () => Values): uPlot.Scale {
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

/** A value that nearly all stay below. */
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

export function axesOf(
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
