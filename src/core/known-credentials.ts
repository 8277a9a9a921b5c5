/**
 * The one home of withholding: the credentials of a run are taken out of all text that is shown or
 * stored, whoever wrote it. A server may repeat a credential anywhere: in a header, in a next URL under
 * another name, in an error. Only bodies are kept as they came.
 */

import { credentialsIn, isSecretName, redactUrl, Secret } from './redact.ts';
import { bodyFormsOf, formsOf, however, unescaped, writingsOf } from './written-forms.ts';

/** A credential, and a name for it that stays when its value is renewed. */
export interface NamedCredential {
  readonly name: string;
  readonly value: string;
}

/** Shorter ones stand in any text by chance. */
const SHORTEST = 8;
/** In what a server says of a failure; shorter words than this stand in any page. */
const SHORTEST_SAID = 4;
/** The most bytes of a request's body that are searched for credentials. */
const MOST_BYTES = 262_144;

/** What stands in the place of a credential that is stored: `REDACTED~authorization-1-pe1~`. */
const MARK = 'REDACTED~';
const MARKED = /REDACTED~(?:~|([\w-]+)~)/g;

export class KnownCredentials {
  readonly secretParams: readonly string[];
  readonly #given: readonly NamedCredential[];
  readonly #shortest: number;
  /** Finds what must not be seen, and marks that are not ours. */
  readonly #pattern: RegExp;
  /** Texts as they are found, with their marks, and back. */
  readonly #marks = new Map<string, string>();
  readonly #texts = new Map<string, string>();
  /** Characters of the longest form, and of the shortest; Infinity where none was given. */
  readonly longest: number;
  readonly #least: number;
  #said: KnownCredentials | null = null;
  #last: { readonly key: string; readonly known: KnownCredentials } | null = null;

