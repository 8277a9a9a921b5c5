import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Archive } from '../archive/archive.ts';
import { archiveOf } from '../archive/archive-location.ts';
import { ArchiveReader } from '../archive/archive-reader.ts';
import { withWritten } from '../archive/verdict.ts';
import { writeManifest } from '../archive-thread/manifest-file.ts';
import { archivePages, decodeStored } from '../archive-thread/stored-pages.ts';
import { systemClock } from '../core/clock.ts';
import { usageError } from '../core/errors.ts';
import { makeTemporaryFolder } from '../core/files.ts';
import type { RunOptions } from '../core/options.ts';
import { sinkAt, withoutSinks } from '../core/record-sink.ts';
import { outputsOf, strictOf } from '../core/resolve-options.ts';
import { isWhole, type Summary } from '../core/summary.ts';
import { tableKinds, tableOptions } from '../core/table-options.ts';
import { createBodyCheck } from '../decode/check-body.ts';
import { createKeyLister, readSelection, recordsDigest } from '../decode/decode.ts';
import { checkTable } from '../export/check-table.ts';
import { outputForm } from '../export/choose-format.ts';
import { isWholeFile } from '../export/file-destination.ts';
import {
  checkManifest,
  checkOutputFolder,
  type FilesBeside,
  manifestUses,
  outputUses,
} from '../fetch/check-files.ts';
import type { OutputSinks, ReportSink } from '../fetch/output-sinks.ts';
import { sayNotes } from '../fetch/run-archive.ts';
import type { Controlled } from '../fetch/user-controls.ts';
import type { PlanSource } from '../plan/plan.ts';
import { type ExportOptions, exportBeside } from './export-archive.ts';
import { shapeOf } from './export-shape.ts';

type ReadOnce = (
  sources: readonly PlanSource[],
  options: RunOptions & OutputSinks & FilesBeside & ReportSink & Controlled,
) => Promise<Summary>;

/** A list that changes this often cannot be read as it stood at any one time. */
const MOST_READINGS = 5;

/**
 * Reads the whole list again until two readings in a row have the same records in the same pages, by
 * their keys where they have one. The list stood so for a moment between the two, unless a record
 * went and came back: of what was there before the second page and is there no more, or the other
 * way round, one of the two readings is another. The output is written from the last.
 */
