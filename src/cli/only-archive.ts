import { existsSync } from 'node:fs';
import { isManifestFile } from '../archive-thread/manifest-file.ts';
import { type TypedArguments, UsageError } from './typed-arguments.ts';

/** The one argument of a command that reads an archive. */
export function onlyArchive({ verb, positionals }: TypedArguments): string {
  const [path, second] = positionals;
  if (path === undefined) {
    throw new UsageError(`everypage ${verb} needs an archive`, [verb, 'items.ndjson.everypage']);
  }
  if (second !== undefined) {
    throw new UsageError(`everypage ${verb} takes one archive; ${second} is one too many`, [
      verb,
      path,
    ]);
  }
  if (verb === 'verify' && isManifestFile(path)) {
    throw new UsageError(`${path} is a manifest`, [verb, '--manifest', path]);
  }
  const beside = `${path}.everypage`;
  if (!/\.everypage(?:\.part)?$/.test(path) && existsSync(beside)) {
    throw new UsageError(`${path} is an output; its archive is ${beside}`, [verb, beside]);
  }
  return path;
}
