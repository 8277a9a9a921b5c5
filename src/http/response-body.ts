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
const MOST_SLAB_BYTES = 32 * 1024 * 1024;

/** Buffers that hold nothing but one large body, or part of it. */
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
    // As much again as there is: the system gives memory only to what is written, and takes back at once
    // what is freed in large pieces.
    const own = size === SLAB_BYTES ? clamp(this.#bytes, size, MOST_SLAB_BYTES) : size;
    this.#joined = size === SLAB_BYTES ? Buffer.allocUnsafeSlow(own) : Buffer.allocUnsafe(own);
    if (size === SLAB_BYTES) slabs.add(this.#joined.buffer);
    this.#joinedTo = 0;
    this.#isLastJoined = false;
    return own;
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

/** All in one piece, which `freeChunks` frees too; they themselves may no longer be read. */
export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array {
  const [first = Buffer.alloc(0)] = chunks;
  if (chunks.length === 1) return first;
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
  const whole = bytes > LARGE_BYTES ? Buffer.allocUnsafeSlow(bytes) : Buffer.allocUnsafe(bytes);
  if (bytes > LARGE_BYTES) slabs.add(whole.buffer);
  moveChunks(chunks, whole, 0);
  return whole;
}

/**
 * Copies them to `target` and frees each as soon as it is copied, so that a large body is never in
 * memory twice. Returns where the copy ends.
 */
export function moveChunks(chunks: readonly Uint8Array[], target: Uint8Array, at: number): number {
  let to = at;
  for (const [index, chunk] of chunks.entries()) {
    target.set(chunk, to);
    to += chunk.length;
    if (chunks[index + 1]?.buffer !== chunk.buffer) freeChunks([chunk]);
  }
  return to;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** What may come of bodies that stand still: windows that were given before, reads of sockets. */
export const OUTSTANDING_BYTES = 32 * 1024 * 1024;
/** Kept free for the rest of the body that goes on in any case, where its length was not stated. */
const RESERVED_BYTES = 64 * 1024 * 1024;
/** Kept free for the copy that a body needs on its way to the archive. */
const COPIED_BYTES = 16 * 1024 * 1024;

export interface ArrivingBody {
  readonly bodyBytes: number;
  /** As stated, or -1. */
  readonly statedBytes: number;
  /** More may come again. */
  goOn(): void;
}

/**
 * How much of bodies may arrive before some of it is gone: one budget for those that arrive and those
 * that the caller still holds (docs/limits-and-retries.md, Memory). Beyond it no more is read: HTTP/2's
 * windows stay closed, or the socket is left unread. Only the body that began first continues, unless
 * the caller holds bodies, which it will release. So at least one body always ends.
 */
export class BodyRoom {
  readonly #mostBytes: number;
  readonly #reservedBytes: number;
  readonly #onBytes: ((bytes: number) => void) | undefined;
  /** In the order in which they began. */
  readonly #arriving = new Set<ArrivingBody>();
  readonly #standing = new Set<ArrivingBody>();
  #arrivedBytes = 0;
  #heldBytes = 0;
  #isLooking = false;

  constructor(budgetBytes: number, maxBodyBytes: number, onBytes?: (bytes: number) => void) {
    this.#onBytes = onBytes;
    this.#reservedBytes = Math.min(RESERVED_BYTES, maxBodyBytes, budgetBytes / 2);
    this.#mostBytes = budgetBytes - Math.min(OUTSTANDING_BYTES + COPIED_BYTES, budgetBytes / 4);
  }

  /** What the caller holds of bodies that it was given. */
  setHeldBytes(bytes: number): void {
    const isLess = bytes < this.#heldBytes;
    this.#heldBytes = bytes;
    if (isLess) this.#lookLater();
  }

  begin(body: ArrivingBody): void {
    this.#arriving.add(body);
  }

  take(bytes: number): void {
    this.#arrivedBytes += bytes;
    this.#onBytes?.(this.#arrivedBytes + this.#heldBytes);
  }

  /** A body is over, well or not; `bytes` of it had come. */
  end(body: ArrivingBody, bytes: number): void {
    if (!this.#arriving.delete(body)) return;
    this.#standing.delete(body);
    this.#arrivedBytes -= bytes;
    // Later, when the caller has said that it holds the body now.
    this.#lookLater();
  }

  /** Whether more of a body may come now. If not, it is told when it may. */
  mayGoOn(body: ArrivingBody): boolean {
    if (this.#isRoomFor(body)) return true;
    this.#standing.add(body);
    return false;
  }

  isStanding(body: ArrivingBody): boolean {
    return this.#standing.has(body);
  }

  #isRoomFor(body: ArrivingBody): boolean {
    const bytes = this.#arrivedBytes + this.#heldBytes;
    if (bytes + this.#reservedBytes <= this.#mostBytes) return true;
    const [first] = this.#arriving;
    if (first === body && this.#heldBytes === 0) return true;
    return bytes + this.#restOf(first) <= this.#mostBytes;
  }

  #restOf(first: ArrivingBody | undefined): number {
    if (first === undefined) return 0;
    const { statedBytes, bodyBytes } = first;
    const whole = statedBytes >= 0 ? statedBytes : this.#reservedBytes;
    return Math.max(0, Math.min(whole, this.#reservedBytes) - bodyBytes);
  }

  #lookLater(): void {
    if (this.#isLooking || this.#standing.size === 0) return;
    this.#isLooking = true;
    setImmediate(() => {
      this.#isLooking = false;
      for (const body of this.#standing) {
        if (!this.#isRoomFor(body)) continue;
        this.#standing.delete(body);
        body.goOn();
      }
    });
  }
}
