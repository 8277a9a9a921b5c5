/**
 * Links to the API that was recorded become links to this server, so that a client that follows them stays
 * here. JSON may write a slash as `\/`; both forms are looked for.
 */

/** What may stand in a host's name or port: where one follows, it is a link to another host. */
const GOES_ON = /[\w.:-]/;

/**
 * A function that puts `own` in the place of every one of `origins` in a text.
 *
 * @param origins as in `https://api.example.com`, without a slash at the end
 */
export function createLinkRewriter(
  origins: readonly string[],
): (text: Buffer, own: string) => Buffer {
  const needles = origins.flatMap((origin) =>
    [origin, origin.replaceAll('/', '\\/')].map((text) => Buffer.from(text)),
  );
  return (text, own) => {
    let made = text;
    for (const needle of needles) made = replaced(made, needle, own);
    return made;
  };
}

function replaced(text: Buffer, needle: Buffer, own: string): Buffer {
  let at = text.indexOf(needle);
  if (at === -1) return text;
  const isEscaped = needle.includes('\\');
  const link = Buffer.from(isEscaped ? own.replaceAll('/', '\\/') : own);
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (; at !== -1; at = text.indexOf(needle, at + needle.length)) {
    const end = at + needle.length;
    if (end < text.length && GOES_ON.test(String.fromCharCode(text[end]!))) continue;
    parts.push(text.subarray(copied, at), link);
    copied = end;
  }
  return copied === 0 ? text : Buffer.concat([...parts, text.subarray(copied)]);
}
