/** What stands below and beside the bars of a waterfall: times, and the numbers of lanes. */
import type { Palette } from './palette.ts';
import type { TimeRange } from './time-range.ts';
import type { WaterfallLayout } from './waterfall-layout.ts';
import { clock } from './words.ts';

export function drawAxis(
  context: CanvasRenderingContext2D,
  layout: WaterfallLayout,
  range: TimeRange,
  palette: Palette,
): void {
  const { left, width, laneHeight, lanes, firstLane, shownLanes, barsHeight: top } = layout;
  const { from, to, ms } = range;
  context.font = '12px system-ui, sans-serif';
  context.fillStyle = palette.muted;
  context.strokeStyle = palette.line;
  context.lineWidth = 1;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  const step = niceTime(ms / Math.max(2, width / 90));
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const x = Math.round(layout.x(at)) + 0.5;
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, top + 4);
    context.stroke();
    context.fillText(clock(at, ms), x, top + 8);
  }
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  context.fillText(String(firstLane + 1), left - 8, laneHeight / 2);
  if (lanes > 1) context.fillText(String(firstLane + shownLanes), left - 8, top - laneHeight / 2);
  context.textAlign = 'left';
  context.beginPath();
  context.moveTo(left, top + 0.5);
  context.lineTo(left + width, top + 0.5);
  context.stroke();
}

function niceTime(least: number): number {
  const nice = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5];
  const long = [6e5, 9e5, 18e5, 36e5, 72e5, 216e5, 432e5, 864e5];
  return [...nice, ...long].find((ms) => ms >= least) ?? Math.ceil(least / 864e5) * 864e5;
}
