/** The pauses of a run in a plot: shaded, named, and told where the pointer is. */
import type uPlot from 'uplot';
import type { ReportFacts } from '../report-data.ts';
import { PAUSE_ALPHA, type Palette, pauseColour, withAlpha } from './palette.ts';

/** Pauses behind the lines, and where times were cut out. */
export function shadePauses(made: uPlot, { pauses, time }: ReportFacts, palette: Palette): void {
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
export function namePauses(made: uPlot, { pauses }: ReportFacts, palette: Palette): void {
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
export function pauseAt({ pauses }: ReportFacts, ms: number): string {
  const pause = pauses.find(({ from, to }) => from <= ms && ms <= to);
  return pause === undefined ? '' : `Paused here: ${pause.reason}`;
}
