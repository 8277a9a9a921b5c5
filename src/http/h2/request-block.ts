/**
 * Requests as header blocks. The headers of a run are one frozen object, page after page, so that
 * after the first pages everything but the path is copied.
 */
import { isSecretHeader } from '../../core/redact.ts';
import type { TransportRequest } from '../transport.ts';
import { checkFieldName, isFieldValue } from './field-rules.ts';
import { HpackEncoder, putInteger } from './hpack-encoder.ts';

const PATH = /^[\x21-\x7e]+$/;
/** Of `:path` in the static table. */
const PATH_INDEX = 4;

interface Known {
  readonly headers: TransportRequest['headers'];
  readonly method: string;
  /** The encoder's, at which these bytes mean what they should. */
  readonly generation: number;
  readonly beforePath: Uint8Array;
  readonly afterPath: Uint8Array;
}

export class RequestBlocks {
  readonly #encoder = new HpackEncoder();
  readonly #scheme: string;
  readonly #authority: string;
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
   * The block of a request; it must be sent, and before any later one.
   *
   * @throws Error for what HTTP/2 cannot carry; then nothing is to be sent
   */
  encode({ path, headers, method, body }: TransportRequest): Buffer {
    if (!PATH.test(path)) throw new Error('a path with a character that must be encoded');
    const middle: number[] = [];
    putInteger(middle, 0, 4, PATH_INDEX);
    putInteger(middle, 0, 7, path.length);
    const { beforePath, afterPath } = this.#around(headers, method);
    const length: number[] = [];
    if (body !== null) {
      this.#encoder.field(length, 'content-length', String(body.length), 'plain');
    }
    const block = Buffer.allocUnsafe(
      beforePath.length + middle.length + path.length + length.length + afterPath.length,
    );
    block.set(beforePath, 0);
    let at = beforePath.length;
    block.set(middle, at);
    at += middle.length;
    at += block.write(path, at, 'latin1');
    block.set(length, at);
    block.set(afterPath, at + length.length);
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
