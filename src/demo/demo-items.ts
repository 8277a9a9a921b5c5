/** Numbers in [0, 1) that depend on the seed alone (mulberry32, public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const GIVEN = ['Amara', 'Björn', 'Chloé', 'Dmitri', 'Elena', 'Farid', 'Grace', 'Hiroshi', 'Inês'];
const FAMILY = ['Okafor', 'Lindqvist', 'Moreau', 'Petrov', 'Rossi', 'Haddad', "O'Neill", 'Tanaka'];
const PLACES = [
  ['Lisbon', 'PT', 38.7223, -9.1393],
  ['Kraków', 'PL', 50.0647, 19.945],
  ['Nairobi', 'KE', -1.2921, 36.8219],
  ['Osaka', 'JP', 34.6937, 135.5023],
  ['São Paulo', 'BR', -23.5505, -46.6333],
  ['Toronto', 'CA', 43.6532, -79.3832],
] as const;
const TAGS = ['new', 'trial', 'partner', 'wholesale', 'eu', 'priority', 'archived'];

/** Above 2^53, where neighbouring identifiers become one as floating-point numbers. */
const FIRST_ID = 9_007_199_254_740_993n;

/**
 * One page's body: `{"data":{"items":[…]},"page":n,"pages":m}`. The records are written as text, not
 * by JSON.stringify, which can write neither a 64-bit identifier nor `1.0`.
 */
export function demoPage(seed: number, page: number, pages: number, records: number): string {
  const random = seededRandom(seed * 7919 + page);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const items: string[] = [];
  for (let index = 0; index < records; index += 1) {
    const id = FIRST_ID + BigInt((page - 1) * records + index);
    const given = pick(GIVEN);
    const family = pick(FAMILY);
    const [city, country, latitude, longitude] = pick(PLACES);
    const created = new Date(1_600_000_000_000 + Math.floor(random() * 1.5e8) * 1000).toISOString();
    const address = `{"city":"${city}","country":"${country}","position":[${latitude},${longitude}]}`;
    const rating = (1 + Math.floor(random() * 9) / 2).toFixed(1);
    const balance = (random() * 5000 - 500).toFixed(2);
    const tags = TAGS.filter(() => random() < 0.25).map((tag) => `"${tag}"`);
    items.push(
      `{"id":${id},"name":"${given} ${family}","created_at":"${created}","active":${random() < 0.8},` +
        `"rating":${rating},"balance":${balance},"address":${address},"tags":[${tags.join()}],` +
        `"manager_id":${random() < 0.2 ? 'null' : FIRST_ID + BigInt(Math.floor(random() * 1e6))}}`,
    );
  }
  return `{"data":{"items":[${items.join()}]},"page":${page},"pages":${pages}}`;
}
