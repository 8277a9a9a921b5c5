/** Checks so many texts of a target, and says how to see again the one that failed. */
import { withoutHanging } from '../without-hanging.ts';
import { mutator } from './mutate.ts';
import type { Target } from './targets.ts';

/** @throws Error with the text and how to play it again */
export function fuzz(name: string, target: Target, cases: number, seed: number): void {
  const next = mutator(target, seed);
  for (let n = 0; n < cases; n += 1) {
    const text = next();
    try {
      withoutHanging(
        () => target.check(text, n),
        () => 'one text',
      );
    } catch (error) {
      throw new Error(
        `${name}, case ${n} of seed ${seed}: ${JSON.stringify(text)}: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }
}
