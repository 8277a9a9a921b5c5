/** Checks so many texts of a target, and says how to see again the one that failed. */
import { mutator } from './mutate.ts';
import type { Target } from './targets.ts';

/** Of a wall's clock a machine with much else to do takes some; of an algorithm that is no second. */
const HANG_MS = 1000;

/** @throws Error with the text and how to play it again */
export function fuzz(name: string, target: Target, cases: number, seed: number): void {
  const next = mutator(target, seed);
  for (let n = 0; n < cases; n += 1) {
    const text = next();
    const startedAt = performance.now();
    try {
      target.check(text, n);
    } catch (error) {
      throw new Error(
        `${name}, case ${n} of seed ${seed}: ${JSON.stringify(text)}: ${(error as Error).message}`,
        { cause: error },
      );
    }
    if (performance.now() - startedAt > HANG_MS) {
      const again = process.threadCpuUsage();
      target.check(text, n);
      const { user, system } = process.threadCpuUsage(again);
      if (user + system > HANG_MS * 1000) {
        throw new Error(`${name}, case ${n} of seed ${seed}: a second for ${JSON.stringify(text)}`);
      }
    }
  }
}
