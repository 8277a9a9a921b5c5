/** When the headers of a refusal say that a limit was met, and until when. */
import type { Hint, Limit, WaitSource } from '../../core/hint.ts';

export interface RefusalWait {
  /** Null where the server named no time. */
  readonly waitMs: number | null;
  readonly waitFrom: WaitSource | null;
}

/** A window that has no stated end is waited out whole where it is as short as this (HubSpot's 10 s). */
const SHORT_WINDOW_MS = 10_000;

export function isExhausted({ limits }: Hint): boolean {
  return limits.some(({ remaining }) => remaining === 0);
}

/** Whether a status that can mean something else means a limit: a wait is named, or nothing is left. */
export function isRefusal(hint: Hint): boolean {
  return hint.waitMs !== null || isExhausted(hint);
}

export function refusalWait(hint: Hint): RefusalWait {
  if (hint.waitMs !== null) return { waitMs: hint.waitMs, waitFrom: 'retry-after' };
  const resetMs = latestReset(spent(hint.limits));
  return resetMs > 0 ? { waitMs: resetMs, waitFrom: 'reset' } : { waitMs: null, waitFrom: null };
}

/** The limits that may be the one that was met: those with nothing left, or those that never say. */
function spent(limits: readonly Limit[]): readonly Limit[] {
  const counted = limits.filter(({ remaining }) => remaining !== null);
  // Something is left of each: it was another limit, and its end is not known.
  return counted.length === 0 ? limits : counted.filter(({ remaining }) => remaining === 0);
}

function latestReset(limits: readonly Limit[]): number {
  let latestMs = 0;
  for (const { resetMs, windowMs } of limits) {
    const isShort = windowMs !== null && windowMs <= SHORT_WINDOW_MS;
    latestMs = Math.max(latestMs, resetMs ?? (isShort ? windowMs : 0));
  }
  return latestMs;
}
