/** Holds outputs and an archive against the manifest that was written with them. */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { isArchiveFile } from '../archive/archive-file.ts';
import { ArchiveReader } from '../archive/archive-reader.ts';
import { type ReadManifest, readManifest, sumLines } from '../archive-thread/manifest-file.ts';
import {
  abortSignal,
  checkOptions,
  checkPath,
  number,
  type OptionKinds,
} from '../core/check-options.ts';
import { usageError } from '../core/errors.ts';
import { absolutePath, statOrNull, whyUnreadable } from '../core/files.ts';
import type { Manifest, ManifestOutput } from '../core/manifest.ts';
import { counted } from '../core/units.ts';
import { type Verification, type VerifyOptions, verifyArchive } from './verify-archive.ts';

/** The result for one output. */
export interface CheckedOutput {
  /** As the manifest or the caller names it. */
  readonly destination: string;
  /** `missing`: it is not there, or cannot be read. `unknown`: it could not be checked, and `problem` says why. */
  readonly state: 'same' | 'changed' | 'missing' | 'unknown';
  /** A sentence without a full stop; null where it is the same. */
  readonly problem: string | null;
}

export interface CheckedArchive {
  readonly path: string;
  /** Null where it is not there. */
  readonly verification: Verification | null;
  /** Why it is not the archive of the manifest, or was not checked; null where it is. */
  readonly problem: string | null;
}

export interface ManifestCheck {
  readonly manifestPath: string;
  readonly manifest: Manifest;
  /** Whether all that was looked at is as the manifest says. */
  readonly isSame: boolean;
  /** What is wrong with the manifest itself; null where nothing is. */
  readonly problem: string | null;
  readonly outputs: readonly CheckedOutput[];
  /** Null where it names none and none was given. */
  readonly archive: CheckedArchive | null;
}

export interface VerifyManifestOptions extends VerifyOptions {
  /**
   * Outputs, wherever they are now, and an archive, to be checked instead of what the manifest names.
   * Default: everything that it names; only an archive may be missing then.
   */
  readonly files?: readonly string[];
}

const kinds: OptionKinds<Required<VerifyManifestOptions>> = {
  files: {
    what: 'an array of strings',
    fits: (value) => Array.isArray(value) && value.every((file) => typeof file === 'string'),
  },
  signal: abortSignal,
  expect: number,
};

/**
 * Checks outputs by their SHA-256, and an archive by the Merkle root over its pages, after `verifyArchive`
 * has compared each page with its hash.
 *
 * @throws EverypageError USAGE where the manifest or a given archive cannot be read; as `verifyArchive` does
 * @example
 * const { isSame, outputs } = await verifyManifest('items.sha256');
 */
export async function verifyManifest(
  path: string,
  options: VerifyManifestOptions = {},
): Promise<ManifestCheck> {
  checkPath('path', path);
  checkOptions('verifyManifest', kinds, options);
  const { files = [], ...how } = options;
  const { signal } = how;
  const read = readManifest(readText(path), path);
  const { manifest } = read;
  const at = (name: string) => placeOf(name, path);
  const archives = files.filter(isArchiveFile);
  const [given, second] = archives;
  if (second !== undefined) {
    throw usageError(`a manifest is of one archive, and ${second} is a second one; name one`);
  }
  const outputs: CheckedOutput[] = [];
  if (files.length === 0) {
    for (const output of manifest.outputs) {
      outputs.push(await checkOutput(output, at, signal));
    }
  }
  for (const file of files) {
    if (!archives.includes(file)) outputs.push(await findOutput(file, manifest, signal));
  }
  const archive = await checkArchive(given ?? null, files.length === 0, manifest, at, how);
  const problem = contradiction(read);
  const areSame = outputs.every(({ state }) => state === 'same' || state === 'unknown');
  const isSame = problem === null && areSame && isArchiveSame(archive);
  return { manifestPath: path, manifest, isSame, problem, outputs, archive };
}

/** Where a file stands that a manifest names. */
function placeOf(name: string, manifest: string): string {
  if (isAbsolute(name)) return name;
  const folder = dirname(manifest);
  // `..` leads out of the folder that a link leads to, not of the one that it stands in.
  return join(name.startsWith('..') ? realpathSync.native(absolutePath(folder)) : folder, name);
}

/** One that is not there says nothing. */
function isArchiveSame(archive: CheckedArchive | null): boolean {
  const { verification = null, problem = null } = archive ?? {};
  return verification === null || (problem === null && verification.problems.length === 0);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw usageError(`the manifest ${path} cannot be read: ${whyUnreadable(cause)}`, cause);
  }
}

