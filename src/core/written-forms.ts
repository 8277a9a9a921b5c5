/** In which ways a credential may be written in a text: percent-encoded, escaped, within base64. */
import { percentDecoded } from './escape.ts';

export function bodyFormsOf(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  return [value, encodeURIComponent(value.toWellFormed()), json, json.replaceAll('/', '\\/')];
}

interface Form {
  readonly id: string;
  readonly text: string;
}

/** As it is, and within base64: behind none, one or two bytes of a group of three. */
export function formsOf(value: string): readonly Form[] {
  const forms = [{ id: 'p', text: value.toWellFormed() }];
  for (let before = 0; before < 3; before++) {
    const text = withinBase64(value, before);
    forms.push({ id: `b${before}`, text });
    const forUrls = text.replaceAll('+', '-').replaceAll('/', '_');
    if (forUrls !== text) forms.push({ id: `u${before}`, text: forUrls });
  }
  return forms;
}

/** A link may stand in a link. */
const DEEPEST_ENCODING = 3;

/** A text as it is and percent-encoded, each by what tells it from the others. */
export function writingsOf(text: string): readonly (readonly [id: string, written: string])[] {
  const writings: [string, string][] = [['', text]];
  let upper = text;
  let lower = text;
  for (let times = 1; times <= DEEPEST_ENCODING; times++) {
    upper = encodeURIComponent(upper);
    lower = encodeURIComponent(lower).replaceAll(/%../g, (hex) => hex.toLowerCase());
    writings.push([`e${times}`, upper], [`l${times}`, lower]);
  }
  return writings;
}

/** The characters that only the value decides, whatever stands before and behind it. */
function withinBase64(value: string, before: number): string {
  const bytes = Buffer.from(value);
  const whole = Buffer.concat([Buffer.alloc(before), bytes, Buffer.alloc(2)]).toString('base64');
  const from = Math.ceil((8 * before) / 6);
  return whole.slice(from, Math.floor((8 * (before + bytes.length)) / 6));
}

/**
 * A text in all ways to write it: JSON inside JSON has more backslashes, a URL inside a URL more `%25`
 * (bounded, so that no text takes long), and `%2F` equals `%2f`.
 */
export function however(text: string): string {
  return Array.from(text, (character) => {
    if (/^[a-z0-9]$/i.test(character)) return character;
    const own = character.replace(/[^\w\s]/u, '\\$&');
    const percent = [...Buffer.from(character)].map((byte) => `%(?:25){0,4}${hexOf(byte, 2)}`);
    const json = character.split('').map((unit) => `\\\\{1,8}u${hexOf(unit.charCodeAt(0), 4)}`);
    const space = character === ' ' ? '|\\+' : '';
    return `(?:\\\\{0,8}${own}|${percent.join('')}|${json.join('')}${space})`;
  }).join('');
}

function hexOf(code: number, digits: number): string {
  const hex = code.toString(16).padStart(digits, '0');
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** One writing for all that `however` matches. */
export function unescaped(text: string): string {
  let rest = text
    .replace(/\\+u([0-9a-f]{4})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    .replaceAll('\\', '')
    .replaceAll('+', ' ');
  for (let decoded = percentDecoded(rest); decoded !== rest; decoded = percentDecoded(rest)) {
    rest = decoded;
  }
  return rest.replaceAll('+', ' ');
}
