/**
 * What programs pass in place of an option or a path, in JavaScript or past the compiler: an unknown name,
 * or a value of another kind. Whether a value is in its range is checked where it is resolved.
 */
import { kindOf, usageError } from './errors.ts';
import { nearest } from './nearest.ts';
import { formatNames, type RunOptions } from './options.ts';
import { type AskedTable, ifExistsWays, nestings } from './table-options.ts';

interface Kind {
  /** As messages name it. */
  readonly what: string;
  readonly fits: (value: unknown) => boolean;
}

/** Each option and what it takes. */
export type OptionKinds<Options> = Readonly<Record<keyof Options, Kind>>;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const isList = (value: unknown): boolean => isObject(value) && Symbol.iterator in value;

export const string: Kind = { what: 'a string', fits: (value) => typeof value === 'string' };
export const boolean: Kind = {
  what: 'true or false',
  fits: (value) => typeof value === 'boolean',
};
export const number: Kind = { what: 'a number', fits: (value) => typeof value === 'number' };
export const aFunction: Kind = {
  what: 'a function',
  fits: (value) => typeof value === 'function',
};
const strings: Kind = { what: 'an array of strings', fits: isStrings };
export const byteSink: Kind = {
  what: 'an object with a method write',
  fits: (value) => isObject(value) && typeof value['write'] === 'function',
};
export const abortSignal: Kind = {
  what: 'an AbortSignal',
  fits: (value) => isObject(value) && typeof value['addEventListener'] === 'function',
};
export const format = oneOf(formatNames);

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function oneOf(words: readonly string[]): Kind {
  return {
    what: words.map((word) => JSON.stringify(word)).join(' or '),
    fits: (value) => words.some((word) => word === value),
  };
}

/** One output, or several. */
export const outputs: Kind = {
  what: 'a string or an array of strings',
  fits: (value) => string.fits(value) || isStrings(value),
};

/** What is said of outputs that are tables. */
export const tableKinds: OptionKinds<Required<AskedTable>> = {
  where: string,
  fields: string,
  columns: strings,
  csvSafe: boolean,
  csvBom: boolean,
  csvDelimiter: string,
  nested: oneOf(nestings),
  table: string,
  ifExists: oneOf(ifExistsWays),
  schema: {
    what: 'the path of a file, or a JSON Schema as an object',
    fits: (value) => string.fits(value) || (isObject(value) && !isList(value)),
  },
  provenance: boolean,
};

export const runOptions: OptionKinds<Required<RunOptions>> = {
  ...tableKinds,
  output: outputs,
  manifest: string,
  format,
  select: string,
  records: boolean,
  wholePages: boolean,
  paginate: {
    what: 'a string, an object or a function',
    fits: (value) =>
      string.fits(value) || aFunction.fits(value) || (isObject(value) && !isList(value)),
  },
  method: oneOf(['GET', 'POST']),
  headers: {
    what: 'an object, or a list of names and values',
    fits: (value) => isObject(value) && (!isList(value) || isPairs(value)),
  },
  body: {
    what: 'a string or a Uint8Array (JSON.stringify makes a string of an object)',
    fits: (value) => string.fits(value) || value instanceof Uint8Array,
  },
  user: string,
  literal: boolean,
  proxy: string,
  insecure: boolean,
  caFile: string,
  certFile: string,
  keyFile: string,
  protocol: oneOf(['auto', 'http1', 'http2']),
  concurrency: {
    what: 'a number or "auto"',
    fits: (value) => number.fits(value) || value === 'auto',
  },
  rate: string,
  retries: number,
  retryMaxTimeMs: number,
  maxWaitMs: number,
  connectTimeoutMs: number,
  idleTimeoutMs: number,
  timeoutMs: number,
  minBytesPerSecond: number,
  deadlineMs: number,
  maxPages: number,
  maxBodyBytes: number,
  maxDecodedBytes: number,
  archive: string,
  resume: boolean,
  fresh: boolean,
  keep: boolean,
  allowIncomplete: boolean,
  expect: number,
  strict: {
    what: 'true, false, "complete" or "proven"',
    fits: (value) => boolean.fits(value) || value === 'complete' || value === 'proven',
  },
  recheck: string,
  prove: boolean,
  failWhen: string,
  allowOrigins: strings,
  allowAddresses: strings,
  secretParams: strings,
  signal: abortSignal,
  onEvent: aFunction,
};

function isPairs(value: unknown): boolean {
  const pairs = [...(value as Iterable<unknown>)];
  return pairs.every((pair) => Array.isArray(pair) && pair.length === 2);
}

/**
 * Refuses what is no option of a function, or not of the kind that it takes. `undefined` is as if left out.
 *
 * @param of the function, as messages name it
 * @throws EverypageError USAGE
 * @example checkOptions('records', runOptions, { concurency: 3 })
 * // records has no option concurency; did you mean concurrency?
 */
export function checkOptions(of: string, kinds: OptionKinds<object>, given: unknown): void {
  if (!isObject(given) || isList(given)) {
    throw usageError(`options: expected an object with the options of ${of}, got ${kindOf(given)}`);
  }
  const known: Readonly<Record<string, Kind>> = kinds;
  for (const [name, value] of Object.entries(given)) {
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) throw unknownOption(of, name, Object.keys(known));
    if (value === undefined || kind.fits(value)) continue;
    throw usageError(`${name}: expected ${kind.what}, got ${kindOf(value)}`);
  }
}

function unknownOption(of: string, name: string, known: readonly string[]): Error {
  const near = nearest(name, known);
  const hint = near === null ? 'docs/library.md lists them' : `did you mean ${near}?`;
  return usageError(`${of} has no option ${JSON.stringify(name.slice(0, 80))}; ${hint}`);
}

/** @throws EverypageError USAGE for what is no path */
export function checkPath(name: string, given: unknown): void {
  if (typeof given === 'string' && given !== '') return;
  const got = given === '' ? 'an empty string' : kindOf(given);
  throw usageError(`${name}: expected a path, got ${got}`);
}