/** Only one of the two may have been changed by hand. */
function contradiction({ manifest, lines }: ReadManifest): string | null {
  const wanted = sumLines(manifest);
  const isSame = lines.length === wanted.length && lines.every((line, at) => line === wanted[at]);
  return isSame
    ? null
    : 'its lines for sha256sum are not those of the outputs that it names: it was changed after it was written';
}

async function checkOutput(
  { destination, path, sha256, bytes, records, format }: ManifestOutput,
  at: (name: string) => string,
  signal: AbortSignal | undefined,
): Promise<CheckedOutput> {
  if (sha256 === null) {
    const [what, rows] = format === 'sink' ? ['a sink', 'record'] : ['a database', 'row'];
    const problem = `${what} has no SHA-256; it got ${counted(records, rows)}`;
    return { destination, state: 'unknown', problem };
  }
  if (path === null) {
    const problem = `it is no file; where it was kept in one, name that: its SHA-256 is ${sha256}`;
    return { destination, state: 'unknown', problem };
  }
  const file = at(path);
  const found = await hashOf(file, signal);
  if (!found.ok) return { destination, state: 'missing', problem: `${found.why} (${file})` };
  if (found.sha256 === sha256) return { destination, state: 'same', problem: null };
  const size = found.bytes === bytes ? '' : ` It has ${found.bytes} bytes, and had ${bytes}.`;
  return { destination, state: 'changed', problem: `${notWritten(found.sha256, sha256)}.${size}` };
}

function notWritten(is: string, was: string): string {
  return `it is not what was written: its SHA-256 is ${is}, and was ${was}`;
}

/** A file that is one of the outputs, by whatever name. */
async function findOutput(
  path: string,
  { outputs }: Manifest,
  signal: AbortSignal | undefined,
): Promise<CheckedOutput> {
  const found = await hashOf(path, signal);
  if (!found.ok) return { destination: path, state: 'missing', problem: found.why };
  if (outputs.some(({ sha256 }) => sha256 === found.sha256)) {
    return { destination: path, state: 'same', problem: null };
  }
  const named = outputs.filter((it) => it.path !== null && basename(it.path) === basename(path));
  const was = named.find(({ sha256 }) => sha256 !== null)?.sha256;
  const isDatabase = named.length > 0 && was === undefined;
  if (isDatabase)
    return { destination: path, state: 'unknown', problem: 'a database has no SHA-256' };
  const problem =
    was == null
      ? `it is none of the outputs: its SHA-256 is ${found.sha256}`
      : notWritten(found.sha256, was);
  return { destination: path, state: 'changed', problem };
}

type Hashed =
  | { readonly ok: true; readonly sha256: string; readonly bytes: number }
  | { readonly ok: false; readonly why: string };

async function hashOf(path: string, signal: AbortSignal | undefined): Promise<Hashed> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      signal?.throwIfAborted();
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    signal?.throwIfAborted();
    const isGone = (error as { code?: unknown }).code === 'ENOENT';
    return {
      ok: false,
      why: isGone ? 'it is missing' : `it cannot be read: ${whyUnreadable(error)}`,
    };
  }
  return { ok: true, sha256: hash.digest('hex'), bytes };
}

async function checkArchive(
  given: string | null,
  isAll: boolean,
  manifest: Manifest,
  at: (name: string) => string,
  how: VerifyOptions,
): Promise<CheckedArchive | null> {
  if (given === null && (!isAll || manifest.archive === null)) return null;
  const path = given ?? at(manifest.archive!);
  if (given === null && statOrNull(path) === null) {
    return { path, verification: null, problem: 'it is not there, and was not checked' };
  }
  const verification = await verifyArchive(path, how);
  const { pages, root } = treeOf(path);
  if (root === manifest.merkleRoot) return { path, verification, problem: null };
  const problem =
    pages === manifest.pages
      ? `it does not hold the pages of this manifest: their Merkle root is ${root}, and was ${manifest.merkleRoot}`
      : `it does not hold the pages of this manifest: it has ${counted(pages, 'page')}, and had ${manifest.pages}`;
  return { path, verification, problem };
}

function treeOf(path: string): { readonly pages: number; readonly root: string } {
  const archive = ArchiveReader.openReadOnly(path);
  try {
    const tree = archive.pageTree();
    return { pages: tree.leaves, root: Buffer.from(tree.root()).toString('hex') };
  } finally {
    archive.close();
  }
}
