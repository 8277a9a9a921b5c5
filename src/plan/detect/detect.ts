/**
 * Detection: how a list goes on, read off its first page. Headers count before the body, what the
 * page links to before what it counts, and a name only where its value fits. Pure functions over
 * responses; `discover.ts` alone asks for pages, through a function it is given. May import core/,
 * the request parts and link parsers of plan/, and decode's contract.
 */
import { type Rule, single } from './detection.ts';
import { type Pinned, readFacts } from './facts.ts';
import type { Detection, PageView } from './page-view.ts';
import { byContentRange, byLinkHeader } from './rules-headers.ts';
import { byContinue, byNextUrl, byRelay, byToken } from './rules-next.ts';
import { byEnd, bySilence, byStartNumbers, byTrial } from './rules-numbers.ts';

/**
 * What the first page shows. Never throws, whatever the JSON.
 *
 * @param pinned what the user said already; it stands, and the rest is read in its light
 */
export function detect(first: PageView, pinned: Pinned = {}): Detection {
  const facts = readFacts(first, pinned);
  if (first.status < 200 || first.status > 299 || typeof first.json !== 'object') {
    return single(facts, false, ['the first page is no JSON object or array']);
  }
  for (const rule of rules) {
    const detection = rule(facts);
    if (detection !== null) return detection;
  }
  return single(facts, false, ['nothing in the first page says whether or how it goes on']);
}

const rules: readonly Rule[] = [
  byContentRange,
  byLinkHeader,
  byContinue,
  byRelay,
  byNextUrl,
  byStartNumbers,
  byToken,
  byEnd,
  byTrial,
  bySilence,
];
