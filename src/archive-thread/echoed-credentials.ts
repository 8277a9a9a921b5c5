/**
 * Servers that repeat a credential in what they answer, as in a next link within the body. Bodies are
 * kept as they came, so the user is told (SECURITY.md). The credentials are compared in memory and stored nowhere.
 */
import type { Place } from '../core/page-request.ts';

/** The first page that was seen to hold a credential. */
export interface Echo {
  readonly place: Place;
  /** Redacted. */
  readonly url: string;
}

/** Looks for credentials in bodies until the first is found. */
export class EchoWatch {
  readonly #needles: readonly Buffer[];
  found: Echo | null = null;

  /** @param forms of all credentials, as they may stand in a body */
  constructor(forms: readonly string[]) {
    this.#needles = forms.map((value) => Buffer.from(value));
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
    `the server repeats one of your credentials in its pages, first in page ${place.position + 1} (${url}): ` +
    'the archive, which only you may read, contains it, and an output may contain it; ' +
    'check both before you share them'
  );
}
