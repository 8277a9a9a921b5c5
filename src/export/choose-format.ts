import { extname } from 'node:path';
import { usageError } from '../core/errors.ts';
import { type FormatName, formatNames } from '../core/options.ts';
import { isWrittenInPlace } from './file-destination.ts';
import type { Format } from './format.ts';
import { json } from './json.ts';
import { ndjson } from './ndjson.ts';

const FORMATS: Readonly<Record<FormatName, Format>> = { ndjson, json };

const NAMES_BY_EXTENSION: Readonly<Record<string, FormatName | 'none'>> = {
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'json',
  '.everypage': 'none',
};

/** The format of that name. */
export function formatFor(name: FormatName): Format {
  return FORMATS[name];
}

/**
 * The format for an output path: `override` where it is given, else what the extension says;
 * `none` is the archive alone. What is written as it stands (a pipe, `/dev/fd/3`) may have any name: it
 * gets NDJSON, as standard output does. Throws `EverypageError` with code `USAGE` for other extensions.
 *
 *     formatNameFor('items.jsonl', null); // 'ndjson'
 */
export function formatNameFor(path: string, override: FormatName | null): FormatName | 'none' {
  if (override !== null) return override;
  const extension = extname(path).toLowerCase();
  const name = Object.hasOwn(NAMES_BY_EXTENSION, extension)
    ? NAMES_BY_EXTENSION[extension]
    : undefined;
  // Nothing is put in the place of a pipe, an archive neither.
  if (name !== undefined && !(name === 'none' && isWrittenInPlace(path))) return name;
  if (isWrittenInPlace(path)) return 'ndjson';
  const what = extension === '' ? 'has no extension' : `ends in ${extension}, which is not known`;
  throw usageError(
    `The output ${path} ${what}. Known endings: ${Object.keys(NAMES_BY_EXTENSION).join(', ')} ` +
      `(.everypage is the archive alone). Or name the format: ${formatNames.map((it) => `-f ${it}`).join(', ')}.`,
  );
}
