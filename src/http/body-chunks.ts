/**
 * What has come of one body. Small pieces are copied together, and so is what comes of a large body:
 * pieces are views of what was read from a socket, which holds bytes of other bodies too, and goes only
 * when all of them have gone. Of copies we know that nobody else needs them, and free them at once.
 */

/** A server that sends byte by byte would have each of them hold a whole read of the socket. */
const SMALL_BYTES = 256;
const JOINED_BYTES = 2048;
/** From here on a body is copied: of so many bytes a copy costs little, and what it holds counts. */
const LARGE_BYTES = 1024 * 1024;
const SLAB_BYTES = 1024 * 1024;

/** Buffers that hold nothing but part of one large body. */
const slabs = new WeakSet<ArrayBufferLike>();

export class BodyChunks {
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  /** Where pieces are copied to, and which part of it the last chunk is. */
  #joined: Buffer | null = null;
  #joinedFrom = 0;
  #joinedTo = 0;
  #isLastJoined = false;

  get bytes(): number {
    return this.#bytes;
  }

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > LARGE_BYTES) {
      for (let at = 0; at < chunk.length; ) {
        const part = chunk.subarray(at, at + this.#roomFor(SLAB_BYTES, 1));
        this.#join(part);
        at += part.length;
      }
    } else if (chunk.length < SMALL_BYTES && this.#chunks.length > 0) {
      this.#roomFor(JOINED_BYTES, chunk.length);
      this.#join(chunk);
    } else {
      this.#chunks.push(chunk);
      this.#isLastJoined = false;
    }
  }

  /** Gives them away. */
  take(): readonly Uint8Array[] {
    const chunks = this.#chunks;
    this.#forget();
    return chunks;
  }

  drop(): void {
    freeChunks(this.#chunks);
    this.#forget();
  }

  #forget(): void {
    this.#chunks = [];
    this.#bytes = 0;
    this.#joined = null;
    this.#isLastJoined = false;
  }

  /** Bytes that are left in the buffer for copies; a new one of `size` where they are fewer than `least`. */
  #roomFor(size: number, least: number): number {
    const isFit =
      this.#joined !== null && (size === JOINED_BYTES || slabs.has(this.#joined.buffer));
    const left = isFit ? this.#joined!.length - this.#joinedTo : 0;
    if (left >= least) return left;
    this.#joined = size === SLAB_BYTES ? Buffer.allocUnsafeSlow(size) : Buffer.allocUnsafe(size);
    if (size === SLAB_BYTES) slabs.add(this.#joined.buffer);
    this.#joinedTo = 0;
    this.#isLastJoined = false;
    return size;
  }

  /** There is room. */
  #join(chunk: Uint8Array): void {
    const joined = this.#joined!;
    if (this.#isLastJoined) this.#chunks.pop();
    else this.#joinedFrom = this.#joinedTo;
    joined.set(chunk, this.#joinedTo);
    this.#joinedTo += chunk.length;
    this.#chunks.push(joined.subarray(this.#joinedFrom, this.#joinedTo));
    this.#isLastJoined = true;
  }
}

/**
 * Lets go of the memory of large bodies now instead of when it is next looked for; of others nothing
 * happens. None of the chunks may be read any more.
 */
export function freeChunks(chunks: readonly Uint8Array[]): void {
  for (const { buffer } of chunks) {
    if (slabs.has(buffer) && buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
  }
}
