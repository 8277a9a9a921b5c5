/**
 * The file of a manifest: JSON in lines that begin with `#`, which `sha256sum -c` passes over, and below
 * it the lines of the outputs, which it reads.
 */
import { closeSync, openSync, readSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { ArchiveReader } from '../archive/archive-reader.ts';
import { holdFile } from '../archive/file-locks.ts';
import { usageError } from '../core/errors.ts';
import { absolutePath, statOrNull } from '../core/files.ts';
import { MANIFEST_VERSION, type Manifest, type ManifestOutput } from '../core/manifest.ts';
import type { OutputShape } from '../core/output-shape.ts';
import { VERSION } from '../core/resolve-options.ts';
import type { Verdict } from '../core/summary.ts';
import { createFileDestination, writeAll } from '../export/file-destination.ts';
import { isObject } from '../plan/page-fields.ts';
import { asciiJson } from '../report/json-log.ts';

/** What an archive does not say itself. Paths are as the user gave them. */
export interface ManifestFacts {
  readonly verdict: Verdict;
  readonly takes: OutputShape;
  readonly outputs: readonly ManifestOutput[];
  /** Null where it does not stay. */
  readonly archive: string | null;
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
  /** Takes credentials out of what is written. */
  readonly withhold?: <Value>(value: Value) => Value;
}

/**
 * Writes the manifest of an archive and its outputs, which are in their places by then: the whole file, or
 * it is as it was before.
 *
 * @throws EverypageError OUTPUT_WRITE, with what to do
 */
export function writeManifest(path: string, archive: ArchiveReader, facts: ManifestFacts): void {
  const { withhold = (value) => value } = facts;
  const text = manifestText(withhold(manifestOf(path, archive, facts)));
  writeAll(createFileDestination(path, holdFile), text);
}

function manifestOf(path: string, archive: ArchiveReader, facts: ManifestFacts): Manifest {
  const { specification, createdAt, completedAt } = archive.run;
  const { sources, method, headers, bodyDigest, pagination, failWhen } = specification;
  const { verdict, takes, outputs } = facts;
  const tree = archive.pageTree();
  const named = (file: string | null) => (file === null ? null : pathFrom(path, file));
  return {
    manifest: MANIFEST_VERSION,
    everypage: VERSION,
    asked: {
      urls: sources,
      method,
      headers,
      bodySha256: bodyDigest,
      pagination: pagination === null ? null : JSON.parse(pagination),
      failWhen: failWhen ?? null,
    },
    takes,
    startedAt: new Date(createdAt).toISOString(),
    completedAt: completedAt === null ? null : new Date(completedAt).toISOString(),
    writtenAt: new Date(facts.writtenAt).toISOString(),
    verdict,
    pages: tree.leaves,
    records: outputs[0]?.records ?? verdict.records?.written ?? null,
    merkleRoot: Buffer.from(tree.root()).toString('hex'),
    archive: named(facts.archive),
    outputs: outputs.map((output) => {
      const path = named(output.path);
      return { ...output, destination: path ?? output.destination, path };
    }),
  };
}

/** How a file is called in the folder of the manifest, so that both may be moved together. */
function pathFrom(manifest: string, file: string): string {
  const from = realpathSync.native(dirname(absolutePath(manifest)));
  const folder = realpathSync.native(dirname(absolutePath(file)));
  const path = relative(from, join(folder, basename(file))).replaceAll(sep, '/');
  // To sha256sum this is standard input.
  return path === '-' ? './-' : path;
}

const ABOUT =
  'everypage manifest: sha256sum -c reads the last lines; docs/manifest.md explains all';

function manifestText(manifest: Manifest): string {
  const json = asciiJson({ about: ABOUT, ...manifest }, 2);
  return [...json.split('\n').map((line) => `# ${line}`), ...sumLines(manifest), ''].join('\n');
}

/** Whether a file begins as a manifest does. */
export function isManifestFile(path: string): boolean {
  if (!statOrNull(path)?.isFile()) return false;
  const beginning = Buffer.alloc(64);
  const file = openSync(path, 'r');
  try {
    const length = readSync(file, beginning, 0, beginning.length, 0);
    return /^# \{\s+#\s+"about": "everypage/.test(beginning.toString('latin1', 0, length));
  } finally {
    closeSync(file);
  }
}

/** One line for each file, as `sha256sum` prints it. */
export function sumLines({ outputs }: Manifest): readonly string[] {
  return outputs.flatMap(({ path, sha256 }) => {
    if (path === null || sha256 === null) return [];
    // A name that would break the line is escaped, and a backslash before the line says so.
    const name = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
    return [`${name === path ? '' : '\\'}${sha256}  ${name}`];
  });
}

/** The manifest that a text holds, and the lines below it as they stand. */
export interface ReadManifest {
  readonly manifest: Manifest;
  readonly lines: readonly string[];
}

/**
 * Reads the text of a manifest, which may come from anywhere.
 *
 * @param name of the file, for messages
 * @throws EverypageError USAGE where it is none, or one of a later version
 */
export function readManifest(text: string, name: string): ReadManifest {
  const all = text.split(/\r?\n/).filter((line) => line !== '');
  const json = all.filter((line) => line.startsWith('#')).map((line) => line.slice(1));
  let found: unknown;
  try {
    found = JSON.parse(json.join('\n'));
  } catch {
    // Said below.
  }
  const version = isObject(found) ? found['manifest'] : undefined;
  if (typeof version === 'number' && version > MANIFEST_VERSION) {
    throw usageError(`${name} was written by a later everypage; check it with that`);
  }
  if (version !== MANIFEST_VERSION || !isManifest(found)) {
    throw usageError(`${name} is no manifest of everypage, or was damaged: --manifest writes one`);
  }
  return { manifest: found, lines: all.filter((line) => !line.startsWith('#')) };
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isHash = (value: unknown): boolean => isText(value) && /^[0-9a-f]{64}$/.test(String(value));

/** What a check relies on. */
function isManifest(value: unknown): value is Manifest {
  if (!isObject(value) || !isObject(value['verdict'])) return false;
  const { pages, merkleRoot, archive, outputs, verdict } = value;
  return (
    isCount(pages) &&
    isHash(merkleRoot) &&
    (archive === null || isText(archive)) &&
    isText(verdict['name']) &&
    Array.isArray(outputs) &&
    outputs.every(isOutput)
  );
}

function isOutput(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { destination, path, format, records, bytes, sha256 } = value;
  return (
    isText(destination) &&
    (path === null || isText(path)) &&
    isText(format) &&
    isCount(records) &&
    isCount(bytes) &&
    (sha256 === null || isHash(sha256))
  );
}
