/**
 * Servers that repeat a credential in what they answer, as in a next link within the body. Bodies are
 * kept as they came, so the user is told (SECURITY.md). The credentials are compared in memory and stored nowhere.
 */
import type { ResolvedOptions } from '../core/options.ts';
import type { Place } from '../core/page-request.ts';
import { credentialsIn, Secret } from '../core/redact.ts';
import type { PlanSource } from '../plan/plan.ts';

/** The first page that was seen to hold a credential. */
export interface Echo {
  readonly place: Place;
  /** Redacted. */
  readonly url: string;
}

/** Shorter ones stand in any text by chance. */
const SHORTEST = 8;

/** The credentials of headers and URL arguments, in the forms in which a body may repeat them. */
export function ownCredentials(
  { headers, secretParams }: ResolvedOptions,
  sources: readonly PlanSource[],
): readonly string[] {
  const given = headers.flatMap(({ value }) =>
    value instanceof Secret ? partsOf(value.reveal()) : [],
  );
  for (const source of sources) {
    if (source.kind !== 'template' && source.kind !== 'literal') continue;
    for (const value of credentialsIn(source.text, secretParams)) given.push(value);
  }
  const forms = new Set(given.filter((value) => value.length >= SHORTEST).flatMap(formsOf));
  // Each is looked for in every body: what holds another is found with that one.
  return [...forms].filter((form) => ![...forms].some((it) => it !== form && form.includes(it)));
}

/** A header's whole value, what stands after its scheme, a cookie's values, and what Basic encodes. */
export function partsOf(value: string): string[] {
  const parts = [value, ...value.split(/[;,]\s*/).map((pair) => pair.replace(/^[^=\s]*=/, ''))];
  const [, scheme, token] = /^(\S+)\s+(\S+)$/.exec(value) ?? [];
  if (token === undefined) return parts;
  parts.push(token);
  if (scheme?.toLowerCase() !== 'basic') return parts;
  const user = Buffer.from(token, 'base64').toString();
  return [...parts, user, user.slice(user.indexOf(':') + 1)];
}

/** In which a body may repeat it. */
export function formsOf(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  return [value, encodeURIComponent(value), json, json.replaceAll('/', '\\/')];
}

/** Looks for credentials in bodies until the first is found. */
export class EchoWatch {
  readonly #needles: readonly Buffer[];
  found: Echo | null = null;

  constructor(credentials: readonly string[]) {
    this.#needles = credentials.map((value) => Buffer.from(value));
  }

  /** @param body decoded */
  look(body: Uint8Array, { place, url }: Echo): void {
    if (this.found !== null) return;
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    if (this.#needles.some((needle) => bytes.includes(needle))) this.found = { place, url };
  }
}

export function echoWarning({ place, url }: Echo): string {
  return (
    `the server repeats a credential of yours in its pages, first in page ${place.position + 1} (${url}): ` +
    'it stands in the archive, which only you may read, and in an output that takes it from there; ' +
    'look before you pass them on'
  );
}
