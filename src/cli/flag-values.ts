/** The kinds of values that flags take. Each is one object, which the table of flags names. */
import { shownOutput } from '../core/database-url.ts';
import { expected, usageError } from '../core/errors.ts';
import type { Recheck } from '../core/options.ts';
import { shownSink, sinkAt } from '../core/record-sink.ts';
import { isSecretHeader, isSecretName, redactUrl, shownQueue } from '../core/redact.ts';
import { addressBlock, originOf, recheckOf } from '../core/resolve-options.ts';
import { delimiterOf, tableOptions } from '../core/table-options.ts';
import { parseBytes, parseDuration, parseRate, shortBytes, shortDuration } from '../core/units.ts';
import { presets } from '../plan/presets.ts';
import { type HeaderLine, parseHeaderLine } from './headers.ts';

export interface ValueType<T> {
  /** Its name in the help: `TIME`. */
  readonly name: string;
  /** A value that is accepted, for messages. */
  readonly example: string;
  /** It is or has a number, so `-5` is a wrong value and not a flag. */
  readonly isNumber?: boolean;
  /** All words that it may be, or those worth offering where it may be something else. */
  readonly words?: readonly string[];
  /** It is the path of a file, or is read from one if it begins with `@`. */
  readonly file?: 'path' | 'after @';
  /**
   * Null: as if the flag were not given. Throws `EverypageError` `USAGE` with what was expected and
   * what came; the caller adds the name of the flag.
   */
  parse(text: string): T | null;
  /** A default, as a person would type it. */
  print?(value: T): string;
  /** Only for a value that may hold a credential: the part of it that may be shown. */
  show?(text: string, secretParams: readonly string[]): string;
}

/** Any text. */
export function text(name: string, example = name.toLowerCase()): ValueType<string> {
  return { name, example, parse: (value) => value };
}

/** A path; an empty one comes from a shell variable that is not set. */
export function path(example: string): ValueType<string> {
  return {
    name: 'FILE',
    example,
    file: 'path',
    parse(value) {
      if (value !== '') return value;
      throw expected('the path of a file', value, 'is a shell variable unset?');
    },
  };
}

/** Columns of a table, with commas between them. */
export const columns: ValueType<readonly string[]> = {
  name: 'LIST',
  example: 'id,city=address.city',
  parse(value) {
    const list = value.split(',').map((column) => column.trim());
    tableOptions({ columns: list });
    return list;
  },
};

export const delimiter: ValueType<string> = {
  name: 'CHAR',
  example: ';',
  parse: (value) => delimiterOf(value),
};

/** What else standard output is called. As a socket, it cannot be opened by these names (open(2), ENXIO). */
const STDOUT_NAMES = /^(?:-|\/dev\/stdout|(?:\/dev|\/proc\/self)\/fd\/1)$/;

/** The path of an output; `-` is standard output, which is the default. */
export const outputPath: ValueType<string> = {
  ...path('items.ndjson'),
  parse: (value) => (STDOUT_NAMES.test(value) ? null : path('').parse(value)),
  show: (value, secretParams) =>
    sinkAt(value) === null ? shownOutput(value, ':<password>') : shownSink(value, secretParams),
};

export const STDOUT = '-';

/** The path of a file, or `-` for standard output, which is not the default. */
export function pathOrStdout(example: string): ValueType<string> {
  const { parse, ...facts } = path(example);
  return { ...facts, parse: (value) => (STDOUT_NAMES.test(value) ? STDOUT : parse(value)) };
}

/** `a, b and c` */
export function listed(words: readonly string[], join: 'and' | 'or'): string {
  return words.join(', ').replace(/, ([^,]*)$/, ` ${join} $1`);
}

/** One of a few words. */
export function oneOf<const Word extends string>(
  name: string,
  words: readonly Word[],
  example: Word = words[0]!,
): ValueType<Word> {
  return {
    name,
    example,
    words,
    parse(value) {
      const word = words.find((it) => it === value);
      if (word !== undefined) return word;
      throw expected(listed(words, 'or'), value);
    },
    print: (value) => value,
  };
}

/** Which pages are read again. */
export const recheck: ValueType<Recheck> = {
  name: 'PAGES',
  example: '10%',
  words: ['auto', 'none', 'all'],
  parse: (value) => recheckOf(value),
  print: (value) => value,
};

/** A whole number. */
export function whole(
  example: number,
  least = 0,
  most = Number.MAX_SAFE_INTEGER,
): ValueType<number> {
  const range =
    most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
  return {
    name: 'N',
    example: String(example),
    isNumber: true,
    parse(value) {
      const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
      if (number >= least && number <= most) return number;
      throw expected(`a whole number ${range}`, value);
    },
    print: String,
  };
}

/** Requests at once: a number, or `auto`. */
export const concurrency: ValueType<number | 'auto'> = {
  ...whole(10, 1, 1000),
  words: ['auto'],
  parse(value) {
    if (value === 'auto') return value;
    const number = /^\d{1,4}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= 1 && number <= 1000) return number;
    throw expected('auto or a whole number from 1 to 1000', value);
  },
};

