/** The end of a session: the verdict, the outputs in their places, the manifest, and the archive's final name. */
import type { Archive } from '../archive/archive.ts';
import { withWritten } from '../archive/verdict.ts';
import { isWhole, type Verdict, type VerdictName } from '../core/summary.ts';
import { writeManifest } from './manifest-file.ts';
import type { Finished, FinishedOutput, OpenRequest } from './messages.ts';
import { settleArchive } from './open-archive.ts';
import type { SettledOutput } from './outputs.ts';
import type { RunExport } from './run-export.ts';

export interface SessionEnd {
  readonly ask: OpenRequest;
  readonly archive: Archive;
  readonly exported: RunExport;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly withhold: <Value>(value: Value) => Value;
}

const SHOWN_FAILURES = 20;

/**
 * Ends the outputs and the archive by what is stored. Who is killed on the way runs the same command again: until the
 * archive has its final name, only the output is missing.
 *
 * @param stopped the run ended before its plan was done
 * @param report what a report shows once the verdict is known; made before the archive goes
 */
export async function finishSession(
  end: SessionEnd,
  stopped: boolean,
  report: (verdict: Verdict) => Uint8Array | null,
): Promise<Omit<Finished, 'echo'>> {
  const { ask, archive, exported, now } = end;
  const { allowIncomplete, strict } = ask;
  // After this a run that goes on has only the output to write.
  const seal = (name: VerdictName): void => archive.seal(name, now(), !ask.keep);
  const selected = stopped ? null : await exported.countSelected();
  const counted = archive.verdict({ written: selected });
  const failures = archive.failures(SHOWN_FAILURES);
  const isWanted = isWhole(counted.name, strict) || (allowIncomplete && !stopped);
  if (isWhole(counted.name, strict)) seal(counted.name);
  const taken = await exported.finish(isWanted);
  const verdict = taken === null ? counted : withWritten(counted, taken);
  const isComplete = isWhole(verdict.name, strict);
  if (verdict.name !== counted.name) seal(verdict.name);
  const isGood = isWanted && (isComplete || allowIncomplete);
  const settled = await exported.settle(isGood);
  if (isGood && !exported.isAbandoned) describeOutputs(end, verdict, settled);
  const isDone = isComplete && exported.isTaken;
  const reported = report(verdict);
  if (isDone) archive.markExported(now());
  const isEmpty = verdict.stored === 0 && verdict.failed === 0 && !isComplete;
  const archivePath = settleArchive(archive, ask, isDone, isEmpty);
  const outputs = outputsOf(exported, settled);
  return {
    ...{ verdict, failures, outputs, archivePath },
    isAbandoned: exported.isAbandoned,
    report: reported,
  };
}

/** Before the archive gets its name: who is killed until then writes both again. */
function describeOutputs(
  { ask, archive, exported, now, withhold }: SessionEnd,
  verdict: Verdict,
  settled: readonly SettledOutput[],
): void {
  const { manifest, location, keep, strict } = ask;
  if (manifest === null || exported.output === null) return;
  const name = isWhole(verdict.name, strict) ? 'complete' : 'part';
  writeManifest(manifest, archive, {
    verdict,
    takes: exported.output,
    outputs: settled.map(({ described }) => described),
    archive: location !== null && keep ? location[name] : null,
    writtenAt: now(),
    withhold,
  });
}

function outputsOf(
  { sent }: RunExport,
  settled: readonly SettledOutput[],
): readonly FinishedOutput[] {
  if (sent === null) return settled.map(({ finished }) => finished);
  return [{ destination: 'stdout', ...sent, leftOut: 0, notes: [] }];
}
