/**
 * What a run of ordinary pages keeps in memory, share by share (issue 15): some 30 MiB, besides the heaps of two threads and
 * what a run of one page takes, about 85 MiB. Bodies above `SLOT_BYTES` may take more, up to
 * `BODY_BUDGET_BYTES`.
 */

const MIB = 1024 * 1024;

/** All bodies that are held at once, arriving or not yet committed. */
export const BODY_BUDGET_BYTES = 128 * MIB;

/** Where so much has arrived and is not committed, no request starts: the archive has enough to do meanwhile. */
export const ENOUGH_HELD_BYTES = 4 * MIB;

/** Kept for bodies that will arrive: 64 of 60 KB, or 256 of up to 16 KiB. */
export const FREE_SLAB_BYTES = 4 * MIB;

/** Memory that both threads see. A batch stands in one slot. */
export const SLOT_BYTES = MIB;
export const SLOTS = 6;

/** Decompressed bodies that wait for their turn in the output. */
export const RECENT_BYTES = 8 * MIB;

/** A block of output. Batches of 1 MiB were measured 10 % cheaper to write than 256 KiB ones. */
export const BLOCK_BYTES = MIB;

/** SQLite's cache while pages are stored: what one transaction changes, 1 MiB of bodies and its indexes, fits in. */
export const STORE_CACHE_BYTES = 4 * MIB;

/** A young generation of V8 has three parts of at most this size. 16 MiB, V8's own choice, need no less CPU. */
export const SEMI_SPACE_BYTES = 4 * MIB;
