const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Below this length a loop beats the call that copies a whole range. */
const LOOP_BYTES = 48;

/**
 * Copies bytes `start` to `end` of `source` to `target` at `at`, unchanged. Returns where the copy
 * ends. `target` must have room.
 */
export function copyRange(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  if (end - start < LOOP_BYTES) {
    for (let pos = start; pos < end; pos++) target[at++] = source[pos]!;
    return at;
  }
  target.set(source.subarray(start, end), at);
  return at + end - start;
}

/**
 * The range, which is valid JSON, as bytes of its own without insignificant white space. For many
 * ranges `copyCompact` into one buffer is cheaper.
 */
export function compactRange(source: Uint8Array, start: number, end: number): Uint8Array {
  const target = new Uint8Array(end - start);
  return target.subarray(0, copyCompact(target, 0, source, start, end));
}

/**
 * Copies a range that is valid JSON without its insignificant white space (RFC 8259 §2); every
 * other byte stays as it is. Returns where the copy ends. `target` must have room for the range
 * as it stands.
 */
export function copyCompact(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  let pos = start;
  while (pos < end) {
    const c = source[pos++]!;
    if (c <= SPACE) continue;
    target[at++] = c;
    if (c !== QUOTE) continue;
    let inside = source[pos++]!;
    target[at++] = inside;
    while (inside !== QUOTE) {
      if (inside === BACKSLASH) target[at++] = source[pos++]!;
      inside = source[pos++]!;
      target[at++] = inside;
    }
  }
  return at;
}
