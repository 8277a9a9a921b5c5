/**
 * The part of one body that has arrived. It is copied: pieces are views of what was read from a socket, which is read
 * into again. Memory that bodies have used before is already there for the process; new memory costs more
 * than the copy. Nobody else needs the copies, so a large one is freed at once.
 */

import { FREE_SLAB_BYTES } from '../core/memory-budget.ts';

const SLAB_BYTES = 16 * 1024;
/** From here on a body goes on in slabs of this size, and then in larger ones. */
const LARGE_BYTES = 1024 * 1024;
const MOST_SLAB_BYTES = 4 * 1024 * 1024;
const MOST_FREE_SLABS = FREE_SLAB_BYTES / SLAB_BYTES;

/** For bodies that have not come yet. What is not written to takes no memory, but some systems set it aside. */
const MOST_LARGE_BYTES = 256 * 1024 * 1024;

/** Bytes of large slabs that are still being filled. */
let largeBytes = 0;
/** What the next bodies go to. */
const freeSlabs: ArrayBufferLike[] = [];
/** Chunks that nobody has freed; all but the large ones fill a slab from its beginning. */
const unfreed = new WeakSet<readonly Uint8Array[]>();

const NO_CHUNKS: readonly Uint8Array[] = [];

export class BodyChunks {
  #chunks = NO_CHUNKS;
  #bytes = 0;
  /** Where the last chunk grows. */
  #slab: Buffer | null = null;
  #slabBytes = 0;
  #statedBytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** States how many bytes will come, so that a large body stands in one slab. Call it before `add`. */
  expect(statedBytes: number): void {
    this.#statedBytes = statedBytes;
  }

  add(bytes: Buffer, start = 0, end = bytes.length): void {
    for (let at = start; at < end; ) {
      const copied = bytes.copy(this.#slabWithRoom(), this.#slabBytes, at, end);
      this.#slabBytes += copied;
      this.#bytes += copied;
      at += copied;
    }
  }

  /** Gives them away. */
  take(): readonly Uint8Array[] {
    this.#endSlab();
    const chunks = this.#chunks;
    unfreed.add(chunks);
    this.#chunks = NO_CHUNKS;
    this.#bytes = 0;
    this.#statedBytes = 0;
    return chunks;
  }

  drop(): void {
    freeChunks(this.take());
  }

  #slabWithRoom(): Buffer {
    if (this.#slab !== null && this.#slabBytes < this.#slab.length) return this.#slab;
    this.#endSlab();
    const size = this.#nextSlabBytes();
    if (size > SLAB_BYTES) {
      this.#slab = Buffer.allocUnsafeSlow(size);
      largeBytes += size;
    } else {
      const memory = freeSlabs.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES).buffer;
      this.#slab = Buffer.from(memory, 0, size);
    }
    return this.#slab;
  }

  #nextSlabBytes(): number {
    const left = this.#statedBytes - this.#bytes;
    if (left >= LARGE_BYTES && largeBytes + left <= MOST_LARGE_BYTES) return left;
    if (left > 0 && left < SLAB_BYTES) return left;
    if (this.#bytes < LARGE_BYTES) return SLAB_BYTES;
    // As much again as there is.
    return Math.min(this.#bytes, MOST_SLAB_BYTES);
  }

  #endSlab(): void {
    if (this.#slab !== null) {
      const isFull = this.#slabBytes === this.#slab.length;
      const chunk = isFull ? this.#slab : this.#slab.subarray(0, this.#slabBytes);
      this.#chunks = [...this.#chunks, chunk];
      if (this.#slab.length > SLAB_BYTES) largeBytes -= this.#slab.length;
    }
    this.#slab = null;
    this.#slabBytes = 0;
  }
}

/**
 * Gives the memory of a body to the next one, or that of a large body back to the system now instead of
 * when it is next looked for. None of the chunks may be read any more.
 */
export function freeChunks(chunks: readonly Uint8Array[]): void {
  if (unfreed.delete(chunks)) for (const chunk of chunks) freeChunk(chunk);
}

function freeChunk({ buffer }: Uint8Array): void {
  const isKept = buffer.byteLength === SLAB_BYTES && freeSlabs.length < MOST_FREE_SLABS;
  if (isKept) freeSlabs.push(buffer);
  else (buffer as ArrayBuffer).transfer(0);
}

/** All in one chunk, which `freeChunks` frees where it is large; they themselves may no longer be read. */
export function joinChunks(chunks: readonly Uint8Array[]): readonly [Uint8Array] {
  const [one, another] = chunks;
  if (one !== undefined && another === undefined && one.length > LARGE_BYTES) {
    return chunks as readonly [Uint8Array];
  }
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
  const whole = bytes > LARGE_BYTES ? Buffer.allocUnsafeSlow(bytes) : Buffer.allocUnsafe(bytes);
  moveChunks(chunks, whole, 0);
  const joined = [whole] as const;
  if (bytes > LARGE_BYTES) unfreed.add(joined);
  return joined;
}

/**
 * Copies them to `target` and frees each as soon as it is copied, so that a large body is never in
 * memory twice. Returns where the copy ends.
 */
export function moveChunks(chunks: readonly Uint8Array[], target: Uint8Array, at: number): number {
  const isOurs = unfreed.delete(chunks);
  let to = at;
  for (const chunk of chunks) {
    target.set(chunk, to);
    to += chunk.length;
    if (isOurs) freeChunk(chunk);
  }
  return to;
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
