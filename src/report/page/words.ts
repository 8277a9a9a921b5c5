/** Times and numbers as the page shows them. */
import { formatCount, formatDuration } from '../../core/units.ts';
import type { TimeFacts } from '../report-data.ts';

/** `12.5 s`, `3:05`, `1:02:03`: time since the run began, as fine as a range of `rangeMs` needs it. */
export function clock(ms: number, rangeMs: number): string {
  const digits = rangeMs < 100 ? 3 : rangeMs < 1_000 ? 2 : rangeMs < 20_000 ? 1 : 0;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds.toFixed(digits)} s`;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const rest =
    digits === 0
      ? two(Math.floor(seconds) % 60)
      : (seconds % 60).toFixed(digits).padStart(3 + digits, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}

/** The moment of a time of the report, as this computer's clock shows it. */
export function moment(ms: number, { startedAt, cuts }: TimeFacts): string {
  const cutMs = cuts.reduce((sum, cut) => (cut.at < ms ? sum + cut.ms : sum), 0);
  return new Date(startedAt + ms + cutMs).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'medium',
  });
}

/** Three digits that count: `1,234`, `12.3`, `0.123`. */
export function amount(value: number): string {
  if (value === 0) return '0';
  if (value >= 100) return formatCount(value);
  return String(Number(value.toPrecision(3)));
}

export function latency(ms: number): string {
  return ms < 1_000 ? `${amount(ms)} ms` : formatDuration(ms);
}

export function share(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %';
  const percent = (100 * part) / whole;
  return percent < 0.1 ? '< 0.1 %' : `${percent.toFixed(1)} %`;
}
