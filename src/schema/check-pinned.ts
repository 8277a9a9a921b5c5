import { endOfString, endOfValue, keyName } from '../decode/decode.ts';
import { fitsInt64, isDouble, type Literal, readLiteral, wholeDigits } from './number-literal.ts';
import { type PinnedType, pinText } from './pinned-types.ts';
import { timeFormOf } from './time-literal.ts';
import type { JsonKind } from './types.ts';

/** A value is not of the type that is pinned for it. */
export class PinFault extends Error {
  override readonly name = 'PinFault';
}

const SHOWN = 60;

/**
 * Checks the value from `pos` on, which is not null, against the type that is pinned for it; what stands
 * within an object or a list is checked by itself.
 *
 * @param path of the value, for the message
 * @throws PinFault
 */
export function checkPinned(
  pin: PinnedType,
  kind: JsonKind,
  bytes: Uint8Array,
  pos: number,
  path: string,
): void {
  const why = whyNot(pin, kind, bytes, pos);
  if (why === null) return;
  const end = endOfValue(bytes, pos);
  const text = Buffer.from(bytes.subarray(pos, Math.min(end, pos + SHOWN))).toString();
  const value = end - pos > SHOWN ? `${text}…` : text;
  const what = path === '' ? 'it' : path;
  throw new PinFault(`${what} is ${value}, and the schema pins ${pinText(pin)}${why}`);
}

/** Null for a value that has the type; else what is to be added to that it has not. */
function whyNot(pin: PinnedType, kind: JsonKind, bytes: Uint8Array, pos: number): string | null {
  switch (pin.kind) {
    case 'null':
      return '';
    case 'boolean':
    case 'list':
      return kind === pin.kind ? null : '';
    case 'struct':
      return kind === 'object' ? null : '';
    case 'json':
      return pin.of.includes(kind) ? null : '';
    case 'integer':
    case 'decimal':
    case 'double':
      return kind === 'number' ? whyNoNumber(pin, bytes, pos) : '';
    default:
      return kind === 'string' ? whyNoText(pin.kind, bytes, pos) : '';
  }
}

function whyNoNumber(
  pin: Extract<PinnedType, { kind: 'integer' | 'decimal' | 'double' }>,
  bytes: Uint8Array,
  pos: number,
): string | null {
  const text = Buffer.from(bytes.subarray(pos, endOfValue(bytes, pos))).toString('latin1');
  const literal = readLiteral(text);
  if (pin.kind === 'double') {
    return isDouble(text, literal) ? null : ', which has fewer digits; pin "x-everypage-type"';
  }
  if (literal.digits === '') {
    return literal.isNegative ? ', which has no negative zero' : null;
  }
  if (pin.kind === 'integer') {
    if (placesOf(literal) > 0) return '';
    return fitsInt64(literal) ? null : ', which has 64 bits; pin "x-everypage-type"';
  }
  const isFit = placesOf(literal) <= pin.scale && wholeDigits(literal) <= pin.precision - pin.scale;
  return isFit ? null : ', which has fewer digits';
}

/** Digits behind the point that are not zeros at the end. */
function placesOf({ digits, exponent }: Literal): number {
  return Math.max(0, -exponent - (digits.length - digits.replace(/0+$/, '').length));
}

function whyNoText(
  kind: 'date' | 'timestamp' | 'string',
  bytes: Uint8Array,
  pos: number,
): string | null {
  const end = endOfString(bytes, pos + 1) - 1;
  if (kind === 'string') {
    const text = keyName(bytes.subarray(pos + 1, end));
    return text.isWellFormed() ? null : ', and half a surrogate pair is none';
  }
  if (timeFormOf(bytes, pos + 1, end)?.kind === kind) return null;
  const example = kind === 'date' ? '2024-02-29' : '2024-02-29T12:34:56.123Z';
  return `, as in ${example}`;
}
