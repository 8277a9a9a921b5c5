/**
 * Counts what a piece of code does, so that a test can say "in proportion to its length" without a
 * clock: a busy machine changes times, and never a count. The work must be synchronous.
 */

type Method = (this: unknown, ...args: readonly unknown[]) => unknown;

type Wrapping = readonly [
  owner: object,
  name: string,
  /** How much work a call was. */
  count: (result: unknown, self: unknown, args: readonly unknown[]) => number,
];

/** Bytes that `work` copies between buffers, however often it copies the same ones. */
export function countCopiedBytes(work: () => void): number {
  const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);
  return countCalls(
    [
      [Buffer.prototype, 'copy', (result) => Number(result)],
      [typedArray, 'set', (_result, _self, [from]) => lengthOf(from)],
      [typedArray, 'slice', lengthOf],
      [Buffer, 'concat', lengthOf],
      [Buffer, 'from', (_result, _self, [from]) => lengthOf(from)],
    ],
    work,
  );
}

/** Characters that `work` looks at or copies by the methods of strings; a pattern counts as one look at each. */
export function countCharactersRead(work: () => void): number {
  const whole = ['matchAll', 'split', 'trim', 'toLowerCase', 'replace', 'replaceAll'];
  return countCalls(
    [
      [String.prototype, 'charCodeAt', () => 1],
      [String.prototype, 'slice', lengthOf],
      [
        String.prototype,
        'indexOf',
        (found, text, [, from = 0]) =>
          (found === -1 ? lengthOf(text) : Number(found)) - Number(from),
      ],
      ...whole.map((name): Wrapping => [String.prototype, name, (_result, text) => lengthOf(text)]),
    ],
    work,
  );
}

/** Of bytes or of text; 0 of anything else. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string' || value instanceof String) return value.length;
  return ArrayBuffer.isView(value) || Array.isArray(value) ? (value as Uint8Array).length : 0;
}

function countCalls(wrappings: readonly Wrapping[], work: () => void): number {
  let total = 0;
  const originals = wrappings.map(([owner, name, count]) => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name)!;
    const original = descriptor.value as Method;
    Object.defineProperty(owner, name, {
      ...descriptor,
      value(this: unknown, ...args: readonly unknown[]): unknown {
        const result = Reflect.apply(original, this, args);
        total += count(result, this, args);
        return result;
      },
    });
    return { owner, name, descriptor };
  });
  try {
    work();
  } finally {
    for (const { owner, name, descriptor } of originals) {
      Object.defineProperty(owner, name, descriptor);
    }
  }
  return total;
}
