/** What disks, copies and people do to files, as plain data, so that a failure can be read and played again. */
import fc from 'fast-check';

/** Positions are shares of the file's length. */
export type Damage =
  | { readonly kind: 'bit'; readonly at: number; readonly bit: number }
  /** One byte near the beginning of a database page, where its structure stands. */
  | { readonly kind: 'head'; readonly at: number; readonly offset: number; readonly byte: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'filled'; readonly at: number; readonly unit: number; readonly byte: number }
  /** One block written over another, or two that changed places. */
  | {
      readonly kind: 'moved';
      readonly at: number;
      readonly to: number;
      readonly unit: number;
      readonly isSwap: boolean;
    }
  | { readonly kind: 'longer'; readonly noise: Uint8Array };

const SQLITE_PAGE = 16_384;
const SECTOR = 512;

const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

export const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant('bit' as const), at: share, bit: fc.nat(7) }),
  fc.record({
    kind: fc.constant('head' as const),
    at: share,
    offset: fc.nat(120),
    byte: fc.nat(255),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: share }),
  fc.record({
    kind: fc.constant('filled' as const),
    at: share,
    unit: fc.constantFrom(SECTOR, 4096, SQLITE_PAGE),
    byte: fc.constantFrom(0, 0, 0xff, 0x55),
  }),
  fc.record({
    kind: fc.constant('moved' as const),
    at: share,
    to: share,
    unit: fc.constantFrom(SECTOR, SQLITE_PAGE),
    isSwap: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('longer' as const),
    noise: fc.uint8Array({ minLength: 1, maxLength: 600 }),
  }),
);

/** The bytes after the damage; `bytes` stay as they are. */
export function harmed(bytes: Buffer, harm: Damage): Buffer {
  if (harm.kind === 'longer') return Buffer.concat([bytes, harm.noise]);
  const placeOf = (at: number, unit = 1): number => Math.floor((at * bytes.length) / unit) * unit;
  if (harm.kind === 'cut') return bytes.subarray(0, placeOf(harm.at));
  if (bytes.length === 0) return bytes;
  const copy = Buffer.from(bytes);
  switch (harm.kind) {
    case 'bit':
      copy[placeOf(harm.at)]! ^= 1 << harm.bit;
      break;
    case 'head': {
      const at = placeOf(harm.at, SQLITE_PAGE) + harm.offset;
      if (at < copy.length) copy[at] = harm.byte;
      break;
    }
    case 'filled':
      copy.subarray(placeOf(harm.at, harm.unit)).subarray(0, harm.unit).fill(harm.byte);
      break;
    case 'moved': {
      const [from, to] = [placeOf(harm.at, harm.unit), placeOf(harm.to, harm.unit)];
      bytes.copy(copy, to, from, from + harm.unit);
      if (harm.isSwap) bytes.copy(copy, from, to, to + harm.unit);
    }
  }
  return copy;
}
