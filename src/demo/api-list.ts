import type { ApiItem, RecordForm } from './api-item.ts';
import { type Json, readMember, writeJson } from './api-json.ts';

/** The list an API pages through. Ids are text: a string's own, a number's literal. */
export class ApiList {
  readonly #form: RecordForm;
  readonly #items: ApiItem[];
  readonly #startLength: number;
  /** Of records that were deleted too, so that a cursor at one still means its place. */
  readonly #ranks: Map<string, number>;
  #nextOrdinal: number;

  constructor(form: RecordForm, length: number) {
    this.#form = form;
    this.#startLength = length;
    this.#items = [];
    this.#ranks = new Map();
    this.#nextOrdinal = 0;
    for (let rank = 0; rank < length; rank += 1) this.#items.push(this.#make(rank));
  }

  #make(rank: number): ApiItem {
    const share = this.#startLength === 0 ? 0 : rank / this.#startLength;
    const item = { ordinal: this.#nextOrdinal, rank, share };
    this.#nextOrdinal += 1;
    this.#ranks.set(this.#id(item), rank);
    return item;
  }

  #id(item: ApiItem): string {
    const id = readMember(this.#form.record(item), this.#form.keyPath);
    return typeof id === 'string' ? id : writeJson(id);
  }

  get length(): number {
    return this.#items.length;
  }

  ids(): string[] {
    return this.#items.map((item) => this.#id(item));
  }

  idAt(index: number): string {
    return this.#id(this.#items[index]!);
  }

  slice(from: number, to: number): Json[] {
    return this.#items.slice(from, to).map((item) => this.#form.record(item));
  }

  /** Index of the first record that comes after the one with this id; null for an unknown id. */
  after(id: string): number | null {
    const rank = this.#ranks.get(id);
    if (rank === undefined) return null;
    return this.countWhere((item) => item.rank <= rank);
  }

  /** How many records come before the first that does not pass; the list must be ordered by it. */
  countWhere(passes: (item: ApiItem) => boolean): number {
    const index = this.#items.findIndex((item) => !passes(item));
    return index === -1 ? this.#items.length : index;
  }

  /** A list of those that pass, to read. */
  filter(passes: (item: ApiItem) => boolean): ApiList {
    const filtered = new ApiList(this.#form, 0);
    filtered.#items.push(...this.#items.filter(passes));
    for (const [id, rank] of this.#ranks) filtered.#ranks.set(id, rank);
    return filtered;
  }

  /** Puts a new record before the one at `index`; returns its id. */
  insertAt(index: number): string {
    const before = this.#items[index - 1]?.rank;
    const after = this.#items[index]?.rank;
    const rank =
      before === undefined
        ? (after ?? 1) - 1
        : after === undefined
          ? before + 1
          : (before + after) / 2;
    const item = this.#make(rank);
    this.#items.splice(index, 0, item);
    return this.#id(item);
  }

  /** Takes the record at `index` out; returns its id, null where there is none. */
  deleteAt(index: number): string | null {
    const [item] = this.#items.splice(index, 1);
    return item === undefined ? null : this.#id(item);
  }
}
