/** A run drawn from a seed: what list, read how, and what changes in it, where and when. */
import { type MutatingApi, mutatingApis } from './mutating-apis.ts';
import type { MutatingList } from './mutating-list.ts';
import type { Arriving } from './mutating-server.ts';

export const kinds = ['insert', 'delete', 'both', 'move'] as const;
export const wheres = ['head', 'before', 'after', 'tail'] as const;
export const moments = ['second', 'mid', 'last', 'recheck', 'each'] as const;

export type Kind = (typeof kinds)[number];
/** `before` and `after` are in the middle, before or behind what was read. */
export type Where = (typeof wheres)[number];
/** Before the second page, in the middle, before the last page, before the second look, each time. */
export type Moment = (typeof moments)[number];

/** One change; it is made once in a reading, or before each request. */
export interface Step {
  readonly moment: Moment;
  readonly change:
    | { readonly act: 'insert' | 'delete'; readonly where: Where }
    | { readonly act: 'move'; readonly from: Where; readonly to: Where };
  readonly amount: number;
}

export interface MutatingCase {
  readonly seed: number;
  readonly api: MutatingApi;
  readonly length: number;
  readonly pageSize: number;
  readonly hasKey: boolean;
  /** Something in each record is another each time it is sent. */
  readonly ticks: boolean;
  readonly concurrency: number;
  /** `insert at the head`; none where nothing changes. */
  readonly className: string | null;
  readonly steps: readonly Step[];
  /** Readings in which the steps are made, from 1. */
  readonly readings: readonly number[];
}

export type Random = () => number;

/** The same case for the same seed. `at` goes through the APIs and kinds in turn. */
export function drawCase(seed: number, random: Random): MutatingCase {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const api = pick(mutatingApis);
  const pageSize = 3 + below(8);
  const length = pageSize * (2 + below(6)) + 1 + below(pageSize);
  const kind = pick(api.isStable ? kinds.filter((it) => it !== 'move') : kinds);
  const amount = pick([1, 1, 1, 2, 3, pageSize, pageSize + 1]);
  const moment = pick(moments);
  const where = pick(wheres);
  const other = pick(wheres);
  const hasKey = api.isStable === true || below(6) > 0;
  const base = {
    seed,
    api,
    length,
    pageSize,
    hasKey,
    ticks: hasKey && below(4) === 0,
    concurrency: pick([1, 1, 4]),
    readings: pick([[1], [1], [1, 2], [1, 3]]),
  };
  switch (kind) {
    case 'insert':
    case 'delete': {
      const steps = [{ moment, change: { act: kind, where }, amount }];
      return { ...base, className: `${kind} ${places[where]}`, steps };
    }
    case 'both': {
      const apart = below(3) === 0;
      const steps: Step[] = [
        { moment, change: { act: 'delete', where: other }, amount },
        { moment: apart ? pick(moments) : moment, change: { act: 'insert', where }, amount },
      ];
      if (apart && below(2) === 0) steps.reverse();
      const className = `insert ${places[where]}, delete ${places[other]}`;
      return { ...base, className, steps };
    }
    case 'move': {
      const steps: Step[] = [{ moment, change: { act: 'move', from: other, to: where }, amount }];
      return { ...base, className: `move from ${places[other]} to ${places[where]}`, steps };
    }
  }
}

const places: Readonly<Record<Where, string>> = {
  head: 'at the head',
  before: 'before what comes next',
  after: 'behind what was read',
  tail: 'at the tail',
};

/** Lists that stand still: each length that is odd in some way, by each API. */
export function stillCase(seed: number, random: Random): MutatingCase {
  const pageSize = 2 + Math.floor(random() * 7);
  const api = mutatingApis[seed % mutatingApis.length]!;
  const lengths = [0, 1, pageSize - 1, pageSize, pageSize + 1, 2 * pageSize, 5 * pageSize + 1];
  const length = lengths[Math.floor(seed / mutatingApis.length) % lengths.length]!;
  const hasKey = api.isStable === true || random() > 0.2;
  // A single page without a link says nothing: the style has to be given.
  const isBare = api.name.startsWith('link') && length <= pageSize;
  return {
    seed,
    api: isBare ? { ...api, paginate: { style: 'link' } } : api,
    length,
    pageSize,
    hasKey,
    ticks: hasKey && random() > 0.7,
    concurrency: random() > 0.5 ? 1 : 4,
    className: null,
    steps: [],
    readings: [],
  };
}

/** Makes the changes of a case as its requests come in. */
export class Changes {
  readonly #case: MutatingCase;
  readonly #list: MutatingList;
  readonly #random: Random;
  #reading = 0;
  #done = new Set<Step>();

  constructor(drawn: MutatingCase, list: MutatingList, random: Random) {
    this.#case = drawn;
    this.#list = list;
    this.#random = random;
  }

  beginReading(): void {
    this.#reading += 1;
    this.#done = new Set();
  }

  arrive(arriving: Arriving): void {
    if (!this.#case.readings.includes(this.#reading) || arriving.reached === 0) return;
    for (const step of this.#case.steps) {
      if (this.#done.has(step) || !this.#isDue(step.moment, arriving)) continue;
      if (step.moment !== 'each') this.#done.add(step);
      const times = step.moment === 'each' ? 1 : step.amount;
      for (let time = 0; time < times; time += 1) this.#make(step.change, arriving.reached);
    }
  }

  #isDue(moment: Moment, { from, asked, isAgain }: Arriving): boolean {
    const { length } = this.#case;
    switch (moment) {
      case 'each':
      case 'second':
        return true;
      case 'mid':
        return isAgain || from >= Math.floor(length / 2);
      case 'last':
        return isAgain || from + asked >= length;
      case 'recheck':
        return isAgain;
    }
  }

  #make(change: Step['change'], reached: number): void {
    const { length } = this.#list;
    switch (change.act) {
      case 'insert':
        this.#list.insertAt(this.#index(change.where, reached, length + 1));
        return;
      case 'delete':
        this.#list.deleteAt(this.#index(change.where, reached, length));
        return;
      case 'move':
        this.#list.move(
          this.#index(change.from, reached, length),
          this.#index(change.to, reached, length),
        );
    }
  }

  /** An index below `limit`. */
  #index(where: Where, reached: number, limit: number): number {
    const { pageSize } = this.#case;
    const between = (from: number, to: number): number =>
      from + Math.floor(this.#random() * Math.max(0, to - from));
    const last = Math.max(0, limit - 1);
    switch (where) {
      case 'head':
        return 0;
      case 'before':
        // Behind the first page where there is room: what changes there is seen at once.
        return Math.min(
          last,
          reached > pageSize ? between(pageSize, reached) : between(0, reached),
        );
      case 'after':
        return Math.min(last, between(reached, limit));
      case 'tail':
        return last;
    }
  }
}
