/** What we let the server send, of one stream or of the connection (RFC 9113 §5.2, §6.9). */
export class ReceiveWindow {
  readonly #size: number;
  /** Received and not yet given back. */
  #owed = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** @returns false if the server sent more than it was allowed */
  take(bytes: number): boolean {
    this.#owed += bytes;
    return this.#owed <= this.#size;
  }

  /**
   * Whether to give back what came. At half the window: rarely enough to cost nothing, and early
   * enough that over a long way the other half is still on the road.
   */
  get isDue(): boolean {
    return this.#owed >= this.#size / 2;
  }

  /** The increment to say. */
  giveBack(): number {
    const increment = this.#owed;
    this.#owed = 0;
    return increment;
  }
}
