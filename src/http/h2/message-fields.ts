import { isSecretHeader } from '../../core/redact.ts';
import type { HeaderValues, TransportRequest } from '../transport.ts';
import { HpackEncoder, putInteger } from './hpack.ts';

/** What a header field may be in HTTP/2, of requests and of responses (RFC 9113 §8.2). */

/** A token (RFC 9110 §5.6.2) without capitals, which HTTP/2 forbids. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Line breaks, NUL and their like are what would be dangerous (RFC 9110 §5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Of the connection and not of the message: these have no place in HTTP/2 (§8.2.2). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

const MAX_SHOWN = 40;

/** @returns null, or what is wrong with a name; pseudo-headers are wrong here */
function checkFieldName(name: string): string | null {
  if (!NAME.test(name)) return `the header name ${JSON.stringify(name.slice(0, MAX_SHOWN))}`;
  return CONNECTION_FIELDS.has(name) ? `the header ${name}, which HTTP/2 has not` : null;
}

const isFieldValue = (value: string): boolean => VALUE.test(value);

const PATH = /^[\x21-\x7e]+$/;
/** Of `:path` in the static table. */
const PATH_INDEX = 4;

/** A header block, in memory that is used again. */
export class HeaderBlock {
  bytes = Buffer.allocUnsafeSlow(1024);
  length = 0;

  push(byte: number): void {
    this.#makeRoom(1);
    this.bytes[this.length] = byte;
    this.length += 1;
  }

  add(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Of ASCII. */
  addText(text: string): void {
    this.#makeRoom(text.length);
    this.length += this.bytes.write(text, this.length, 'latin1');
  }

  #makeRoom(more: number): void {
    const { bytes, length } = this;
    if (length + more <= bytes.length) return;
    this.bytes = Buffer.allocUnsafeSlow(2 * (length + more));
    this.bytes.set(bytes);
  }
}

interface Known {
  readonly headers: TransportRequest['headers'];
  readonly method: string;
  /** The encoder's, at which these bytes mean what they should. */
  readonly generation: number;
  readonly beforePath: Uint8Array;
  readonly afterPath: Uint8Array;
}

/**
 * Requests as header blocks. The headers of a run are one frozen object, page after page, so that
 * after the first pages everything but the path is copied.
 */
export class RequestBlocks {
  readonly #encoder = new HpackEncoder();
  readonly #scheme: string;
  readonly #authority: string;
  readonly #block = new HeaderBlock();
  #known: Known | null = null;

  constructor(scheme: string, authority: string) {
    this.#scheme = scheme;
    this.#authority = authority;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(bytes: number): void {
    this.#encoder.limitTable(bytes);
  }

  /**
   * The block of a request; it must be sent, and before any later one is made, which stands in its place.
   *
   * @throws Error for what HTTP/2 cannot carry; then nothing is to be sent
   */
  encode({ path, headers, method, body }: TransportRequest): HeaderBlock {
    if (!PATH.test(path)) throw new Error('a path with a character that must be encoded');
    const { beforePath, afterPath } = this.#around(headers, method);
    const block = this.#block;
    block.length = 0;
    block.add(beforePath);
    putInteger(block, 0, 4, PATH_INDEX);
    putInteger(block, 0, 7, path.length);
    block.addText(path);
    if (body !== null) {
      this.#encoder.field(block, 'content-length', String(body.length), 'plain');
    }
    block.add(afterPath);
    return block;
  }

