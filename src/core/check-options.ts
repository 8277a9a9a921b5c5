/**
 * What programs pass in place of an option or a path, in JavaScript or past the compiler: an unknown name,
 * or a value of another kind. Whether a value is in its range is checked where it is resolved.
 */
import { kindOf, usageError } from './errors.ts';
import { nearest } from './nearest.ts';

export interface Kind {
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
export const strings: Kind = {
  what: 'an array of strings',
  fits: (value) => Array.isArray(value) && value.every(string.fits),
};
export const byteSink: Kind = {
  what: 'an object with a method write',
  fits: (value) => isObject(value) && typeof value['write'] === 'function',
};
export const abortSignal: Kind = {
  what: 'an AbortSignal',
  fits: (value) => isObject(value) && typeof value['addEventListener'] === 'function',
};

export function oneOf(words: readonly string[]): Kind {
  return {
    what: words.map((word) => JSON.stringify(word)).join(' or '),
    fits: (value) => words.some((word) => word === value),
  };
}

/** What fits one of several kinds. */
export function either(what: string, ...kinds: readonly Kind[]): Kind {
  return { what, fits: (value) => kinds.some((kind) => kind.fits(value)) };
}

export const object: Kind = {
  what: 'an object',
  fits: (value) => isObject(value) && !isList(value),
};
export const uint8Array: Kind = {
  what: 'a Uint8Array',
  fits: (value) => value instanceof Uint8Array,
};
export const outputs = either('a string or an array of strings', string, strings);
export const namesAndValues = either('an object, or a list of names and values', object, {
  what: 'a list of pairs',
  fits: (value) => isList(value) && [...(value as Iterable<unknown>)].every(isPair),
});

function isPair(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2;
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
