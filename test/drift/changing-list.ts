/** A list that changes while it is read, and remembers which of its records stood for how long. */

/** Whether the first of the list is the lowest or the highest by what it is sorted by. */
export type Order = 'ascending' | 'descending';

export interface ListedRecord {
  /** What the list is sorted by: never used twice. A record that moves gets another. */
  readonly rank: number;
  readonly life: Life;
}

interface Life {
  /** From 1, in the order in which they came into being. */
  readonly number: number;
  /** What an output is compared by. Equal records share it. */
  readonly label: string;
  /** In changes of the list. A record that was hidden and came back stands since it came back. */
  from: number;
  to: number;
}

/** Room for many records between two neighbours, and for many before the first. */
const SPACING = 2 ** 20;
const BASE = 2 ** 40;

export interface ListOptions {
  readonly length: number;
  readonly order: Order;
  /** So many labels in turn; null: each record has its own. */
  readonly labels: number | null;
}

export class ChangingList {
  readonly #labels: number | null;
  readonly #direction: 1 | -1;
  readonly #lives: Life[] = [];
  readonly #items: ListedRecord[] = [];
  readonly #usedRanks = new Set<number>();
  readonly #hidden: ListedRecord[] = [];
  #changes = 0;

  constructor({ length, order, labels }: ListOptions) {
    this.#labels = labels;
    this.#direction = order === 'ascending' ? 1 : -1;
    for (let index = 0; index < length; index += 1) {
      this.#items.push(this.#born(BASE + this.#direction * index * SPACING));
    }
  }

  get length(): number {
    return this.#items.length;
  }

  /** How often it has changed: a point in time. */
  get changes(): number {
    return this.#changes;
  }

  slice(from: number, to: number): readonly ListedRecord[] {
    return this.#items.slice(Math.max(0, from), Math.max(0, to));
  }

  /** Index of the first record behind all those that are sorted up to `rank`. */
  after(rank: number): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#direction * (this.#items[middle]!.rank - rank) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Where a row stands that is newer than all others: numbers and times grow. */
  get newest(): number {
    return this.#direction === 1 ? this.#items.length : 0;
  }

  insertAt(index: number): void {
    this.#changes += 1;
    this.#items.splice(index, 0, this.#born(this.#rankAt(index)));
  }

  deleteAt(index: number): void {
    this.#takeOut(index);
  }

  /** Takes out a record that `showHidden` brings back to where it was, as it was. */
  hideAt(index: number): void {
    const item = this.#takeOut(index);
    if (item !== undefined) this.#hidden.push(item);
  }

  showHidden(): void {
    const item = this.#hidden.shift();
    if (item === undefined) return;
    this.#changes += 1;
    item.life.from = this.#changes;
    item.life.to = Number.POSITIVE_INFINITY;
    this.#items.splice(this.after(item.rank), 0, item);
  }

  /** The same record elsewhere, as where a list is sorted by the time of its last change. */
  move(from: number, to: number): void {
    const [item] = this.#items.splice(from, 1);
    if (item === undefined) return;
    this.#changes += 1;
    this.#items.splice(to, 0, { rank: this.#rankAt(to), life: item.life });
  }

  /** How many records of each label stood all the time since, and how many stood at any time. */
  countSince(changes: number): Map<string, { standing: number; any: number }> {
    const counts = new Map<string, { standing: number; any: number }>();
    for (const { label, from, to } of this.#lives) {
      if (to <= changes) continue;
      const count = counts.get(label) ?? { standing: 0, any: 0 };
      counts.set(label, count);
      count.any += 1;
      if (from <= changes && to === Number.POSITIVE_INFINITY) count.standing += 1;
    }
    return counts;
  }

  #takeOut(index: number): ListedRecord | undefined {
    const [item] = this.#items.splice(index, 1);
    if (item === undefined) return undefined;
    this.#changes += 1;
    item.life.to = this.#changes;
    return item;
  }

  #born(rank: number): ListedRecord {
    this.#usedRanks.add(rank);
    const number = this.#lives.length + 1;
    // In no order, so that pages of equal records are not equal.
    const equal = Math.imul(number, 0x9e3779b1) >>> 16;
    const label = `record ${this.#labels === null ? number : equal % this.#labels}`;
    const life = { number, label, from: this.#changes, to: Number.POSITIVE_INFINITY };
    this.#lives.push(life);
    return { rank, life };
  }

  /** Between the neighbours of what is put in at that index. */
  #rankAt(index: number): number {
    const step = this.#direction * SPACING;
    const before = this.#items[index - 1]?.rank;
    const after = this.#items[index]?.rank;
    const low = before ?? (after ?? BASE) - step;
    const high = after ?? low + 2 * step;
    let rank = Math.floor((low + high) / 2);
    while (this.#usedRanks.has(rank)) rank += 1;
    this.#usedRanks.add(rank);
    return rank;
  }
}
