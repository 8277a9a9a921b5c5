/** Made-up fields for the records of the fixture APIs: the same for the same record, always. */
import type { ApiItem } from './api-item.ts';

/** Above 2^53, where neighbouring identifiers become one as floating-point numbers. */
const FIRST_BIG_ID = 9_007_199_254_740_993n;

const YEAR_START_SECONDS = Date.UTC(2024, 0, 1) / 1000;
const YEAR_SECONDS = 366 * 86_400;

const NAMES = ['Ada', 'Björn', 'Chloé', 'Dmitri', 'Elena', 'Farid', 'Grace', 'Hiroshi', 'Inês'];
const NOUNS = ['rocket', 'kettle', 'lantern', 'compass', 'anvil', 'harbour', 'meadow'];
const WORDS = ['quiet', 'amber', 'second', 'northern', 'plain', 'late', 'open', 'small'];

const pick = (from: readonly string[], number: number): string => from[number % from.length]!;

export const bigId = (item: ApiItem): bigint => FIRST_BIG_ID + BigInt(item.ordinal);
export const smallId = (item: ApiItem): number => 1001 + item.ordinal;
export const textId = (prefix: string, item: ApiItem): string =>
  `${prefix}${(0x4a7c15 + item.ordinal * 7919).toString(36)}`;
export const uuid = (item: ApiItem): string =>
  `5f0c8a3e-9b1d-4c6e-8a2f-${item.ordinal.toString(16).padStart(12, '0')}`;

export const personName = (item: ApiItem): string =>
  `${pick(NAMES, item.ordinal)} ${pick(WORDS, item.ordinal * 5)}-${item.ordinal}`;
export const slug = (item: ApiItem): string =>
  `${pick(WORDS, item.ordinal)}-${pick(NOUNS, item.ordinal * 3)}-${item.ordinal}`;
export const title = (item: ApiItem): string =>
  `The ${pick(WORDS, item.ordinal)} ${pick(NOUNS, item.ordinal * 3)}, no. ${item.ordinal}`;
export const amount = (item: ApiItem): number => 500 + ((item.ordinal * 7919) % 9500);

/** Spread over the year 2024 in the order of the list: seconds since 1970. */
export function createdSeconds(item: ApiItem, order: 'oldest first' | 'newest first'): number {
  const share = order === 'oldest first' ? item.share : 1 - item.share;
  return YEAR_START_SECONDS + Math.floor(share * (YEAR_SECONDS - 1));
}

export function createdText(
  item: ApiItem,
  order: 'oldest first' | 'newest first' = 'oldest first',
): string {
  return new Date(createdSeconds(item, order) * 1000).toISOString();
}

/** Grows along the list and leaves room for what is inserted; odd, so no double holds it. */
export const sortableBigId = (item: ApiItem): bigint =>
  FIRST_BIG_ID + 2n * BigInt(Math.round((item.rank + 2 ** 20) * 2 ** 24));
