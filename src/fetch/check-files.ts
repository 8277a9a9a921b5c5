/** Files that a command writes: whether it can, and whether it may. */

import { accessSync, constants, statSync } from 'node:fs';
import { dirname, win32 } from 'node:path';
import { isDatabaseUrl, shownOutput } from '../core/database-url.ts';
import { EverypageError, usageError } from '../core/errors.ts';
import { absolutePath, fileNumber, realPlace, statOrNull, whyUnreadable } from '../core/files.ts';
import { sinkAt } from '../core/record-sink.ts';
import type { TableOptions } from '../core/table-options.ts';
import { isWrittenInPlace, outputOfTemporary, temporaryOf } from '../export/file-destination.ts';

/** Paths by what they are for. */
export type FileUses = readonly (readonly [use: string, path: string])[];

/** Each output is a file of its own. */
export function outputUses(paths: readonly string[]): FileUses {
  if (paths.length < 2) return paths.map((path) => ['the output', path]);
  return paths.map((path, index) => [`output ${index + 1}`, path]);
}

/** The file of the schema that pins types, where one is given. */
export function schemaUses({ schema }: TableOptions): FileUses {
  return schema === null || schema.path === null ? [] : [['the schema', schema.path]];
}

/** @throws EverypageError where a manifest could not be written later, or is no file that stays */
export function checkManifest(path: string | null): void {
  checkOutputFolder(path);
  if (path === null || !isWrittenInPlace(path)) return;
  throw usageError(`${path} is no regular file; a manifest is one, as in --manifest items.sha256`);
}

export function manifestUses(path: string | null): FileUses {
  return path === null ? [] : [['--manifest', path]];
}

/** Modules that are read. */
export function sinkUses(outputs: readonly string[]): FileUses {
  return outputs.flatMap((output) => {
    const sink = sinkAt(output);
    return sink === null ? [] : [['the module of a sink', sink.path] as const];
  });
}

/** What a caller of a run reads and writes besides: the run holds it against its own files. */
export interface FilesBeside {
  readonly alsoWritten?: FileUses;
  readonly alsoRead?: FileUses;
  /** Whether the caller is the whole program, as the command line is: see `loadSinks`. Default false. */
  readonly ownsThread?: boolean;
}

/**
 * A file that is written must be no other one of the command: the last to be written would be all that is
 * left. What is only read may be read for two purposes.
 *
 * @throws EverypageError USAGE, before any request is sent
 * @example checkDistinctFiles([['-o', 'a.json']], [['the list', 'urls.txt']])
 */
export function checkDistinctFiles(written: FileUses, read: FileUses): void {
  const uses = new Map<string, string>();
  const isWritten = new Set(written);
  for (const entry of [...read, ...written]) {
    const [use, path] = entry;
    const identities = identitiesOf(path);
    const other = identities.map((identity) => uses.get(identity)).find(Boolean);
    if (isWritten.has(entry) && other !== undefined && other !== use) {
      throw usageError(`${other} and ${use} are the same file, ${shownOutput(path)}; name two`);
    }
    for (const identity of identities) uses.set(identity, use);
  }
}

/**
 * What tells a file from every other: its number where it is there, since it may have two names, and its
 * place, where it may be written. Pipes and devices hold nothing that could be lost.
 */
function identitiesOf(path: string): readonly string[] {
  if (isDatabaseUrl(path)) return [path];
  let number: string | null = null;
  let place = absolutePath(path);
  try {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (found !== undefined && !found.isFile()) return [];
    if (found !== undefined) number = fileNumber(found);
    place = realPlace(path);
  } catch {
    // Nothing can be written there, which is said where that is tried.
  }
  return [...(number === null ? [] : [number]), place, outputOfTemporary(place) ?? place];
}

/** @throws EverypageError OUTPUT_FOLDER, before any request is sent, where the file could not be written later */
export function checkOutputFolder(path: string | null): void {
  if (path === null || isDatabaseUrl(path)) return;
  if (path === '') throw usageError('the path of a file is empty; is a variable unset?');
  const folder = dirname(path);
  const refused = (message: string, cause?: unknown): EverypageError =>
    new EverypageError('OUTPUT_FOLDER', message, { cause });
  const why = process.platform === 'win32' ? whyNoWindowsName(path) : null;
  if (why !== null) throw refused(`${path} cannot be written: ${why}; choose another name`);
  const look = <Found>(at: () => Found): Found => {
    try {
      return at();
    } catch (cause) {
      throw refused(`${path} cannot be written: ${whyUnreadable(cause)}; choose another`, cause);
    }
  };
  const stat = look(() => statOrNull(folder));
  if (stat === null) {
    throw refused(`the folder ${folder} does not exist; make it first: mkdir -p ${folder}`);
  }
  if (!stat.isDirectory()) {
    throw refused(`${folder} is not a folder; choose another place for ${path}`);
  }
  const found = look(() => statOrNull(path));
  if (found?.isDirectory()) throw refused(`${path} is a folder; name a file in it`);
  if (isWrittenInPlace(path)) return;
  look(() => statOrNull(temporaryOf(path)));
  // A link may lead from a folder that is not writable to one that is.
  const target = dirname(look(() => realPlace(path)));
  try {
    accessSync(target, constants.W_OK);
  } catch (cause) {
    throw refused(`the folder ${target} is not writable for you; choose another`, cause);
  }
}

/** `C:`, also where the path is given literally (`\\\\?\\C:`). */
const DRIVE = /^(?:\\\\[?.]\\)?[a-z]:/i;

/** Devices, with any ending too: what is written to `nul.json` may be gone. */
const DEVICE =
  /^(?:con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(?=\.|$)/i;

/**
 * Why Windows would write something else than a file of this name, in words; null where it writes that.
 * `NUL` alone is what a person means who writes it: what is written there is thrown away.
 *
 * @example whyNoWindowsName('items:1.json') // 'Windows allows no : in names'
 */
export function whyNoWindowsName(path: string): string | null {
  if (/^nul$/i.test(path)) return null;
  // What follows a colon would be a second content of the file.
  if (path.replace(DRIVE, '').includes(':')) return 'Windows allows no : in names';
  const name = win32.basename(path);
  const stray = /[<>"|?*\p{Cc}]/u.exec(name)?.[0];
  if (stray !== undefined) {
    return `Windows allows no ${stray < ' ' ? 'control character' : stray} in names`;
  }
  const device = DEVICE.exec(name)?.[0];
  if (device !== undefined) return `${device} is a device of Windows, with any ending`;
  return /[. ]$/.test(name) ? 'Windows takes dots and spaces away from the end of a name' : null;
}