  constructor(
    given: readonly NamedCredential[],
    secretParams: readonly string[],
    shortest = SHORTEST,
  ) {
    this.#given = given;
    this.#shortest = shortest;
    this.secretParams = secretParams;
    const forms = given
      .filter(({ value }) => value.length >= shortest)
      .flatMap(({ name, value }) =>
        formsOf(value).map(({ id, text }) => ({ text, mark: `${name}-${id}` })),
      );
    // One may be a part of another.
    forms.sort((a, b) => b.text.length - a.text.length);
    for (const { mark, text } of forms) {
      for (const [id, written] of writingsOf(text)) {
        if (!this.#marks.has(written)) this.#marks.set(written, mark + id);
        this.#texts.set(mark + id, written);
      }
      const plain = unescaped(text);
      if (!this.#marks.has(plain)) this.#marks.set(plain, `${mark}e1`);
    }
    const patterns = new Set(forms.map(({ text }) => however(text)));
    this.#pattern = new RegExp([`${MARK}(?:[\\w-]*~)?`, ...patterns].join('|'), 'g');
    this.longest = forms[0]?.text.length ?? 0;
    this.#least = forms.at(-1)?.text.length ?? Number.POSITIVE_INFINITY;
  }

  /** None was given, so that nothing is to be withheld but what single URLs hold. */
  get isEmpty(): boolean {
    return this.longest === 0;
  }

  /** A URL as it is stored: without the values of secret parameters, and sealed. */
  url(url: string): string {
    return this.seal(redactUrl(url, this.secretParams));
  }

  /** Each credential becomes a mark, different ones different marks; `open` makes it whole again. */
  seal(text: string): string {
    if (text.length < this.#least && !text.includes(MARK)) return text;
    return text.replace(this.#pattern, (found) => {
      // A server that writes a mark must not be given what it stands for.
      if (found.startsWith(MARK)) return `${MARK}~${found.slice(MARK.length)}`;
      const mark = this.#marks.get(found) ?? this.#marks.get(unescaped(found));
      return mark === undefined ? 'REDACTED' : `${MARK}${mark}~`;
    });
  }

  /** The same for text in UTF-8, which may be large: the bytes themselves where nothing is found. */
  sealBytes(bytes: Uint8Array): Uint8Array {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.isEmpty && !text.includes(MARK)) return bytes;
    const whole = text.toString();
    const sealed = this.seal(whole);
    return sealed === whole ? bytes : Buffer.from(sealed);
  }

  /** Sealed text with the credentials that are known now. */
  open(text: string): string {
    if (!text.includes(MARK)) return text;
    return text.replace(MARKED, (mark, name: string | undefined) =>
      name === undefined ? MARK : (this.#texts.get(name) ?? mark),
    );
  }

  /** The text as it is shown, sealed or not. */
  withhold(text: string): string {
    if (text.length < this.#least && !text.includes(MARK)) return text;
    return text.replace(this.#pattern, 'REDACTED');
  }

  sealIn<T>(value: T): T {
    return changeStrings(value, (text) => this.seal(text));
  }

  openIn<T>(value: T): T {
    return changeStrings(value, (text) => this.open(text));
  }

  withholdIn<T>(value: T): T {
    if (this.isEmpty) return value;
    return changeStrings(value, (text) => this.withhold(text));
  }

  /** With those in this URL, which a list of URLs may hold one by one. */
  of(url: string): KnownCredentials {
    if (redactUrl(url, this.secretParams) === url) return this;
    const own = namedIn(url, this.secretParams);
    if (own.every(({ value }) => this.#given.some((known) => known.value === value))) return this;
    const key = JSON.stringify(own);
    if (this.#last?.key !== key) {
      const all = [...this.#given, ...own];
      this.#last = { key, known: new KnownCredentials(all, this.secretParams, this.#shortest) };
    }
    return this.#last.known;
  }

  /** Withholds short credentials too, for text in which a server speaks of them. */
  forSaid(): KnownCredentials {
    this.#said ??= new KnownCredentials(this.#given, this.secretParams, SHORTEST_SAID);
    return this.#said;
  }

  /** For another thread of ours. */
  reveal(): readonly NamedCredential[] {
    return this.#given;
  }

  /** As they may stand in a body. */
  bodyForms(): readonly string[] {
    const values = this.#given.map(({ value }) => value).filter(({ length }) => length >= SHORTEST);
    const forms = [...new Set(values.flatMap(bodyFormsOf))];
    // Each is looked for in every body: what holds another is found with that one.
    return forms.filter((form) => !forms.some((it) => it !== form && form.includes(it)));
  }
}

/** What a request sends of the user's own. */
interface Sent {
  readonly headers: readonly { readonly name: string; readonly value: string | Secret }[];
  readonly body: Uint8Array | null;
  readonly secretParams: readonly string[];
}

/** The credentials of headers, a body, URLs and a proxy's user info. */
export function namedCredentials(
  { headers, body, secretParams }: Sent,
  urls: readonly string[],
  proxyAuthorization: string | null,
): readonly NamedCredential[] {
  return [
    ...headers.flatMap(({ name, value }) =>
      value instanceof Secret ? numbered(name, partsOf(value.reveal())) : [],
    ),
    ...urls.flatMap((url) => namedIn(url, secretParams)),
    ...numbered('body', body === null ? [] : secretsOfBody(body, secretParams)),
    ...numbered('proxy', proxyAuthorization === null ? [] : partsOf(proxyAuthorization)),
  ];
}

function namedIn(url: string, secretParams: readonly string[]): readonly NamedCredential[] {
  return numbered('url', [...credentialsIn(url, secretParams)]);
}

function numbered(of: string, values: readonly string[]): readonly NamedCredential[] {
  const name = of.replaceAll(/[^a-z0-9-]/gi, '');
  return values.map((value, index) => ({ name: `${name}-${index}`, value }));
}

/** A header's whole value, what stands after its scheme, a cookie's values, and what Basic encodes. */
function partsOf(value: string): string[] {
  const parts = [value, ...value.split(/[;,]\s*/).map((pair) => pair.replace(/^[^=\s]*=/, ''))];
  const [, scheme, token] = /^(\S+)\s+(\S+)$/.exec(value) ?? [];
  if (token === undefined) return parts;
  parts.push(token);
  if (scheme?.toLowerCase() !== 'basic') return parts;
  const user = Buffer.from(token, 'base64').toString();
  return [...parts, user, user.slice(user.indexOf(':') + 1)];
}

/** JSON and forms alike: what stands before a colon or an equals sign is a name. */
export const FIELD =
  /\b([\w.[\]%-]{1,64})(["']?\s{0,9}[:=]\s{0,9})("(?:[^"\\]|\\.)*"?|[^\s"'&,;}]+)/g;

function secretsOfBody(body: Uint8Array, secretParams: readonly string[]): string[] {
  const text = new TextDecoder().decode(body.subarray(0, MOST_BYTES));
  return [...text.matchAll(FIELD)]
    .filter(([, name]) => isSecretName(name!, secretParams))
    .map(([, , , value]) => plain(value!));
}

function plain(value: string): string {
  try {
    return value.startsWith('"') ? String(JSON.parse(value)) : decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Our own words, by which events and summaries are told apart, and the user's own paths. */
const OURS = new Set([
  ...['type', 'phase', 'state', 'code', 'kind', 'cause', 'name', 'style'],
  ...['archivePath', 'destination'],
]);

/** The value itself where nothing in it changes. */
function changeStrings<T>(value: T, change: (text: string) => string): T;
function changeStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  let changed: Record<string, unknown> | null = null;
  for (const [name, each] of Object.entries(value)) {
    const now = OURS.has(name) ? each : changeStrings(each, change);
    if (now === each) continue;
    changed ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
    changed[name] = now;
  }
  return changed ?? value;
}
