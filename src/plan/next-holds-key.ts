/** Whether what a page names as the next page is its own last record. */
import type { NextStep } from '../core/page-info.ts';
import { readScalar } from './literal.ts';
import { changedQuery } from './query-parameter.ts';
import type { PageToRead } from './styles/page-reading.ts';

/**
 * Whether the next request holds the last record's key and changes in nothing else. Then a record cannot be
 * lost between the two pages, where rows keep their order: the next page begins behind that record,
 * wherever it stands by then. An opaque token shows nothing: it may hold an offset.
 */
export function nextHoldsKey(
  step: NextStep | null,
  { url, lastKey }: Pick<PageToRead, 'url' | 'lastKey'>,
): boolean {
  const key = lastKey === null ? null : readScalar(lastKey);
  if (step === null || key === null || key.text === '') return false;
  switch (step.kind) {
    case 'cursor':
      return step.value === key.text;
    case 'parameters': {
      const values = Object.values(step.values);
      return values.length > 0 && values.every((value) => value === key.text);
    }
    case 'url':
      // What else the body holds is unknown.
      if (step.send?.method === 'POST') return false;
      return urlHoldsKey(step.url, url, key.text);
  }
}

function urlHoldsKey(next: string, own: string, key: string): boolean {
  const changed = changedQuery(own, next);
  const isSamePath = URL.parse(next)?.pathname === URL.parse(own)?.pathname;
  return isSamePath && changed.length > 0 && changed.every(([, value]) => value === key);
}
