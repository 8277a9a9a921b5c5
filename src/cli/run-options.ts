import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { EverypageError } from '../core/errors.ts';
import { whyUnreadable } from '../core/files.ts';
import type { RunOptions } from '../core/options.ts';
import { parseBytes, parseDuration, parseRate } from '../core/units.ts';
import type { CliContext } from './context.ts';
import { readCredentials } from './credentials.ts';
import type { FlagName } from './flags.ts';
import { parseHeaderFile, parseHeaderLine } from './headers.ts';
import type { TypedArguments } from './parse-arguments.ts';
import { readPaginate } from './read-paginate.ts';

/** An absent flag is left out rather than set to `undefined`. */
type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/**
 * What the typed flags mean, as options of a run. Reads the files that hold headers and bodies.
 * Throws `EverypageError` `USAGE` for a value that means nothing.
 */
export async function readRunOptions(
  typed: TypedArguments,
  context: Pick<CliContext, 'env' | 'stdin'>,
): Promise<RunOptions> {
  const options: Mutable<RunOptions> = { ...readShape(typed), ...readFigures(typed) };

  const paginate = readPaginate(typed);
  if (paginate !== undefined) options.paginate = paginate;
  if (typed.has('records')) {
    if (typed.has('pages')) throw usage('--records and --pages say opposite things; give one');
    options.records = true;
  }
  if (typed.has('strict')) options.strict = true;
  if (typed.has('repair')) options.repair = true;
  const failWhen = typed.value('fail-when');
  if (failWhen !== null) options.failWhen = failWhen;

  const method = typed.value('request')?.toUpperCase();
  if (method === 'GET' || method === 'POST') options.method = method;
  else if (method !== undefined) {
    throw usage(`-X ${method} is not possible: a page is read, with GET or POST`);
  }
  const concurrency = readConcurrency(typed);
  if (concurrency !== null) options.concurrency = concurrency;
  const rate = typed.value('rate');
  if (rate !== null) {
    // Read here for a message that names the flag.
    readValue(typed, 'rate', parseRate);
    options.rate = rate;
  }
  const body = await readBody(typed, context);
  if (body !== null) options.body = body;

  const credentials = await readCredentials(typed, context);
  if (credentials.user !== null) options.user = credentials.user;
  const headers = await readHeaders(typed);
  if (credentials.authorization !== null) {
    headers.push(['authorization', credentials.authorization]);
  }
  if (headers.length > 0) options.headers = headers;

  if (typed.has('http1.1') && typed.has('http2'))
    throw usage('give --http1.1 or --http2, not both');
  if (typed.has('http1.1')) options.protocol = 'http1';
  if (typed.has('http2')) options.protocol = 'http2';
  if (typed.has('cert') !== typed.has('cert-key')) {
    throw usage('--cert and --cert-key belong together: a certificate and its private key');
  }
  copyText(typed, options, [
    ['proxy', 'proxy'],
    ['cacert', 'caFile'],
    ['cert', 'certFile'],
    ['cert-key', 'keyFile'],
    ['archive', 'archive'],
  ]);
  if (typed.has('insecure')) options.insecure = true;
  if (typed.has('globoff')) options.literal = true;
  if (typed.has('fresh')) options.fresh = true;
  if (typed.has('no-keep')) options.keep = false;
  if (typed.has('allow-origin')) options.allowOrigins = typed.list('allow-origin');
  if (typed.has('allow-address')) options.allowAddresses = typed.list('allow-address');
  if (typed.has('secret-param')) options.secretParams = typed.list('secret-param');
  return options;
}

/** Output, format and selection: what `export` takes as well. */
export function readShape(
  typed: TypedArguments,
): Pick<RunOptions, 'output' | 'format' | 'select' | 'wholePages' | 'allowIncomplete'> {
  const shape: Mutable<ReturnType<typeof readShape>> = {};
  const output = typed.value('output');
  if (output === '') throw usage('-o is empty; is a shell variable unset?');
  if (output !== null && output !== '-') shape.output = output;
  const format = typed.value('format');
  if (format === 'ndjson' || format === 'json') shape.format = format;
  else if (format !== null) throw usage(`-f ${format}: the formats are ndjson and json`);
  const select = typed.value('select');
  if (select !== null && typed.has('pages')) {
    throw usage('--select takes records out of pages and --pages keeps pages whole; give one');
  }
  if (select !== null) shape.select = select;
  if (typed.has('pages')) shape.wholePages = true;
  if (typed.has('allow-incomplete')) shape.allowIncomplete = true;
  return shape;
}

/** `--summary`, whose folder is checked before anything is requested. */
export function readSummaryPath(typed: TypedArguments): string | null {
  const path = typed.value('summary');
  if (path !== null && !existsSync(dirname(path))) {
    throw new EverypageError(
      'OUTPUT_FOLDER',
      `--summary ${path}: the folder ${dirname(path)} does not exist; create it first`,
    );
  }
  return path;
}

