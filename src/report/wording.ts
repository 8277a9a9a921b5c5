import { formatCount } from '../core/units.ts';

/** `1 page`, `25,000 pages`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `35.2`; from 100 on without decimals. */
export function formatRate(perSecond: number): string {
  return perSecond >= 100 ? formatCount(Math.round(perSecond)) : perSecond.toFixed(1);
}

/** The reason as it reads next to its status: `404 Not Found` need not say 404 again. */
export function reasonBeside(status: number | null, reason: string): string {
  const prefix = `${status} `;
  return reason.startsWith(prefix) ? reason.slice(prefix.length) : reason;
}
