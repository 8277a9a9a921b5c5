/** Faults of the kinds that servers have, dealt over the pages of a list by a random source. */
import { seededRandom } from '../../src/demo/demo-items.ts';
import type { Reply } from '../fixtures/faults/reply.ts';

/** What an attempt (from 1) at a page gets; null: the page itself. */
type FaultOf = (page: number, attempt: number) => Reply | null;

/** RFC 9113 §7: NO_ERROR, INTERNAL_ERROR, REFUSED_STREAM, CANCEL. */
const RESET_CODES = [0, 2, 7, 8];

/** Retry-After in fractions of a second is read by this client; a whole second would be most of a run. */
const FLUSH: Reply = { status: 429, headers: { 'retry-after': '0.03' }, body: '{"error":"limit"}' };

/** What fails comes from retries of at most half a second, so that a run is short in spite of it. */
export function chooseFaults(random: () => number, pages: number): FaultOf {
  const faults: Record<number, readonly Reply[]> = {};
  for (let page = 1; page <= pages; page += 1) {
    if (random() >= 0.05) continue;
    faults[page] = random() < 0.2 ? [oneOf(random), oneOf(random)] : [oneOf(random)];
  }
  return (page, attempt) => faults[page]?.[attempt - 1] ?? null;
}

/**
 * For ten minutes of everything at once: 5 % of all requests are answered 503, 5 % are reset, 2 % are
 * cut and 2 % are slow, each request by its own lot.
 */
export function stormFaults(seed: number): FaultOf {
  return (page, attempt) => {
    const random = seededRandom(seed + page * 1000 + attempt);
    // The first lots of neighbouring seeds are alike.
    random();
    const lot = random();
    if (lot < 0.05) return { status: 503, body: '{"error":"later"}' };
    if (lot < 0.1) return { reset: RESET_CODES[Math.floor(random() * RESET_CODES.length)]! };
    if (lot < 0.12) return { truncateAt: Math.floor(random() * 400) };
    if (lot < 0.14) return { delayMs: 500 + random() * 1500 };
    return null;
  };
}

function oneOf(random: () => number): Reply {
  const code = RESET_CODES[Math.floor(random() * RESET_CODES.length)]!;
  const truncateAt = Math.floor(random() * 300);
  const kinds: readonly Reply[] = [
    { status: 503, body: '{"error":"later"}' },
    { status: 500, body: '' },
    { reset: code },
    { truncateAt, reset: code },
    { truncateAt, reset: code, framing: 'chunked' },
    FLUSH,
    FLUSH,
    // The same body twice would be final.
    { body: `<html>be right back, says ${random()}</html>` },
    { delayMs: 40 },
  ];
  return kinds[Math.floor(random() * kinds.length)]!;
}
