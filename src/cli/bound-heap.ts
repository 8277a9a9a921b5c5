/** Memory of V8 that is set while Node runs, since a program cannot give options to the Node that starts it. */
import { SEMI_SPACE_BYTES } from '../core/memory-budget.ts';

/** A short run needs neither the module nor the bounds. */
const LOOK_EVERY_MS = 100;

/** V8 grows the old generation to twice what lives in it, before it collects that. Its own choice is up to four times. */
const GROWTH_PERCENT = 100;

/**
 * Stops the growth of the young generation of all threads once that of this one has `SEMI_SPACE_BYTES`, and bounds that
 * of the old one. Of Nodes that are not tried yet nothing is asked: they complain of options that they do not have.
 */
export function boundHeap(): void {
  const { node, bun, deno } = process.versions;
  const major = Number.parseInt(node, 10);
  if (bun !== undefined || deno !== undefined || major < 24 || major > 26) return;
  const looking = setInterval(() => {
    const v8 = process.getBuiltinModule('node:v8');
    const young = v8.getHeapSpaceStatistics().find((it) => it.space_name === 'new_space');
    // Two of the three parts, the third is used while V8 collects. Some of a page of memory is V8's own.
    if ((young?.space_size ?? 0) < 1.9 * SEMI_SPACE_BYTES) return;
    // Not before: V8 takes no kept code of files that are loaded later (bin/load.cjs).
    v8.setFlagsFromString('--semi-space-growth-factor=1');
    v8.setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
    // So little is collected sooner than helpers are woken.
    v8.setFlagsFromString('--no-parallel-scavenge');
    clearInterval(looking);
  }, LOOK_EVERY_MS);
  looking.unref();
}
