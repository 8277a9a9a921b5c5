/** 64 bits of each text, so that a list of millions can be compared without holding it. */
export class TextHashes {
  readonly #hashes: BigUint64Array<ArrayBuffer>;
  /** The same memory, two numbers for each text. */
  readonly #halves: Uint32Array;
  #count = 0;

  constructor(most: number) {
    this.#hashes = new BigUint64Array(most);
    this.#halves = new Uint32Array(this.#hashes.buffer);
  }

  /** The text from `start` to `end` (exclusive). */
  add(bytes: Uint8Array, start: number, end: number): void {
    let [a, b] = [0x811c9dc5, 0x9e3779b9];
    for (let at = start; at < end; at++) {
      a = Math.imul(a ^ bytes[at]!, 0x01000193);
      b = Math.imul(b + bytes[at]!, 0x85ebca6b);
      b ^= b >>> 13;
    }
    this.#halves[2 * this.#count] = a ^ (b >>> 16);
    this.#halves[2 * this.#count + 1] = b;
    this.#count++;
  }

  /** Among ten million, one text in 400,000 cases is taken for another. Nothing more can be done with it then. */
  areDistinct(): boolean {
    this.#hashes.subarray(0, this.#count).sort();
    const halves = this.#halves;
    let areDistinct = true;
    for (let at = 2; at < 2 * this.#count; at += 2) {
      if (halves[at] === halves[at - 2] && halves[at + 1] === halves[at - 1]) areDistinct = false;
    }
    // Of millions it is much, and garbage is found late.
    this.#hashes.buffer.transfer(0);
    return areDistinct;
  }
}
