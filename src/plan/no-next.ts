/** What some servers write where no page follows: it looks like a cursor, and seldom is one. */
import type { NextStep } from '../core/page-info.ts';

/**
 * `sure`: after a page that named its next one in another way it means that nothing follows. `maybe`: a
 * 0 may also be where a list begins, or a number that counts down.
 */
export type NoNext = 'sure' | 'maybe';

/** Null where a next step is one. */
export function readNoNext(next: NextStep | null): NoNext | null {
  if (next?.kind !== 'cursor') return null;
  const text = next.value.trim();
  if (isWordForNothing(text) || text === '-1') return 'sure';
  return text === '0' ? 'maybe' : null;
}

/** `null`, `None`, `nil` or `undefined` as text, as languages print it. */
export function isWordForNothing(text: string): boolean {
  return /^(?:null|none|nil|undefined)$/i.test(text);
}
