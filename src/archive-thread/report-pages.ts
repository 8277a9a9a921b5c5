/** What a report says of pages: the slowest, those that failed, their sizes, and how many tries they took. */
import type { PageHistory } from '../archive/history.ts';
import { escapeText } from '../core/escape.ts';
import type { AttemptFacts, PageFacts, ReportFacts, SizeFacts } from '../report/report-data.ts';
import { type SeenAttempt, SHOWN_URL } from './report-attempts.ts';

const SHOWN_FAILED = 200;
const SHOWN_SLOWEST = 25;
/** The most attempts that are shown of one page: of more, the first and the last. */
const SHOWN_ATTEMPTS = 50;
const SHOWN_HEADERS = 30;
const SHOWN_HEADER = 300;
/** Borders are 1, 2 and 5 times a power of ten, or multiples of one of these where sizes are much alike. */
const BORDERS = [1, 2, 5];
const ALIKE = 10;
const ALIKE_BINS = 16;

export interface PageWithAttempts {
  readonly place: PageHistory['place'];
  /** Null where the page has no end state. */
  readonly page: PageHistory | null;
  readonly attempts: readonly SeenAttempt[];
}

interface Slow {
  readonly totalMs: number;
  readonly it: PageWithAttempts;
}

export class ReportPages {
  readonly #tries = new Map<number, number>();
  readonly #failed: PageWithAttempts[] = [];
  #slowest: Slow[] = [];
  readonly #sizes: number[] = [];
  records: number | null = null;

  add(it: PageWithAttempts): void {
    const { page, attempts } = it;
    if (attempts.length > 0) {
      this.#tries.set(attempts.length, (this.#tries.get(attempts.length) ?? 0) + 1);
    }
    if (page?.state === 'failed' && this.#failed.length < SHOWN_FAILED) this.#failed.push(it);
    if (page?.state === 'stored') {
      this.#sizes.push(page.bodyBytes);
      if (page.records !== null) this.records = (this.records ?? 0) + page.records;
    }
    const totalMs = attempts.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const least = this.#slowest.at(-1)?.totalMs ?? 0;
    if (this.#slowest.length >= SHOWN_SLOWEST && totalMs <= least) return;
    this.#slowest.push({ totalMs, it });
    this.#slowest.sort((a, b) => b.totalMs - a.totalMs);
    this.#slowest = this.#slowest.slice(0, SHOWN_SLOWEST);
  }

  /** @param timeAt the report's time of a moment */
  facts(
    timeAt: (wallTime: number) => number,
  ): Pick<ReportFacts, 'tries' | 'failed' | 'slowest' | 'sizes'> {
    const tries = [...this.#tries].map(([attempts, pages]) => ({ attempts, pages }));
    return {
      tries: tries.sort((a, b) => a.attempts - b.attempts),
      failed: this.#failed.map((it) => pageFacts(it, timeAt)),
      slowest: this.#slowest.map(({ it }) => pageFacts(it, timeAt)),
      sizes: sizeFacts(this.#sizes),
    };
  }
}

function pageFacts(
  { place, page, attempts }: PageWithAttempts,
  timeAt: (wallTime: number) => number,
): PageFacts {
  return {
    number: place.position + 1,
    branch: place.branch,
    url: page === null ? '' : escapeText(page.url, SHOWN_URL),
    state: page?.state ?? 'pending',
    records: page?.records ?? null,
    bytes: page?.bodyBytes ?? 0,
    totalMs: attempts.reduce((sum, { durationMs }) => sum + durationMs, 0),
    headers: headersOf(page?.headers ?? null),
    attempts: shownOf(attempts).map((attempt) => attemptFacts(attempt, timeAt)),
  };
}

function shownOf(attempts: readonly SeenAttempt[]): readonly SeenAttempt[] {
  if (attempts.length <= SHOWN_ATTEMPTS) return attempts;
  const half = SHOWN_ATTEMPTS / 2;
  return [...attempts.slice(0, half), ...attempts.slice(-half)];
}

function attemptFacts(
  { startedAt, durationMs, status, kind, words, toldToWaitMs, bodyBytes }: SeenAttempt,
  timeAt: (wallTime: number) => number,
): AttemptFacts {
  const at = timeAt(startedAt);
  return { at, durationMs, status, kind, outcome: words, toldToWaitMs, bytes: bodyBytes };
}

/** They are kept as a JSON object of strings and lists of strings. */
function headersOf(text: string | null): PageFacts['headers'] {
  if (text === null) return [];
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    return [];
  }
  return Object.entries(kept as Record<string, unknown>)
    .slice(0, SHOWN_HEADERS)
    .map(([name, value]) => [
      escapeText(name, SHOWN_HEADER),
      escapeText([value].flat().map(String).join(', '), SHOWN_HEADER),
    ]);
}

function sizeFacts(sizes: readonly number[]): SizeFacts | null {
  if (sizes.length === 0) return null;
  const sorted = Float64Array.from(sizes).sort();
  const [least, most] = [sorted[0]!, sorted.at(-1)!];
  const bins: { from: number; to: number; pages: number }[] = [];
  let at = 0;
  for (const [from, to] of binsFrom(least, most)) {
    const begin = at;
    while (at < sorted.length && sorted[at]! < to) at += 1;
    bins.push({ from, to, pages: at - begin });
    if (to > most) break;
  }
  return { least, median: sorted[sorted.length >> 1]!, most, bins };
}

function* binsFrom(least: number, most: number): Generator<[from: number, to: number]> {
  if (most < ALIKE * least) {
    const step = nextBorder((most - least) / ALIKE_BINS);
    for (let from = Math.floor(least / step) * step; ; from += step) yield [from, from + step];
  }
  for (let from = 0; ; ) {
    const to = nextBorder(from);
    if (to > least) yield [from, to];
    from = to;
  }
}

/** The first border beyond `size`. */
function nextBorder(size: number): number {
  for (let power = 1; ; power *= 10) {
    const border = BORDERS.find((it) => it * power > size);
    if (border !== undefined) return border * power;
  }
}
