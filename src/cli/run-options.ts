import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { whyUnreadable } from '../core/files.ts';
import type { Paginate, RunOptions } from '../core/options.ts';
import { checkOutputFolder } from '../fetch/check-files.ts';
import type { CliContext } from './context.ts';
import { readCredentials } from './credentials.ts';
import { STDOUT } from './flag-values.ts';
import { type Flag, flagNamed, flagsOf } from './flags.ts';
import { parseHeaderFile } from './headers.ts';
import { type TypedArguments, type TypedFlag, UsageError, wordsOf } from './typed-arguments.ts';

/** An absent flag is left out rather than set to `undefined`. */
type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/**
 * What the typed flags mean, as options of a run. Reads the files that hold headers and bodies.
 * Throws `UsageError` for a value that means nothing.
 */
export async function readRunOptions(
  typed: TypedArguments,
  context: Pick<CliContext, 'env' | 'stdin'>,
): Promise<RunOptions> {
  const options: Mutable<RunOptions> = { ...optionsOfTable(typed) };
  const paginate = readPaginate(typed);
  if (paginate !== null) options.paginate = paginate;
  const body = await readBody(typed, context);
  if (body !== null) options.body = body;
  const { user, authorization } = await readCredentials(typed, context);
  if (user !== null) options.user = user;
  const headers = await readHeaders(typed);
  if (authorization !== null) headers.push(['authorization', authorization]);
  if (headers.length > 0) options.headers = headers;
  return options;
}

/** The options that the table of flags names; all that `everypage export` takes is among them. */
export function optionsOfTable(typed: TypedArguments): RunOptions {
  const { output: _, ...options } = valuesOf(typed, ({ option }) => option);
  const outputs = readOutputs(typed);
  return outputs === null ? options : { ...options, output: outputs };
}

/** Null for standard output. */
function readOutputs(typed: TypedArguments): string | readonly string[] | null {
  const given = typed.list('output');
  const paths = given.filter((path) => path !== null);
  if (paths.length === 0) return null;
  if (paths.length < given.length) {
    throw new UsageError(
      '-o - is standard output, which cannot be written beside files; everypage export writes it afterwards',
      wordsOf(typed, (flag) => (flag.name === 'output' && flag.value === '-' ? null : flag)),
    );
  }
  return paths.length === 1 ? paths[0]! : paths;
}

/** Each flag that was given, by the name that `keyOf` has for it. */
function valuesOf(
  typed: TypedArguments,
  keyOf: (flag: Flag) => string | null,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const flag of flagsOf(typed.verb)) {
    const key = keyOf(flag);
    if (key === null) continue;
    if (flag.value !== null && !flag.isList) {
      const value = typed.value(flag.name);
      if (value !== null) values[key] = value;
    } else if (typed.has(flag.name)) {
      values[key] = flag.isList ? typed.list(flag.name) : flag.on;
    }
  }
  return values;
}

/** What the flags say of pagination, or null where they say nothing. */
function readPaginate(typed: TypedArguments): Paginate | null {
  const known = valuesOf(typed, ({ pagination }) => pagination);
  const kind = typed.value('paginate');
  if (kind === 'none') {
    const isOther = ({ name }: TypedFlag) => flagNamed(name).pagination !== null && name !== 'key';
    const others = typed.flags.filter(isOther).map(({ rawName }) => rawName);
    if (others.length === 0) return 'none';
    throw new UsageError(
      `--paginate none cannot be used with ${others.join(', ')}`,
      wordsOf(typed, (flag) => (isOther(flag) ? null : flag)),
    );
  }
  if (Object.keys(known).length === 0) return kind as Paginate | null;
  return { ...known, style: kind ?? 'auto' } as Paginate;
}

/** `--summary`, whose folder is checked before anything is requested. */
export function readSummaryPath(typed: TypedArguments): string | null {
  const path = typed.has('json') ? STDOUT : typed.value('summary');
  if (path !== STDOUT) checkOutputFolder(path);
  else if (typed.value('output') === null) {
    throw new UsageError(
      `${typed.has('json') ? '--json' : '--summary -'} and the records would both go to standard output; give the records a file with -o`,
      [...wordsOf(typed, (flag) => (flag.name === 'output' ? null : flag)), '-o', 'items.ndjson'],
    );
  }
  return path;
}

/** Where the report of a run goes; null where none is wanted. */
export function readReportPath(typed: TypedArguments): string | null {
  const path = typed.value('report');
  checkOutputFolder(path);
  return path;
}

async function readHeaders(typed: TypedArguments): Promise<[name: string, value: string][]> {
  const headers: [string, string][] = [];
  for (const line of typed.list('header')) {
    if (typeof line !== 'string') headers.push([line.name, line.value]);
    else {
      const text = (await readFlagFile('-H', line)).toString('utf8');
      for (const { name, value } of parseHeaderFile(text, `-H @${line}`)) {
        headers.push([name, value]);
      }
    }
  }
  const userAgent = typed.value('user-agent');
  if (userAgent !== null) headers.push(['user-agent', userAgent]);
  return headers;
}

async function readBody(
  typed: TypedArguments,
  context: Pick<CliContext, 'stdin'>,
): Promise<string | Uint8Array | null> {
  const data = typed.value('data');
  if (data === null || !data.startsWith('@')) return data;
  if (data !== '@-') return readFlagFile('-d', data.slice(1));
  if (typed.positionals.some((source) => source === '-' || source === '@-')) {
    throw new UsageError('standard input cannot be both the list of URLs and the body (-d @-)');
  }
  return buffer(context.stdin);
}

async function readFlagFile(flag: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new UsageError(`${flag} @${path} cannot be read: ${whyUnreadable(cause)}`, null, cause);
  }
}
