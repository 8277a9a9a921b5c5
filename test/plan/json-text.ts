import fc from 'fast-check';

/**
 * A JSON value as text of any layout, with numbers that a parser would round. No key is a lone
 * backslash: once V8 has seen one, `JSON.parse` reads other escaped keys as it (nodejs/node#63785).
 */
export const { jsonText } = fc.letrec<{ jsonText: string }>((tie) => {
  const space = fc.constantFrom('', '', ' ', '\n\t');
  const key = fc
    .constantFrom('a', 'b', 'c.d', '0', '1', '__proto__', 'ü', '', 'e\\')
    .map((it) => JSON.stringify(it));
  const escaped = fc.constantFrom('"\\u0061"', '"\\u0062"', '"\\""', '"]}"');
  const number = fc.oneof(
    fc.bigInt().map(String),
    fc.constantFrom('1.0', '-0', '1e5', '12345678901234567890', '0.10'),
  );
  const text = fc.oneof(
    fc.string().map((it) => JSON.stringify(it)),
    escaped,
  );
  const array = fc.array(tie('jsonText'), { maxLength: 3 });
  const member = fc.tuple(fc.oneof(key, escaped), tie('jsonText'), space);
  const object = fc.array(member, { maxLength: 4 });
  return {
    jsonText: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      number,
      text,
      fc.constantFrom('null', 'true', 'false', '{}', '[]', '{ }'),
      fc.tuple(array, space).map(([items, s]) => `[${s}${items.join(`${s},${s}`)}${s}]`),
      fc.tuple(object, space).map(([members, s]) => {
        const written = members.map(([name, value, inner]) => `${name}${inner}:${inner}${value}`);
        return `{${s}${written.join(`${s},`)}${s}}`;
      }),
    ),
  };
});
