/**
 * The archives in the state folder: those of runs that had no file to stand beside. A run removes its own
 * when its output was written; what is here was stopped, or nobody came back for it.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EverypageError } from '../core/errors.ts';
import { statOrNull } from '../core/files.ts';
import { isWhole } from '../core/summary.ts';
import { archiveError } from './archive-faults.ts';
import { discardArchive, filesOfArchive } from './archive-location.ts';
import { ArchiveReader } from './archive-reader.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Every page was stored, but the output was not taken whole: the same command may still want it. */
const KEPT_COMPLETE_MS = DAY_MS;
const KEPT_UNFINISHED_MS = 30 * DAY_MS;

export interface KeptArchive {
  readonly path: string;
  /** `unreadable`: damaged, or made by another version. */
  readonly state: 'unfinished' | 'complete' | 'in use' | 'unreadable';
  /** What was asked for, without credentials; empty if that cannot be read. */
  readonly sources: readonly string[];
  /** Pages; null if that cannot be read. */
  readonly stored: number | null;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

/** What stands in the folder, the last changed first; nothing where there is no folder. */
export function listArchives(folder: string): KeptArchive[] {
  return pathsIn(folder)
    .map((path) => ({ path, ...sizeOf(path), ...contentOf(path) }))
    .toSorted((a, b) => b.changedAt - a.changedAt);
}

/** Removes an archive with what lies beside it. False where a run is working in it. */
export function removeArchive(path: string): boolean {
  try {
    discardArchive(path);
    return true;
  } catch (error) {
    if (error instanceof EverypageError && error.code === 'ARCHIVE_LOCKED') return false;
    throw error;
  }
}

/**
 * Removes archives that have not changed for 30 days, and complete ones after a day; never one that is in
 * use. What cannot be removed is left to the next time.
 *
 * @param now milliseconds since 1970
 * @param own the archive of the run that is about to begin
 */
export function tidyStateFolder(folder: string, now: number, own: string): void {
  for (const path of pathsIn(folder)) {
    if (path === own) continue;
    const ageMs = now - sizeOf(path).changedAt;
    if (ageMs < KEPT_COMPLETE_MS) continue;
    if (ageMs < KEPT_UNFINISHED_MS && contentOf(path).state !== 'complete') continue;
    try {
      removeArchive(path);
    } catch {
      // An archive that cannot be removed is no concern of this run.
    }
  }
}

function pathsIn(folder: string): string[] {
  if (statOrNull(folder) === null) return [];
  try {
    const names = readdirSync(folder).filter((name) => /\.everypage(?:\.part)?$/.test(name));
    return names.map((name) => join(folder, name));
  } catch (error) {
    throw archiveError(error, folder);
  }
}

function sizeOf(path: string): Pick<KeptArchive, 'bytes' | 'changedAt'> {
  const found = [...new Set(filesOfArchive(path))].map((file) => statOrNull(file));
  return {
    bytes: found.reduce((sum, file) => sum + (file?.size ?? 0), 0),
    changedAt: Math.max(...found.map((file) => file?.mtimeMs ?? 0)),
  };
}

function contentOf(path: string): Pick<KeptArchive, 'state' | 'sources' | 'stored'> {
  try {
    const archive = ArchiveReader.openReadOnly(path);
    try {
      const { verdict, specification } = archive.run;
      const isComplete = verdict !== null && isWhole(verdict, null);
      return {
        state: isComplete ? 'complete' : 'unfinished',
        sources: specification.sources,
        stored: archive.counts().stored,
      };
    } finally {
      archive.close();
    }
  } catch (error) {
    if (!(error instanceof EverypageError)) throw error;
    const state = error.code === 'ARCHIVE_LOCKED' ? 'in use' : 'unreadable';
    return { state, sources: [], stored: null };
  }
}
