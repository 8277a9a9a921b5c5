/** The starts that a worker was given, by its own clock: each is used at its time, or dropped. */
import { lateMsOf } from './promised-rate.ts';

/** If the limit was found by refusals, starts may be later: few servers count so strictly. */
const FOUND_LATE_MS = 60;
/** How much two clocks may drift apart: 100 ms in a quarter of an hour. */
const DRIFT = 1e-4;
/** More than was used, for a worker that cannot use all that it gets. */
const MORE = 1.1;

interface Sent {
  readonly sentAt: number;
  readonly name: number;
}

export class StartsInTime {
  /** Names are microseconds of Redis's clock. In order. */
  #names: number[] = [];
  #inFlight: Sent[] = [];
  #dropped: number[] = [];
  /** Milliseconds of Redis's clock are those of the own clock and at least so many. */
  #leadMs = Number.NEGATIVE_INFINITY;
  #seenAt = 0;
  #used = 0;
  #late = 0;
  #countedFrom = 0;
  #wasLate = false;
  readonly #lateMs: number;

  /** @param windowMs in which a rate counts; null where there is none */
  constructor(windowMs: number | null) {
    this.#lateMs = windowMs === null ? FOUND_LATE_MS : lateMsOf(windowMs);
  }

  /** Something is in flight, or is to be told. */
  get isBusy(): boolean {
    return this.#inFlight.length > 0 || this.#names.length > 0 || this.#dropped.length > 0;
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  /**
   * Redis answered a question of `askedAt` at its `micros`, which arrived `now`. The quickest answers say best how the
   * clocks stand; an error makes starts later, never earlier.
   */
  sawTime(micros: number, askedAt: number, now: number): void {
    const ms = micros / 1000;
    const drifted = this.#leadMs - DRIFT * (now - this.#seenAt);
    // Another Redis, or its clock was set: then what was known is wrong.
    this.#leadMs = drifted > ms - askedAt ? ms - now : Math.max(drifted, ms - now);
    this.#seenAt = now;
  }

  localOf(micros: number): number {
    return micros / 1000 - this.#leadMs;
  }

  microsOf(local: number): number {
    return Math.round((local + this.#leadMs) * 1000);
  }

  add(names: readonly number[]): void {
    if (names.length === 0) return;
    this.#names.push(...names);
    this.#names.sort((a, b) => a - b);
  }

  drop(names: readonly number[]): void {
    this.#dropped.push(...names);
  }

  dropAll(): void {
    this.#dropped.push(...this.#names.splice(0));
  }

  /** When the next one is, or Infinity. */
  next(now: number): number {
    this.#dropLate(now);
    const [name] = this.#names;
    return name === undefined ? Number.POSITIVE_INFINITY : this.localOf(name);
  }

  /** @param isFree none was needed */
  started(now: number, isFree: boolean): void {
    const name = isFree ? undefined : this.#names.shift();
    this.#used += 1;
    this.#inFlight.push({ sentAt: now, name: name ?? this.microsOf(now) });
  }

  /** @returns its name */
  ended(sentAt: number): number {
    const index = this.#inFlight.findIndex((sent) => sent.sentAt === sentAt);
    return index === -1 ? this.microsOf(sentAt) : this.#inFlight.splice(index, 1)[0]!.name;
  }

  /** The starts that were not used; each is returned once. */
  takeDropped(now: number): readonly number[] {
    this.#dropLate(now);
    return this.#dropped.splice(0);
  }

  /**
   * How many to hold at once; null for as many as there are. A worker that cannot use what it gets, twice in a row, wants
   * little more than it used: one that was not given the processor for a moment is no such worker.
   */
  wanted(now: number, everyMs: number): number | null {
    this.#dropLate(now);
    const isLate = this.#late > 0;
    const elapsedMs = Math.max(1, now - this.#countedFrom);
    const perMs = this.#used / elapsedMs;
    const wants = isLate && this.#wasLate ? Math.ceil(MORE * perMs * 2 * everyMs) + 1 : null;
    if (!isLate || !this.#wasLate) [this.#used, this.#countedFrom] = [0, now];
    this.#wasLate = isLate;
    this.#late = 0;
    return wants;
  }

  #dropLate(now: number): void {
    const oldest = this.microsOf(now - this.#lateMs);
    while (this.#names.length > 0 && this.#names[0]! < oldest) {
      this.#dropped.push(this.#names.shift()!);
      this.#late += 1;
    }
  }
}
