/** The static table of RFC 7541. */

/** RFC 7541 appendix A; index 1 is the first entry, 0 none. */
const ENTRIES: readonly (readonly [name: string, value: string])[] = [
  ['', ''],
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language', ''],
  ['accept-ranges', ''],
  ['accept', ''],
  ['access-control-allow-origin', ''],
  ['age', ''],
  ['allow', ''],
  ['authorization', ''],
  ['cache-control', ''],
  ['content-disposition', ''],
  ['content-encoding', ''],
  ['content-language', ''],
  ['content-length', ''],
  ['content-location', ''],
  ['content-range', ''],
  ['content-type', ''],
  ['cookie', ''],
  ['date', ''],
  ['etag', ''],
  ['expect', ''],
  ['expires', ''],
  ['from', ''],
  ['host', ''],
  ['if-match', ''],
  ['if-modified-since', ''],
  ['if-none-match', ''],
  ['if-range', ''],
  ['if-unmodified-since', ''],
  ['last-modified', ''],
  ['link', ''],
  ['location', ''],
  ['max-forwards', ''],
  ['proxy-authenticate', ''],
  ['proxy-authorization', ''],
  ['range', ''],
  ['referer', ''],
  ['refresh', ''],
  ['retry-after', ''],
  ['server', ''],
  ['set-cookie', ''],
  ['strict-transport-security', ''],
  ['transfer-encoding', ''],
  ['user-agent', ''],
  ['vary', ''],
  ['via', ''],
  ['www-authenticate', ''],
];

export const STATIC_NAMES: readonly string[] = ENTRIES.map(([name]) => name);
export const STATIC_VALUES: readonly string[] = ENTRIES.map(([, value]) => value);
/** The last index of the static table; the dynamic one begins behind it. */
export const STATIC_LAST = ENTRIES.length - 1;

const byName = new Map<string, number>();
const byField = new Map<string, number>();
for (let index = STATIC_LAST; index > 0; index -= 1) {
  const [name, value] = ENTRIES[index]!;
  byName.set(name, index);
  byField.set(`${name}\n${value}`, index);
}

/** Index of the first entry with this name, or 0. */
export const staticIndexOfName = (name: string): number => byName.get(name) ?? 0;

/** Index of the entry with this name and value, or 0. */
export const staticIndexOfField = (name: string, value: string): number =>
  byField.get(`${name}\n${value}`) ?? 0;
