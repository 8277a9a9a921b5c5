import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Archive } from './archive/archive.ts';
import { EverypageError } from './core/errors.ts';
import type { RunOptions } from './core/options.ts';
import { isWhole, type Summary } from './core/summary.ts';
import { createBodyCheck } from './decode/check-body.ts';
import { loadSelection, recordsDigest } from './decode/decode.ts';
import { exportArchive } from './export-archive.ts';
import { archivePages } from './pipeline/archive-pages.ts';
import { decodeStored } from './pipeline/decode-stored.ts';
import type { PlanSource } from './plan/plan.ts';
import type { Receivers } from './receivers.ts';

type ReadOnce = (
  sources: readonly PlanSource[],
  options: RunOptions & Receivers,
) => Promise<Summary>;

/** A list that changes this often cannot be read as it stood at any one time. */
const MOST_READINGS = 5;

/**
 * Reads the whole list again until two readings in a row have the same records in the same pages: a
 * change during one of them, also one that leaves the total as it was, makes them differ. The output
 * is written from the last.
 */
export async function readUntilAgreed(
  readOnce: ReadOnce,
  sources: readonly PlanSource[],
  options: RunOptions & Receivers,
): Promise<Summary> {
  const { output, stdout, pages, format, repair, ...rest } = options;
  if (pages !== undefined || (output === undefined && stdout === undefined && !rest.archive)) {
    throw new EverypageError(
      'USAGE',
      'repair reads into an archive: give an output, or an archive',
    );
  }
  const folder = (output ?? rest.archive) ? null : mkdtempSync(join(tmpdir(), 'everypage-'));
  const archive = rest.archive ?? `${output ?? join(folder!, 'reading')}.everypage`;
  try {
    let before: string | null = null;
    for (let reading = 1; ; reading += 1) {
      const fresh = reading > 1 || rest.fresh === true;
      const one = { ...rest, archive, fresh, keep: true, allowIncomplete: false };
      const summary = { ...(await readOnce(sources, one)), readings: reading };
      const { stop, verdict, archivePath } = summary;
      const isMissing = verdict.failed > 0 || verdict.stored === 0;
      if (stop !== null || archivePath === null || isMissing) return summary;
      const now = await digestOf(archivePath);
      const agrees = now === before;
      if (!agrees && reading < MOST_READINGS) {
        before = now;
        continue;
      }
      if (!agrees) return neverAgreed(summary);
      return await written(summary, archivePath, options);
    }
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}

/** Over the records of each page in page order; what else a page says may change with the time. */
async function digestOf(archivePath: string): Promise<string> {
  const archive = Archive.openReadOnly(archivePath);
  try {
    const maxDecodedBytes = 256 * 1024 * 1024;
    const selection = await loadSelection(archive.pagination?.records ?? null);
    const check = createBodyCheck(selection, maxDecodedBytes);
    const digest = createHash('sha256');
    for (const page of archivePages(archive)) {
      const { place, body } = decodeStored(page, maxDecodedBytes);
      const checked = check(body, null);
      const records = checked.ok ? recordsDigest(body, checked.found) : null;
      digest.update(`${place.branch} ${place.position} ${records}\n`);
    }
    return digest.digest('hex');
  } finally {
    archive.close();
  }
}

function neverAgreed(summary: Summary): Summary {
  const reason = `${MOST_READINGS} readings in a row were all different: the list changes faster than it can be read`;
  const { verdict } = summary;
  return {
    ...summary,
    verdict: { ...verdict, name: 'drifted', reasons: [...verdict.reasons, reason] },
  };
}

async function written(
  summary: Summary,
  archivePath: string,
  {
    output,
    stdout,
    format,
    select,
    wholePages,
    allowIncomplete,
    strict,
    keep,
  }: RunOptions & Receivers,
): Promise<Summary> {
  const isGood = isWhole(summary.verdict.name, strict === true);
  if (!isGood && !allowIncomplete) return summary;
  if (output === undefined && stdout === undefined) return summary;
  const { destination, records, bytes } = await exportArchive(archivePath, {
    ...(output === undefined ? { stdout: stdout! } : { output }),
    ...(format === undefined ? {} : { format }),
    ...(select === undefined ? {} : { select }),
    wholePages: wholePages === true,
    allowIncomplete: true,
  });
  const isKept = keep !== false && output !== undefined;
  if (!isKept) rmSync(archivePath, { force: true });
  return {
    ...summary,
    archivePath: isKept ? archivePath : null,
    output: { destination, records, bytes, partial: !isGood },
  };
}
