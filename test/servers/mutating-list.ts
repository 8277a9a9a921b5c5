/** A list that changes while it is read, and remembers which of its records stood for how long. */

export interface MutatingRecord {
  /** In the order of the list, as a keyset needs them. Never used twice. */
  readonly id: number;
  /** Never used twice, also where records have no key. */
  readonly label: string;
}

interface Life {
  readonly from: number;
  to: number;
}

const SPACING = 2 ** 31;

export class MutatingList {
  readonly #items: MutatingRecord[] = [];
  readonly #lives = new Map<string, Life>();
  readonly #usedIds = new Set<number>();
  #changes = 0;

  constructor(length: number) {
    for (let index = 0; index < length; index += 1) {
      this.#items.push(this.#born((index + 1) * SPACING));
    }
  }

  #born(id: number): MutatingRecord {
    this.#usedIds.add(id);
    const label = `record ${this.#lives.size}`;
    this.#lives.set(label, { from: this.#changes, to: Number.POSITIVE_INFINITY });
    return { id, label };
  }

  get length(): number {
    return this.#items.length;
  }

  /** How often it has changed: a point in time. */
  get changes(): number {
    return this.#changes;
  }

  slice(from: number, to: number): readonly MutatingRecord[] {
    return this.#items.slice(from, to);
  }

  /** Index of the first record with a greater id. */
  after(id: number): number {
    const index = this.#items.findIndex((item) => item.id > id);
    return index === -1 ? this.#items.length : index;
  }

  insertAt(index: number): void {
    this.#changes += 1;
    const before = this.#items[index - 1]?.id;
    const after = this.#items[index]?.id;
    let id = Math.floor(
      ((before ?? (after ?? 0) - SPACING) + (after ?? (before ?? 0) + SPACING)) / 2,
    );
    while (this.#usedIds.has(id)) id += 1;
    this.#items.splice(index, 0, this.#born(id));
  }

  deleteAt(index: number): void {
    const [item] = this.#items.splice(index, 1);
    if (item === undefined) return;
    this.#changes += 1;
    this.#lives.get(item.label)!.to = this.#changes;
  }

  /** The same record elsewhere, as where a list is sorted by the time of its last change. */
  move(from: number, to: number): void {
    if (from === to) return;
    const [item] = this.#items.splice(from, 1);
    if (item === undefined) return;
    this.#changes += 1;
    this.#items.splice(to, 0, item);
  }

  /** Labels of the records that have been there all the time since. */
  standingSince(changes: number): string[] {
    return this.#items
      .map(({ label }) => label)
      .filter((label) => this.#lives.get(label)!.from <= changes);
  }
}