function readFigures(typed: TypedArguments): RunOptions {
  const figures: Mutable<RunOptions> = {};
  const read = (name: FlagName, parse: (text: string) => number): number | undefined =>
    readValue(typed, name, parse) ?? undefined;
  const set = (key: FigureKey, value: number | undefined) => {
    if (value !== undefined) figures[key] = value;
  };
  const most = Number.MAX_SAFE_INTEGER;
  set(
    'retries',
    read('retry', (text) => whole(text, 0, 1000)),
  );
  set(
    'maxPages',
    read('max-pages', (text) => whole(text, 1, most)),
  );
  set(
    'expect',
    read('expect', (text) => whole(text, 0, most)),
  );
  for (const [name, key, lowestMs] of durations) {
    set(
      key,
      read(name, (text) => atLeast(lowestMs, parseDuration(text), 'a time above 0')),
    );
  }
  for (const [name, key, lowest] of sizes) {
    set(
      key,
      read(name, (text) => atLeast(lowest, parseBytes(text), 'a size above 0')),
    );
  }
  return figures;
}

/** A flag's value, parsed; what is wrong with it is said with the flag's name. */
function readValue<T>(typed: TypedArguments, name: FlagName, parse: (text: string) => T): T | null {
  const text = typed.value(name);
  if (text === null) return null;
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof EverypageError)) throw cause;
    throw usage(`${typed.placeOf(name)}: ${cause.message}`);
  }
}

function readConcurrency(typed: TypedArguments): number | 'auto' | null {
  return readValue(typed, 'concurrency', (text) => {
    if (text === 'auto') return text;
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= 1 && number <= 1000) return number;
    const shown = JSON.stringify(text.slice(0, 40));
    throw usage(`${shown} is neither auto nor a whole number from 1 to 1000`);
  });
}

function whole(text: string, lowest: number, highest: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= lowest && number <= highest) return number;
  const range =
    highest === Number.MAX_SAFE_INTEGER ? `from ${lowest} on` : `from ${lowest} to ${highest}`;
  throw usage(`${JSON.stringify(text.slice(0, 40))} is not a whole number ${range}`);
}

type FigureKey = {
  [Key in keyof RunOptions]-?: NonNullable<RunOptions[Key]> extends number ? Key : never;
}[keyof RunOptions];

const durations: readonly (readonly [FlagName, FigureKey, lowestMs: number])[] = [
  ['retry-max-time', 'retryMaxTimeMs', 1],
  // 0: never wait for a server, stop instead.
  ['max-wait', 'maxWaitMs', 0],
  ['connect-timeout', 'connectTimeoutMs', 1],
  ['idle-timeout', 'idleTimeoutMs', 1],
  ['timeout', 'timeoutMs', 1],
  ['deadline', 'deadlineMs', 1],
];

const sizes: readonly (readonly [FlagName, FigureKey, lowest: number])[] = [
  ['max-body-bytes', 'maxBodyBytes', 1],
  ['max-decoded-bytes', 'maxDecodedBytes', 1],
  ['speed-limit', 'minBytesPerSecond', 0],
];

function atLeast(lowest: number, value: number, expected: string): number {
  if (value >= lowest) return value;
  throw usage(`it takes ${expected}`);
}

type TextKey = 'proxy' | 'caFile' | 'certFile' | 'keyFile' | 'archive';

function copyText(
  typed: TypedArguments,
  options: Mutable<RunOptions>,
  pairs: readonly (readonly [FlagName, TextKey])[],
): void {
  for (const [name, key] of pairs) {
    const value = typed.value(name);
    if (value !== null) options[key] = value;
  }
}

async function readHeaders(typed: TypedArguments): Promise<[name: string, value: string][]> {
  const headers: [string, string][] = [];
  for (const line of typed.list('header')) {
    if (!line.startsWith('@')) {
      const { name, value } = parseHeaderLine(line);
      headers.push([name, value]);
    } else {
      const text = (await readFlagFile('-H', line.slice(1))).toString('utf8');
      for (const { name, value } of parseHeaderFile(text, `-H ${line}`))
        headers.push([name, value]);
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
  if (typed.count('data') > 1) throw usage('-d is given twice; a request has one body');
  const data = typed.value('data');
  if (data === null || !data.startsWith('@')) return data;
  if (data !== '@-') return readFlagFile('-d', data.slice(1));
  if (typed.positionals.some((source) => source === '-' || source === '@-')) {
    throw usage('standard input cannot be both the list of URLs and the body (-d @-)');
  }
  return buffer(context.stdin);
}

async function readFlagFile(flag: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw usage(`${flag} @${path} cannot be read: ${whyUnreadable(cause)}`, cause);
  }
}

function usage(message: string, cause?: unknown): EverypageError {
  return new EverypageError('USAGE', message, { cause });
}
