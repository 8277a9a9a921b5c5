/** The attempts of a report: the columns that are drawn, and what is counted of all. */
import type { AttemptRecord } from '../archive/archive-types.ts';
import { escapeText } from '../core/escape.ts';
import { kindOf } from '../report/attempt-kind.ts';
import {
  type AttemptColumns,
  type AttemptKind,
  attemptKinds,
  type ReportFacts,
  type TallyRow,
} from '../report/report-data.ts';

/** Text of servers may be a megabyte long; so much of it is shown. */
const SHOWN_TEXT = 500;
export const SHOWN_URL = 1_000;
/** The most different outcomes whose words are kept. */
const MOST_OUTCOMES = 5_000;
const OTHER_WORDS = 'another reason, of which there are too many to keep';
const MOST_WORDS = 100;
/** Attempts that a page draws smoothly: those that brought a page, and others. */
const MOST_OK = 150_000;
const MOST_OTHERS = 50_000;

const MOST_UINT16 = 0xffff;

export interface SeenAttempt extends AttemptRecord {
  readonly kind: AttemptKind;
  /** Escaped and not too long. */
  readonly words: string;
}

/** @param isPastEnd its page is beyond the end of the list */
export function seenAttempt(attempt: AttemptRecord, isPastEnd: boolean): SeenAttempt {
  const kind = kindOf(attempt);
  const isEnd = isPastEnd && (kind === 'not-a-page' || kind === 'server-error');
  return {
    ...attempt,
    kind: isEnd ? 'past-end' : kind,
    words: escapeText(attempt.outcome, SHOWN_TEXT),
  };
}

interface Tally {
  attempts: number;
  bytes: number;
  readonly words: Map<string, number>;
}

export class ReportAttempts {
  readonly drawn: ReportFacts['drawn'];
  readonly #rows: { readonly url: number; readonly outcome: number; readonly it: SeenAttempt }[] =
    [];
  readonly #outcomes = new Map<string, number>();
  readonly #tally = new Map<string, Tally>();
  readonly #urls: string[] = [];
  #ok = 0;
  #others = 0;
  count = 0;
  bytes = 0;

  constructor(counts: { readonly ok: number; readonly others: number }) {
    this.drawn = {
      okEvery: Math.max(1, Math.ceil(counts.ok / MOST_OK)),
      otherEvery: Math.max(1, Math.ceil(counts.others / MOST_OTHERS)),
    };
  }

  /** The attempts of one page. */
  add(url: string, attempts: readonly SeenAttempt[]): void {
    let urlAt = -1;
    for (const it of attempts) {
      this.#countOne(it);
      const isDrawn =
        it.kind === 'ok'
          ? this.#ok++ % this.drawn.okEvery === 0
          : this.#others++ % this.drawn.otherEvery === 0;
      if (!isDrawn) continue;
      if (urlAt === -1) urlAt = this.#urls.push(url) - 1;
      this.#rows.push({ url: urlAt, outcome: this.#outcomeOf(it.words), it });
    }
  }

  get urls(): readonly string[] {
    return this.#urls;
  }

  get outcomes(): readonly string[] {
    return [...this.#outcomes.keys()];
  }

  get tally(): readonly TallyRow[] {
    const order = (kind: AttemptKind): number => attemptKinds.indexOf(kind);
    return [...this.#tally]
      .map(([key, { attempts, bytes, words }]) => {
        const [kind, status] = JSON.parse(key) as [AttemptKind, number | null];
        const [outcome = ''] = [...words].sort(([, a], [, b]) => b - a)[0] ?? [];
        return { status, kind, attempts, bytes, outcome };
      })
      .sort((a, b) => order(a.kind) - order(b.kind) || b.attempts - a.attempts);
  }

  /** The time span of each attempt that is drawn. */
  *spans(): Generator<{ readonly from: number; readonly to: number }> {
    for (const { it } of this.#rows) {
      yield { from: it.startedAt, to: it.startedAt + it.durationMs };
    }
  }

  /** @param timeAt the report's time of a moment */
  columns(timeAt: (wallTime: number) => number): AttemptColumns {
    const rows = this.#rows.sort((a, b) => a.it.startedAt - b.it.startedAt);
    const pick = (value: (it: SeenAttempt) => number): number[] => rows.map(({ it }) => value(it));
    return {
      page: Uint32Array.from(rows, ({ url }) => url),
      start: Float64Array.from(pick(({ startedAt }) => timeAt(startedAt))),
      duration: Float32Array.from(pick(({ durationMs }) => durationMs)),
      status: Uint16Array.from(pick(({ status }) => status ?? 0)),
      kind: Uint8Array.from(pick(({ kind }) => attemptKinds.indexOf(kind))),
      outcome: Uint16Array.from(rows, ({ outcome }) => outcome),
      told: Float32Array.from(pick(({ toldToWaitMs }) => toldToWaitMs ?? Number.NaN)),
      bytes: Float64Array.from(pick(({ bodyBytes }) => bodyBytes)),
      number: Uint16Array.from(pick(({ number }) => Math.min(number, MOST_UINT16))),
    };
  }

  #countOne({ kind, status, bodyBytes, words }: SeenAttempt): void {
    this.count += 1;
    this.bytes += bodyBytes;
    const key = JSON.stringify([kind, status]);
    const tally = this.#tally.get(key) ?? { attempts: 0, bytes: 0, words: new Map() };
    this.#tally.set(key, tally);
    tally.attempts += 1;
    tally.bytes += bodyBytes;
    const before = tally.words.get(words);
    if (before !== undefined || tally.words.size < MOST_WORDS) {
      tally.words.set(words, (before ?? 0) + 1);
    }
  }

  #outcomeOf(words: string): number {
    const known = this.#outcomes.get(words);
    if (known !== undefined) return known;
    const isFull = this.#outcomes.size >= MOST_OUTCOMES && words !== OTHER_WORDS;
    if (isFull) return this.#outcomeOf(OTHER_WORDS);
    this.#outcomes.set(words, this.#outcomes.size);
    return this.#outcomes.size - 1;
  }
}
