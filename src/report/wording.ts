import { isWhole, type Verdict } from '../core/summary.ts';
import { formatCount } from '../core/units.ts';

export { counted } from '../core/units.ts';

/** `35.2`; from 100 on without decimals. */
export function formatRate(perSecond: number): string {
  return perSecond >= 100 ? formatCount(Math.round(perSecond)) : perSecond.toFixed(1);
}

/** The reason as it reads next to its status: `404 Not Found` need not say 404 again. */
export function reasonBeside(status: number | null, reason: string): string {
  const prefix = `${status} `;
  return reason.startsWith(prefix) ? reason.slice(prefix.length) : reason;
}

/** What to say of records that were written though the verdict is not a good one. */
export function reservation({ name, planned, stored }: Verdict): string {
  if (isWhole(name, false)) return '';
  if (name === 'drifted') return ', though the list changed while it was read';
  if (name === 'capped') return ', as far as the server gives them';
  const arePagesMissing = planned === null || stored < planned;
  return arePagesMissing ? ', without the pages that are missing' : ', though it may not be all';
}
