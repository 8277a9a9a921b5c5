/** Deterministic page bodies, so that a test can compute what must come out at the end. */

/** Above 2^53, where neighbouring identifiers become one as floating-point numbers. */
const FIRST_ID = 2n ** 53n + 1n;
const RECORD_BYTES = 500;
const FILLER = 'the quick brown fox, "quoted", jumps over { [ two ] } lazy dogs: \\u00e9\\n '
  .replaceAll('"', '\\"')
  .repeat(1000);

/**
 * Records of page `n`, exactly as they stand in its body; about 500 bytes each. Their numbers,
 * duplicate keys and escapes do not survive `JSON.parse` and `JSON.stringify`.
 */
export function pageRecords(n: number, bytes = 5000): string[] {
  const count = Math.max(1, Math.round(bytes / RECORD_BYTES));
  // A filler unit is cut at its end only, so that no escape is split.
  const unit = FILLER.length / 1000;
  const units = Math.max(0, Math.floor((bytes / count - 110) / unit));
  const filler = FILLER.slice(0, Math.min(units, 1000) * unit);
  const records: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const id = FIRST_ID + BigInt(n * 1000 + index);
    records.push(
      `{"id":${id},"page":${n},"v":1.0,"z":-0,"e":1E+2,"k":1,"k":2,"2":0,"1":0,"name":"Zoë ${index}","text":"${filler}"}`,
    );
  }
  return records;
}

/** Page `n` without insignificant white space and without a line's end: one line of whole-page NDJSON. */
export function pageLine(n: number, bytes = 5000): string {
  return `{"page":${n},"data":{"items":[${pageRecords(n, bytes).join()}]},"next":null}`;
}

/** What a server sends for page `n`; with `spaced`, white space stands wherever JSON allows it around records. */
export function pageBody(n: number, bytes = 5000, options: { spaced?: boolean } = {}): Buffer {
  if (!options.spaced) return Buffer.from(pageLine(n, bytes));
  const records = pageRecords(n, bytes).map((record) =>
    record.replace(',"page":', ' ,\t"page" :\r\n'),
  );
  return Buffer.from(
    `\r\n { "page" : ${n},\n  "data" : {\t"items": [\n    ${records.join(' ,\r\n    ')}\n  ] } , "next": null }\n`,
  );
}
