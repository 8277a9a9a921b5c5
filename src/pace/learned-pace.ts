import type { LearnedPace } from './pace.ts';

/** What an archive kept, or null where it is none that can be used: it only spares some learning. */
export function readLearnedPace(kept: unknown): LearnedPace | null {
  if (typeof kept !== 'object' || kept === null) return null;
  const fields = kept as Readonly<Record<keyof LearnedPace, unknown>>;
  const { version, lowPerSecond, highPerSecond, burst, windowMs, concurrency } = fields;
  if (version !== 1) return null;
  if (!isRate(lowPerSecond) || !isRate(highPerSecond) || !isRate(windowMs)) return null;
  if (!(burst === 0 || isPositive(burst)) || !isPositive(concurrency)) return null;
  return { version, lowPerSecond, highPerSecond, burst, windowMs, concurrency };
}

function isRate(value: unknown): value is number | null {
  return value === null || isPositive(value);
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
