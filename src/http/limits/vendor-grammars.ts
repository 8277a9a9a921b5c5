/** Headers that hold a whole limit in a grammar of their vendor's. */
import type { Limit } from '../../core/hint.ts';
import { plainNumber, statedLimit, WINDOW_WORDS } from './stated-limit.ts';

/** A bucket of Shopify's is empty again after so long, on every plan: 40 at 2 a second, 400 at 20. */
const SHOPIFY_LEAK_MS = 20_000;

/** `X-Shopify-Shop-Api-Call-Limit: 32/40`: of a leaky bucket that holds 40, 32 are used. */
function shopifyLimits(value: string): readonly (Limit | null)[] {
  const match = /^(\d{1,9})\/(\d{1,9})$/.exec(value);
  if (match === null) return [];
  const quota = Number(match[2]);
  const remaining = Math.max(0, quota - Number(match[1]));
  return [statedLimit({ policy: '', quota, remaining, windowMs: SHOPIFY_LEAK_MS })];
}

/** `Sforce-Limit-Info: api-usage=18/5000; per-app-api-usage=17/250(appName=x)`: of 24 hours that roll on. */
function salesforceLimits(value: string): readonly (Limit | null)[] {
  return value
    .split(/[;,]/, 8)
    .map((part) => /^ ?((?:per-app-)?api-usage)=(\d{1,12})\/(\d{1,12})(?:\(|$)/.exec(part))
    .filter((match) => match !== null)
    .map(([, policy, used, quota]) =>
      statedLimit({
        policy: policy!,
        quota: Number(quota),
        remaining: Math.max(0, Number(quota) - Number(used)),
        windowMs: WINDOW_WORDS['day']!,
      }),
    );
}

/** `X-App-Rate-Limit: 20:1,100:120` with `X-App-Rate-Limit-Count: 1:1,13:120`: amount and seconds. */
function riotLimits(value: string, counts: string | null): readonly (Limit | null)[] {
  const used = new Map(amountsBySeconds(counts ?? '').map(([count, seconds]) => [seconds, count]));
  return amountsBySeconds(value).map(([quota, seconds]) => {
    const count = used.get(seconds);
    const remaining = count === undefined ? null : Math.max(0, quota - count);
    return statedLimit({ quota, remaining, windowMs: seconds * 1_000 });
  });
}

function amountsBySeconds(value: string): readonly (readonly [number, number])[] {
  return value.split(',', 8).flatMap((pair) => {
    const [amount = '', seconds = '', more] = pair.trim().split(':');
    const numbers = [plainNumber(amount), plainNumber(seconds)] as const;
    const [first, second] = numbers;
    return first === null || second === null || more !== undefined ? [] : [[first, second]];
  });
}

interface VendorGrammar {
  readonly name: string;
  /** A second header that belongs to it. */
  readonly beside: string | null;
  read(value: string, beside: string | null): readonly (Limit | null)[];
}

export const vendorGrammars: readonly VendorGrammar[] = [
  { name: 'x-shopify-shop-api-call-limit', beside: null, read: shopifyLimits },
  { name: 'sforce-limit-info', beside: null, read: salesforceLimits },
  { name: 'x-app-rate-limit', beside: 'x-app-rate-limit-count', read: riotLimits },
  { name: 'x-method-rate-limit', beside: 'x-method-rate-limit-count', read: riotLimits },
];
