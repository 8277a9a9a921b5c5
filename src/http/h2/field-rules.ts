/** What a header field may be in HTTP/2, of requests and of responses (RFC 9113 §8.2). */

/** A token (RFC 9110 §5.6.2) without capitals, which HTTP/2 forbids. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Line breaks, NUL and their like are what would be dangerous (RFC 9110 §5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Of the connection and not of the message: these have no place in HTTP/2 (§8.2.2). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

const MAX_SHOWN = 40;

/** @returns null, or what is wrong with a name; pseudo-headers are wrong here */
export function checkFieldName(name: string): string | null {
  if (!NAME.test(name)) return `the header name ${JSON.stringify(name.slice(0, MAX_SHOWN))}`;
  return CONNECTION_FIELDS.has(name) ? `the header ${name}, which HTTP/2 has not` : null;
}

export const isFieldValue = (value: string): boolean => VALUE.test(value);
