/** `everypage verify --manifest FILE`: holds outputs and an archive against a manifest. */
import { escapeText } from '../core/escape.ts';
import { counted } from '../core/units.ts';
import { type CheckedOutput, type ManifestCheck, verifyManifest } from '../index.ts';
import { createPainter, type Painter } from '../report/paint.ts';
import { type ExitCode, exitCodeOfVerdict, exitCodeOfVerification } from './exit-code.ts';
import type { FlagValue } from './flags.ts';
import type { TypedArguments } from './typed-arguments.ts';
import { type Checked, verificationText } from './verification-text.ts';

export async function checkByManifest(
  typed: TypedArguments,
  signal: AbortSignal,
): Promise<Checked> {
  const expect = typed.value('expect');
  const check = await verifyManifest(typed.value('manifest')!, {
    files: typed.positionals,
    signal,
    ...(expect === null ? {} : { expect }),
  });
  return {
    result: check,
    exitCode: exitCodeOf(check, typed.value('strict')),
    text: (color) => manifestText(check, color),
  };
}

/** Where the archive was not checked, the verdict is what the manifest says. */
function exitCodeOf(
  { isSame, manifest, archive }: ManifestCheck,
  strict: FlagValue<'strict'>,
): ExitCode {
  if (!isSame) return 3;
  const verification = archive?.verification ?? null;
  if (verification === null) {
    return exitCodeOfVerdict(manifest.verdict, { allowIncomplete: false, strict });
  }
  return exitCodeOfVerification(verification.verdict, verification.problems.length, strict);
}

function manifestText(check: ManifestCheck, color: boolean): string {
  const { manifestPath, manifest, problem, outputs, archive } = check;
  const paint = createPainter(color);
  const name = escapeText(manifestPath);
  const lines = problem === null ? [] : [paint('red', `${name}: ${problem}`)];
  lines.push(...outputs.map((output) => outputLine(output, paint)));
  if (archive !== null) {
    const { path, verification, problem: why } = archive;
    // The root is that of the hashes; a body that is another one is found by `verify`.
    const isOther = (verification?.problems.length ?? 0) > 0;
    const isGood = why === null && !isOther;
    const tone = isGood ? 'green' : verification === null ? 'yellow' : 'red';
    const stored = isOther
      ? 'it was changed: of its pages only the hashes are'
      : `its ${counted(manifest.pages, 'page')} are`;
    const said = why ?? `${stored} those of the manifest`;
    lines.push(paint(tone, `${escapeText(path)}: ${escapeText(said)}`));
    if (verification !== null) lines.push(verificationText(verification, color));
  }
  const records = manifest.records === null ? '' : `, ${counted(manifest.records, 'record')}`;
  const written = `${escapeText(manifest.writtenAt)}: ${escapeText(manifest.verdict.name)}, ${counted(manifest.pages, 'page')}${records}`;
  return [...lines, paint('dim', `${name}, written ${written}`)].join('\n');
}

function outputLine({ destination, state, problem }: CheckedOutput, paint: Painter): string {
  const name = escapeText(destination);
  if (state === 'same') return paint('green', `${name}: as it was written`);
  const said = escapeText(problem ?? '');
  if (state === 'unknown') return paint('yellow', `${name}: not checked: ${said}`);
  return paint('red', `${name}: ${said}`);
}