  #around(headers: TransportRequest['headers'], method: string): Known {
    const known = this.#known;
    const generation = this.#encoder.generation;
    if (
      known !== null &&
      known.headers === headers &&
      known.method === method &&
      known.generation === generation
    ) {
      return known;
    }
    const names = Object.keys(headers);
    for (const name of names) checkField(name, headers[name]!);
    const before: number[] = [];
    this.#encoder.begin(before);
    const saysSize = before.length > 0;
    this.#encoder.field(before, ':method', method, 'indexed');
    this.#encoder.field(before, ':scheme', this.#scheme, 'indexed');
    this.#encoder.field(before, ':authority', this.#authority, 'indexed');
    const after: number[] = [];
    for (const name of names) {
      const kind = isSecretHeader(name) ? 'secret' : 'indexed';
      this.#encoder.field(after, name, headers[name]!, kind);
    }
    const beforePath = Uint8Array.from(before);
    const afterPath = Uint8Array.from(after);
    const around = { headers, method, generation, beforePath, afterPath };
    // Good for the next request too if it only pointed into the tables. A caller may still change
    // an object that it has not frozen.
    const isRepeatable = !saysSize && generation === this.#encoder.generation;
    if (isRepeatable && Object.isFrozen(headers)) this.#known = around;
    return around;
  }
}

function checkField(name: string, value: string): void {
  const wrong = checkFieldName(name);
  if (wrong !== null) throw new Error(wrong);
  if (!isFieldValue(value)) throw new Error(`the header ${name} with a forbidden character`);
  // The one header of the connection that HTTP/2 has, with this value alone (RFC 9113 §8.2.2).
  if (name === 'te' && value !== 'trailers') throw new Error('the header te with its value');
}

/** The head of a response: a decoded header list that keeps the rules of RFC 9113 §8.2 and §8.3.2. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: HeaderValues;
}

const STATUS = /^[1-9][0-9][0-9]$/;
const DIGITS = /^[0-9]{1,15}$/;
/** Checked names, since the same few come again and again; bounded, since the server picks them. */
const knownNames = new Set<string>();
const MAX_KNOWN_NAMES = 256;

/** @returns the head, or what is malformed about it */
export function readResponseHead(fields: readonly string[]): ResponseHead | string {
  const status = fields[1];
  if (fields[0] !== ':status' || status === undefined) return 'a response without :status first';
  if (!STATUS.test(status)) return 'a :status that is no status';
  const headers = collectFields(fields, 2);
  return typeof headers === 'string' ? headers : { status: Number(status), headers };
}

/** @returns null, or what is malformed about trailers */
export function checkTrailers(fields: readonly string[]): string | null {
  const headers = collectFields(fields, 0);
  return typeof headers === 'string' ? headers : null;
}

/**
 * No name means anything but itself, `__proto__` and `constructor` included: what these objects
 * inherit from is empty. An object without a prototype would do as well, but for V8 that is a hash
 * table, which costs 2 µs more a page to fill and to walk.
 */
const Fields = function Fields() {} as unknown as new () => Record<
  string,
  string | string[] | undefined
>;
Fields.prototype = Object.create(null);

/** A repeated field becomes a list, in the order received. */
function collectFields(fields: readonly string[], from: number): HeaderValues | string {
  const headers = new Fields();
  for (let at = from; at < fields.length; at += 2) {
    const name = fields[at]!;
    let value = fields[at + 1]!;
    const malformed = checkName(name);
    if (malformed !== null) return malformed;
    if (!isFieldValue(value)) return `a control character in ${name}`;
    // Not allowed, but harmless and sent by some: no reason to lose a page.
    if (isBlank(value, 0) || isBlank(value, value.length - 1)) value = value.trim();
    const before = headers[name];
    if (name === 'content-length' && (before !== undefined || !DIGITS.test(value))) {
      return 'a content-length that is no length';
    }
    if (before === undefined) headers[name] = name === 'set-cookie' ? [value] : value;
    else if (typeof before === 'string') headers[name] = [before, value];
    else before.push(value);
  }
  return headers;
}

function checkName(name: string): string | null {
  if (knownNames.has(name)) return null;
  const wrong = checkFieldName(name);
  if (wrong === null && knownNames.size < MAX_KNOWN_NAMES && name.length <= 64) {
    knownNames.add(name);
  }
  return wrong;
}

function isBlank(value: string, at: number): boolean {
  const code = value.charCodeAt(at);
  return code === 0x20 || code === 0x09;
}
