const PLACES = 64;
/** Longer ones are hardly the same twice. */
const MOST_BYTES = 64;

/**
 * Strings by the bytes that they were decoded from. Some servers, nginx among them, put none of their fields
 * into the dynamic table and send the same few again with each answer: comparing their bytes takes less
 * time than making a string of them. Each has one place, which the next that belongs there takes.
 */
export class KnownStrings {
  readonly #bytes = Buffer.alloc(PLACES * MOST_BYTES);
  readonly #lengths = new Uint8Array(PLACES);
  readonly #texts = new Array<string>(PLACES).fill('');

  find(bytes: Uint8Array, start: number, end: number): string | undefined {
    const place = placeOf(bytes, start, end);
    const length = end - start;
    if (this.#lengths[place] !== length) return undefined;
    const known = this.#bytes;
    for (let at = place * MOST_BYTES, of = start; of < end; at += 1, of += 1) {
      if (known[at] !== bytes[of]) return undefined;
    }
    return this.#texts[place];
  }

  /** @param text what these bytes mean */
  keep(bytes: Buffer, start: number, end: number, text: string): void {
    if (end - start > MOST_BYTES) return;
    const place = placeOf(bytes, start, end);
    bytes.copy(this.#bytes, place * MOST_BYTES, start, end);
    this.#lengths[place] = end - start;
    this.#texts[place] = text;
  }
}

/** By its length and its last bytes: what changes from one to the next stands there. */
function placeOf(bytes: Uint8Array, start: number, end: number): number {
  const last = bytes[end - 1]! ^ (bytes[Math.max(start, end - 2)]! << 2);
  return (last ^ ((end - start) * 7)) % PLACES;
}