/** A number with its unit. */
function measure(
  name: string,
  what: string,
  read: (value: string) => number,
  print: (value: number) => string,
): (example: string, least?: number) => ValueType<number> {
  return (example, least = 1) => ({
    name,
    example,
    isNumber: true,
    parse(value) {
      const number = read(value);
      if (number >= least) return number;
      throw expected(`a ${what} above 0`, value);
    },
    print,
  });
}

/** Milliseconds. */
export const duration = measure('TIME', 'time', parseDuration, shortDuration);
/** Bytes. */
export const size = measure('SIZE', 'size', parseBytes, shortBytes);

/** A number of requests in a time. It stays text: that is what the option takes. */
export const rate: ValueType<string> = {
  name: 'N/TIME',
  example: '10/s',
  isNumber: true,
  parse(value) {
    parseRate(value);
    return value;
  },
};

export const method: ValueType<'GET' | 'POST'> = {
  name: 'METHOD',
  example: 'POST',
  words: ['GET', 'POST'],
  parse(value) {
    const upper = value.toUpperCase();
    if (upper === 'GET' || upper === 'POST') return upper;
    throw expected('GET or POST, the two methods that read a page', value);
  },
};

/** The name of a response header. */
export const headerName: ValueType<string> = {
  name: 'NAME',
  example: 'x-total-count',
  parse: (value) => value.toLowerCase(),
};

export const origin: ValueType<string> = {
  name: 'ORIGIN',
  example: 'https://cdn.example.com',
  parse: originOf,
};

export const address: ValueType<string> = {
  name: 'ADDRESS',
  example: '10.0.0.0/8',
  parse: addressBlock,
};

/** Where everypage listens: a port, or a host and a port. */
export const listenAddress: ValueType<{ readonly host: string; readonly port: number }> = {
  name: '[HOST:]PORT',
  example: '8080',
  parse(value) {
    const [, bracketed, plain, digits] =
      /^(?:(?:\[([\da-f:.]+)\]|([^[\]:]*)):)?(\d{1,5})$/i.exec(value) ?? [];
    const port = Number(digits);
    if (digits === undefined || port > 65_535) {
      throw usageError('expected a port, or a host and a port, as in 8080 or 127.0.0.1:8080');
    }
    return { host: bracketed ?? (plain || '127.0.0.1'), port };
  },
};

/** A header, or the path of a file that holds some. */
export const header: ValueType<HeaderLine | string> = {
  name: 'LINE',
  example: 'name: value',
  file: 'after @',
  parse: (value) => (value.startsWith('@') ? value.slice(1) : parseHeaderLine(value)),
  show(value) {
    const name = value.split(':', 1)[0] ?? '';
    return !value.startsWith('@') && isSecretHeader(name) ? `${name}: <secret>` : value;
  },
};

export const body: ValueType<string> = {
  ...text('BODY', '{"page":1}'),
  file: 'after @',
  show: (value, secretParams) =>
    !value.startsWith('@') && holdsSecretField(value, secretParams) ? '<body>' : value,
};

export const userPassword: ValueType<string> = {
  name: 'USER:PASS',
  example: 'user:password',
  parse(value) {
    if (value.includes(':')) return value;
    throw usageError('expected user:password; where there is no password, end with a colon');
  },
  show: (value) => `${value.split(':', 1)[0]}:<password>`,
};

/** The name of an environment variable. People paste the token itself here by mistake. */
export const variableName: ValueType<string> = {
  ...text('VAR', 'TOKEN'),
  show: (value) => (/^[A-Z_][A-Z0-9_]{0,63}$/.test(value) ? value : '<variable>'),
};

/** The name of a preset; another one is refused where presets are looked up. */
export const presetName: ValueType<string> = {
  ...text('NAME', 'github'),
  words: presets.map(({ name }) => name),
};

/** `''` is no proxy. */
export const proxyUrl: ValueType<string> = {
  ...text('URL', 'http://proxy.example.com:3128'),
  show: (value) => shownUrl(value, []),
};

/** Where a queue is; a password in it is not shown. */
export const queueUrl: ValueType<string> = {
  ...text('URL', 'redis://host:6379/0'),
  show: shownQueue,
};

/** User info gets a placeholder: a URL that only lost it would be refused without a visible reason. */
export function shownUrl(url: string, secretParams: readonly string[]): string {
  if (url.startsWith('@')) return url;
  const redacted = redactUrl(url, secretParams);
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(url)) return redacted;
  return redacted.replace('://', '://<user>:<password>@');
}

/** In JSON, GraphQL and forms, the word before a colon or an equals sign is a name. */
function holdsSecretField(text: string, secretParams: readonly string[]): boolean {
  if (/passw|secret|token|api[_-]?key/i.test(text)) return true;
  const names = text.matchAll(/\b([\w.[\]%-]{1,64})["']?\s{0,9}[:=]/g);
  return [...names].some(([, name]) => isSecretName(name!, secretParams));
}
