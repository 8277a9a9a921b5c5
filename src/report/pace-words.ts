import { escapeText } from '../core/escape.ts';
import type { PaceFacts } from '../core/summary.ts';
import { counted, formatDuration } from '../core/units.ts';
import { formatRate } from './wording.ts';

/** In one line, what held the pace; null where nothing was asked for. */
export function paceWords(pace: readonly PaceFacts[]): string | null {
  const [busiest, ...others] = pace;
  if (busiest === undefined) return null;
  const where = others.length === 0 ? '' : ` for ${escapeText(busiest.limiter)}`;
  const more = others.length === 0 ? '' : `; and for ${counted(others.length, 'other origin')}`;
  return `pace${where}: ${setBy(busiest)}${more}`;
}

function setBy({ by, perSecond, concurrency, windowMs }: PaceFacts): string {
  const atOnce = `${counted(concurrency, 'request')} at once`;
  const rate = perSecond === null ? atOnce : rateWords(perSecond);
  const window = windowMs === null ? '' : `, in windows of ${formatDuration(windowMs)}`;
  switch (by) {
    case 'user':
      return `${rate}, set by you`;
    case 'headers':
      return `${rate}${window}, set by the server's headers`;
    case 'refusals':
      return `${rate}${window}, found by its refusals`;
    case 'latency':
      return `${atOnce}, found by latency: more brought no more pages`;
    case 'none':
      return `up to ${atOnce}, and no limit was met`;
  }
}

/** `50.0 requests/s`, `12.0 requests/min`: a number that can be read. */
export function rateWords(perSecond: number): string {
  if (perSecond >= 1) return `${formatRate(perSecond)} requests/s`;
  if (perSecond >= 1 / 60) return `${formatRate(perSecond * 60)} requests/min`;
  return `${formatRate(perSecond * 3600)} requests/h`;
}
