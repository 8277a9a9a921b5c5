/**
 * The path of a request in a header block (RFC 7541), for a server that wants nothing else: what is
 * in the dynamic table is passed over. Null where it is Huffman-coded; everypage never does that.
 */
export function readPath(block: Buffer): string | null {
  let at = 0;
  let path: string | null = null;

  function integer(prefixBits: number): number {
    const most = (1 << prefixBits) - 1;
    let value = block[at++]! & most;
    if (value < most) return value;
    for (let shift = 0; at < block.length; shift += 7) {
      const byte = block[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  }

  function text(): string | null {
    const isHuffman = (block[at]! & 0x80) !== 0;
    const length = integer(7);
    at += length;
    return isHuffman ? null : block.toString('latin1', at - length, at);
  }

  while (at < block.length) {
    const first = block[at]!;
    if (first >= 0x80) integer(7);
    else if (first >> 5 === 1) integer(5);
    else {
      const index = integer(first >= 0x40 ? 6 : 4);
      const name = index === 0 ? text() : null;
      const value = text();
      // 4 and 5 are `:path` in the static table.
      if (index === 4 || index === 5 || name === ':path') path = value;
    }
  }
  return path;
}
