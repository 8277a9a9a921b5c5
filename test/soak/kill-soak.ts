/** Cases of the soak one after another, each by the next seed, until enough kills have hit. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type References, runKillCase } from './kill-case.ts';
import { killPlan, type Moment } from './kill-plan.ts';

export interface SoakOptions {
  /** Of the first case; each case takes the next. */
  readonly seed: number;
  /** Stops after the case in which so many have hit. */
  readonly kills: number;
  /** Begins no case after so long. */
  readonly maxMs: number;
  /** Cases side by side. */
  readonly lanes: number;
  /** A folder of its own; that of a case which fails stays. */
  readonly folder: string;
  readonly onCase?: (cases: number, kills: number) => void;
}

export interface SoakResult {
  readonly cases: number;
  readonly kills: number;
  readonly killsAfter: Readonly<Record<Moment['after'], number>>;
  /** Killed when the output stood already under its name. */
  readonly late: number;
  /** Seeds of the cases that failed, and why; the soak ends with the first. */
  readonly failures: readonly { readonly seed: number; readonly reason: string }[];
}

export async function killSoak(options: SoakOptions): Promise<SoakResult> {
  const references: References = new Map();
  const killsAfter = { start: 0, request: 0, exporting: 0, file: 0 };
  const failures: SoakResult['failures'][number][] = [];
  const endsAt = performance.now() + options.maxMs;
  const goesOn = (): boolean =>
    kills < options.kills && failures.length === 0 && performance.now() < endsAt;
  let nextSeed = options.seed;
  let [cases, kills, late] = [0, 0, 0];
  const lane = async (): Promise<void> => {
    while (goesOn()) {
      const seed = nextSeed;
      nextSeed += 1;
      const folder = join(options.folder, String(seed));
      mkdirSync(folder, { recursive: true });
      try {
        const result = await runKillCase(killPlan(seed), folder, references);
        cases += 1;
        kills += result.kills.length;
        late += result.late;
        for (const after of result.kills) killsAfter[after] += 1;
        rmSync(folder, { recursive: true });
        options.onCase?.(cases, kills);
      } catch (error) {
        failures.push({ seed, reason: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, lane));
  return { cases, kills, killsAfter, late, failures };
}
