interface Decimal {
  readonly isNegative: boolean;
  /** Without zeros at either end; empty for zero. */
  readonly digits: string;
  /** Power of ten of the first digit. */
  readonly magnitude: bigint;
}

/**
 * Compares two JSON numbers by their digits, whatever a double makes of them: 1.50 is 15e-1, and
 * 9007199254740993 is more than 9007199254740992. Negative, zero or positive, as for `sort`.
 */
export function compareDecimals(one: string, other: string): number {
  if (one === other) return 0;
  const [a, b] = [readDecimal(one), readDecimal(other)];
  if (a.isNegative !== b.isNegative) return a.isNegative ? -1 : 1;
  return a.isNegative ? compareMagnitudes(b, a) : compareMagnitudes(a, b);
}

function compareMagnitudes(a: Decimal, b: Decimal): number {
  if (a.digits === '' || b.digits === '') return a.digits.length - b.digits.length;
  if (a.magnitude !== b.magnitude) return a.magnitude < b.magnitude ? -1 : 1;
  if (a.digits === b.digits) return 0;
  return a.digits < b.digits ? -1 : 1;
}

function readDecimal(literal: string): Decimal {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? [];
  const leading = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = leading.replace(/0+$/, '');
  const magnitude = BigInt(exponent) - BigInt(fraction.length) + BigInt(leading.length);
  return { isNegative: sign === '-' && digits !== '', digits, magnitude };
}