export async function proveList(
  readOnce: ReadOnce,
  sources: readonly PlanSource[],
  options: RunOptions & OutputSinks & FilesBeside & ReportSink & Controlled,
): Promise<Summary> {
  const { output, stdout, pages, format, prove, manifest, ...others } = options;
  // The readings write no table.
  const { columns, csvSafe, csvBom, csvDelimiter, nested, table, ifExists, ...shaped } = others;
  const { where, fields, schema, provenance, ...rest } = shaped;
  const paths = outputsOf(output);
  if (pages !== undefined || (paths.length === 0 && stdout === undefined && !rest.archive)) {
    throw usageError('prove reads into an archive: give an output, or an archive');
  }
  for (const path of withoutSinks(paths)) checkOutputFolder(path);
  checkManifest(manifest ?? null);
  const forms = paths.map((path) =>
    sinkAt(path) === null ? outputForm(path, format ?? null) : undefined,
  );
  checkTable(
    tableOptions(others),
    forms.filter((form) => form != null),
  );
  const alone = paths.find((_, index) => forms[index] === null);
  const beside = alone ?? withoutSinks(paths).find(isWholeFile) ?? null;
  const folder = (beside ?? rest.archive) ? null : makeTemporaryFolder('everypage');
  const archive = rest.archive ?? archiveOf(beside ?? join(folder!, 'reading'));
  // The readings write none, and are held against them all the same.
  const files = paths.filter((path) => path !== alone);
  const alsoWritten = [
    ...(rest.alsoWritten ?? []),
    ...outputUses(withoutSinks(files)),
    ...manifestUses(manifest ?? null),
  ];
  const write = (summary: Summary, path: string) =>
    written(summary, path, { ...options, output: files }, folder === null);
  try {
    let before: { readonly digest: string; readonly reasons: string } | null = null;
    for (let reading = 1; ; reading += 1) {
      const fresh = reading > 1 || rest.fresh === true;
      const one = {
        ...rest,
        alsoWritten,
        archive,
        fresh,
        keep: true,
        allowIncomplete: false,
        strict: false,
      };
      const summary = { ...(await readOnce(sources, one)), readings: reading };
      const { stop, verdict, failures, archivePath } = summary;
      if (stop !== null || archivePath === null || verdict.stored === 0) return summary;
      const { digest, pastEnd } = await recordsOf(archivePath);
      // A page may have gone because the list became shorter; other failures do not pass by that.
      const areGone = failures.every(({ status }) => pastEnd.includes(status ?? 0));
      if (!areGone) return await write(summary, archivePath);
      const now = { digest, reasons: verdict.reasons.join() };
      // A change that only the second look showed may be gone in the next reading; what every
      // reading says is so.
      const isSteady = verdict.name !== 'drifted' || now.reasons === before?.reasons;
      const agrees = now.digest === before?.digest && isSteady;
      if (!agrees && reading < MOST_READINGS) {
        before = now;
        continue;
      }
      const judged = agrees ? withAgreement(summary, archivePath) : neverAgreed(summary);
      return await write(judged, archivePath);
    }
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}

interface Records {
  /** Over the records of each page in page order; what else is said may change with the time. */
  readonly digest: string;
  readonly pastEnd: readonly number[];
}

async function recordsOf(archivePath: string): Promise<Records> {
  const archive = ArchiveReader.openReadOnly(archivePath);
  try {
    const { pagination, maxDecodedBytes } = archive.run;
    const { records = null, key = null, pastEnd = [] } = pagination ?? {};
    const selection = readSelection(records);
    const keysOf = key === null ? null : createKeyLister(key);
    const check = createBodyCheck(selection, maxDecodedBytes);
    const digest = createHash('sha256');
    for (const page of archivePages(archive)) {
      const { place, body } = decodeStored(archive, page);
      const checked = check(body, null);
      const keys = checked.ok ? (keysOf?.(body, checked.found) ?? null) : null;
      const areNamed = keys !== null && !keys.hasUnnamed;
      const bytes = checked.ok && !areNamed ? recordsDigest(body, checked.found) : null;
      // One reading may have been begun again in another branch, and still say the same.
      digest.update(JSON.stringify([place.position, bytes]));
      if (areNamed) for (const { list } of keys.parts) digest.update(list);
    }
    return { digest: digest.digest('hex'), pastEnd };
  } finally {
    archive.close();
  }
}

/** The archive keeps that two readings agree, so that it can be verified. */
function withAgreement(summary: Summary, archivePath: string): Summary {
  if (!isWhole(summary.verdict.name, null)) return summary;
  const archive = Archive.open(archivePath);
  try {
    archive.markAgreed();
    return { ...summary, verdict: archive.verdict() };
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
  options: RunOptions & OutputSinks & FilesBeside & { readonly output: readonly string[] },
  mayStay: boolean,
): Promise<Summary> {
  const { output, stdout, allowIncomplete, strict, keep, manifest } = options;
  const isGood = isWhole(summary.verdict.name, strictOf(strict));
  if (!isGood && !allowIncomplete) return summary;
  if (output.length === 0 && stdout === undefined) {
    if (manifest !== undefined) describeArchive(manifest, archivePath, summary, options);
    return summary;
  }
  const partial = !isGood;
  const isKept = keep !== false && mayStay;
  const judged = { verdict: summary.verdict, isArchiveGone: !isKept };
  const { ownsThread = false } = options;
  const exported = await exportBeside(archivePath, exportOptions(options), { ownsThread }, judged);
  sayNotes(exported.outputs, options.onEvent ?? (() => {}));
  const outputs = exported.outputs.map(({ notes: _, ...written }) => ({ ...written, partial }));
  if (!isKept) rmSync(archivePath, { force: true });
  return {
    ...summary,
    verdict: withWritten(summary.verdict, exported.records),
    archivePath: isKept ? archivePath : null,
    output: outputs[0] ?? null,
    outputs,
  };
}

/** The manifest of an archive that is all there is to be. */
function describeArchive(
  manifest: string,
  archivePath: string,
  { verdict }: Summary,
  options: RunOptions,
): void {
  const archive = ArchiveReader.openReadOnly(archivePath);
  try {
    const takes = shapeOf(archive, options);
    const writtenAt = systemClock.wallTime();
    writeManifest(manifest, archive, {
      verdict,
      takes,
      outputs: [],
      archive: archivePath,
      writtenAt,
    });
  } finally {
    archive.close();
  }
}

/** What an export takes of the options of a run. */
const EXPORTED = new Set([
  ...['output', 'stdout', 'manifest', 'format', 'select', 'wholePages'],
  ...Object.keys(tableKinds),
]);

/** A run that may be written at all writes what is there. */
function exportOptions(options: RunOptions & OutputSinks): ExportOptions {
  const given = Object.entries(options).filter(
    ([name, value]) => EXPORTED.has(name) && value !== undefined,
  );
  return { ...Object.fromEntries(given), allowIncomplete: true };
}
