/**
 * Values that hold more than one number: `100, 100;w=60, 1000;w=3600` (drafts before the seventh,
 * Envoy's `;name="…"`, `;window=60`), and one number for each of several limits (`1, 15000`).
 */
import { plainNumber } from './stated-limit.ts';
import { parseSfList } from './structured-fields.ts';

export interface QuotaItem {
  readonly amount: number;
  /** From `w` or `window`, in seconds there. */
  readonly windowMs: number | null;
  readonly policy: string;
}

/** @returns the numbers in order, or null where anything else stands between them */
export function parseQuotaList(text: string): readonly QuotaItem[] | null {
  // Most values are one number, and decimals with more digits than a structured field allows occur.
  const single = plainNumber(text);
  if (single !== null) return [{ amount: single, windowMs: null, policy: '' }];
  const items = parseSfList(text);
  if (items === null) return null;
  const quotas: QuotaItem[] = [];
  for (const { bare, parameters } of items) {
    if (bare?.type !== 'integer' && bare?.type !== 'decimal') return null;
    if (bare.value < 0) return null;
    const window = parameters.get('w') ?? parameters.get('window');
    const name = parameters.get('name');
    quotas.push({
      amount: bare.value,
      windowMs: window?.type === 'integer' ? window.value * 1_000 : null,
      policy: name?.type === 'string' ? name.value : '',
    });
  }
  return quotas;
}
