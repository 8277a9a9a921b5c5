import fc from 'fast-check';

/** JSON text with white space, escapes, big numbers and equal keys, which no serialiser writes. */
export const oddJson = fc.letrec<{ value: string; object: string; array: string; leaf: string }>(
  (tie) => {
    const space = fc.constantFrom('', '', '', ' ', '\n', '\r\n\t ', '    ');
    const plain = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => JSON.stringify(text)),
      fc.constantFrom('"\\u0041\\/\\b"', '"\\ud83d"', '"\\\\"', '"\\""', '""', '"[{]},:"'),
    );
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.bigInt().map(String),
      fc.constantFrom('-0', '1.0', '1E+5', '0e-00', '12345678901234567890.10'),
    );
    const key = fc.oneof(
      plain,
      fc.constantFrom('"a"', '"b"', '"\\u0061"', '"__proto__"', '"constructor"'),
    );
    const joined = (open: string, items: string[], close: string): string =>
      open + items.join(',') + close;
    return {
      value: fc.oneof({ depthSize: 'small' }, tie('leaf'), tie('object'), tie('array')),
      leaf: fc.oneof(plain, number, fc.constantFrom('true', 'false', 'null')),
      object: fc
        .tuple(fc.array(fc.tuple(space, key, space, space, tie('value'), space)), space)
        .map(([members, inner]) =>
          joined(
            '{',
            members.length
              ? members.map(([a, k, b, c, v, d]) => `${a}${k}${b}:${c}${v}${d}`)
              : [inner],
            '}',
          ),
        ),
      array: fc
        .tuple(fc.array(fc.tuple(space, tie('value'), space)), space)
        .map(([items, inner]) =>
          joined('[', items.length ? items.map((parts) => parts.join('')) : [inner], ']'),
        ),
    };
  },
).value;

/**
 * The same without strings that are one backslash. Once the V8 of Node 24 has seen an object with the
 * keys `"a"` and `"\\"`, its `JSON.parse` takes the `"\u0061"` in `{"a":0,"\u0061":1}` for `"\\"`.
 */
export const oddJsonForParse = oddJson.map((text) => text.replaceAll('"\\\\"', '"/"'));
