/** The part of the run that all plots show: moved by mouse, keys and buttons, and kept in the address. */

type Listener = (range: TimeRange) => void;

/** The closest look, in milliseconds. */
const LEAST_MS = 5;
const HASH = /^#t=([\d.]+)-([\d.]+)$/;

export class TimeRange {
  endMs: number;
  from = 0;
  to: number;
  #listeners: Listener[] = [];
  #frame = 0;
  #saving: ReturnType<typeof setTimeout> | undefined;

  constructor(endMs: number) {
    this.endMs = Math.max(endMs, LEAST_MS);
    this.to = this.endMs;
    this.#readHash();
    addEventListener('hashchange', () => {
      this.#readHash();
      this.#changed();
    });
  }

  /** Other data is shown, which reaches to `endMs`. Those who listened to the last one do not any more. */
  begin(endMs: number): void {
    const wasAll = this.isAll;
    this.#listeners = [];
    this.endMs = Math.max(endMs, LEAST_MS);
    if (wasAll) [this.from, this.to] = [0, this.endMs];
    else this.to = Math.min(this.to, this.endMs);
  }

  get ms(): number {
    return this.to - this.from;
  }

  get isAll(): boolean {
    return this.from <= 0 && this.to >= this.endMs;
  }

  /** Called once for a frame in which it changed. */
  onChange(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Shows from…to, moved to where there is something to see. */
  set(from: number, to: number): void {
    const ms = Math.min(this.endMs, Math.max(LEAST_MS, to - from));
    const middle = (from + to) / 2;
    this.from = Math.min(Math.max(0, middle - ms / 2), this.endMs - ms);
    this.to = this.from + ms;
    this.#changed();
    clearTimeout(this.#saving);
    this.#saving = setTimeout(() => this.#writeHash(), 200);
  }

  all(): void {
    this.set(0, this.endMs);
  }

  /** @param part of what is shown; to the right where it is positive */
  move(part: number): void {
    const by = part * this.ms;
    this.set(this.from + by, this.to + by);
  }

  /** @param at stays where it is on the screen; the middle by default */
  zoom(factor: number, at = (this.from + this.to) / 2): void {
    const ms = Math.min(this.endMs, Math.max(LEAST_MS, this.ms * factor));
    const from = at - ((at - this.from) / this.ms) * ms;
    this.set(from, from + ms);
  }

  /** Takes the keys that move and zoom where `target` has the focus. */
  takeKeys(target: HTMLElement): void {
    target.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const act = this.#keys[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    });
  }

  readonly #keys: Readonly<Record<string, (() => void) | undefined>> = {
    ArrowLeft: () => this.move(-0.1),
    ArrowRight: () => this.move(0.1),
    PageUp: () => this.move(-0.9),
    PageDown: () => this.move(0.9),
    '+': () => this.zoom(0.5),
    '=': () => this.zoom(0.5),
    '-': () => this.zoom(2),
    '0': () => this.all(),
    Home: () => this.set(0, this.ms),
    End: () => this.set(this.endMs - this.ms, this.endMs),
  };

  #changed(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      for (const listener of this.#listeners) listener(this);
    });
  }

  #readHash(): void {
    const [, from, to] = HASH.exec(location.hash) ?? [];
    const [fromMs, toMs] = [Number(from) * 1_000, Number(to) * 1_000];
    if (!(toMs > fromMs)) {
      this.from = 0;
      this.to = this.endMs;
      return;
    }
    const ms = Math.min(this.endMs, Math.max(LEAST_MS, toMs - fromMs));
    this.from = Math.min(Math.max(0, fromMs), this.endMs - ms);
    this.to = this.from + ms;
  }

  #writeHash(): void {
    const text = (ms: number): string => (ms / 1_000).toFixed(3);
    const hash = this.isAll ? '#' : `#t=${text(this.from)}-${text(this.to)}`;
    if (location.hash !== hash && !(hash === '#' && location.hash === '')) {
      history.replaceState(null, '', hash);
    }
  }
}
