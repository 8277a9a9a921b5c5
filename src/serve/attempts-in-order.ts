/** Each time that a page is asked for, its next try: first those that failed, in the end the answer. */
import type { Place } from '../core/page-request.ts';
import type { RecordedAttempt, Recording } from './serve.ts';

/** A client asks a page for a few times; what it asked longest ago is forgotten first. */
const MOST_REMEMBERED = 100_000;

export type NextAttempt = RecordedAttempt & {
  /** The one that brought what is stored. */
  readonly isLast: boolean;
};

export function createAttempts(
  recording: Pick<Recording, 'attempts'>,
): (place: Place) => NextAttempt | null {
  const made = new Map<string, number>();
  return (place) => {
    const name = `${place.branch}/${place.position}`;
    const attempts = recording.attempts(place);
    if (attempts.length === 0) return null;
    const before = made.get(name) ?? 0;
    made.delete(name);
    made.set(name, before + 1);
    if (made.size > MOST_REMEMBERED) made.delete(made.keys().next().value!);
    const last = attempts.length - 1;
    const at = Math.min(before, last);
    return { ...attempts[at]!, isLast: at === last };
  };
}
