/** Words that several texts of this folder share. */
import { escapeText } from '../core/escape.ts';
import { isWhole, type PaceFacts, type Verdict, type WrittenOutput } from '../core/summary.ts';
import { counted, formatCount, formatDuration } from '../core/units.ts';

/** `35.2`; from 100 on without decimals. */
export function formatRate(perSecond: number): string {
  return perSecond >= 100 ? formatCount(Math.round(perSecond)) : perSecond.toFixed(1);
}

/** The reason without its status, to print beside it: `404 Not Found` would say 404 twice. */
export function reasonBeside(status: number | null, reason: string): string {
  const prefix = `${status} `;
  return reason.startsWith(prefix) ? reason.slice(prefix.length) : reason;
}

/** What to add about records that were written although the verdict is not complete. */
export function reservation({ name, planned, stored }: Verdict): string {
  if (isWhole(name, null)) return '';
  if (name === 'drifted') return ', though the list changed while it was read';
  if (name === 'capped') return ', as many as the server returns';
  const arePagesMissing = planned === null || stored < planned;
  return arePagesMissing ? ', without the missing pages' : ', though it may be incomplete';
}

/**
 * In one line, what set the pace; null if there was no request.
 *
 * @param hasPaused the server asked for a pause, so that a limit was reached although no rate was found
 */
export function paceWords(pace: readonly PaceFacts[], hasPaused: boolean): string | null {
  const [busiest, ...others] = pace;
  if (busiest === undefined) return null;
  const where = others.length === 0 ? '' : ` for ${escapeText(busiest.limiter)}`;
  const more = others.length === 0 ? '' : `; and for ${counted(others.length, 'other origin')}`;
  return `pace${where}: ${setBy(busiest, hasPaused)}${more}`;
}

function setBy({ by, perSecond, concurrency, windowMs }: PaceFacts, hasPaused: boolean): string {
  const atOnce = `${counted(concurrency, 'request')} at once`;
  const rate = perSecond === null ? atOnce : rateWords(perSecond);
  const window = windowMs === null ? '' : `, in windows of ${formatDuration(windowMs)}`;
  switch (by) {
    case 'user':
      return `${rate}, set by you`;
    case 'headers':
      return `${rate}${window}, set by the server's headers`;
    case 'refusals':
      return `${rate}${window}, found from the server's refusals`;
    case 'latency':
      return `${atOnce}, found by latency: more did not raise throughput`;
    case 'none':
      return `up to ${atOnce}, ${hasPaused ? 'between the pauses' : 'no limit was reached'}`;
  }
}

/** `50.0 requests/s`, `12.0 requests/min`: a number that can be read. */
function rateWords(perSecond: number): string {
  if (perSecond >= 1) return `${formatRate(perSecond)} requests/s`;
  if (perSecond >= 1 / 60) return `${formatRate(perSecond * 60)} requests/min`;
  return `${formatRate(perSecond * 3600)} requests/h`;
}

/** What an output holds: its records, or the pages that were taken whole; and what it does not hold. */
export function writtenText(
  { records: count, leftOut }: Pick<WrittenOutput, 'records' | 'leftOut'>,
  { records }: Verdict,
): string {
  const written = counted(count, records?.output === 'pages' ? 'page' : 'record');
  return `${written}${leftOutText(leftOut)}`;
}

/** What `--where` left out, to stand behind what was written. */
export function leftOutText(leftOut: number): string {
  return leftOut === 0 ? '' : ` (${formatCount(leftOut)} left out by --where)`;
}
