/** Requests on their way while a refusal travels to the client are no fault of its. */
const IN_FLIGHT_ALLOWANCE_MS = 50;

/** Watches, on a server's side, whether clients keep the waits it stated with Retry-After. */
export class StatedWaits {
  /** Requests that arrived inside a stated wait, those already on their way excluded. */
  early = 0;
  readonly #now: () => number;
  #windows: { fromMs: number; readonly untilMs: number }[] = [];

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Call just before a refusal is written; call what it returns once the refusal is flushed. The
   * wait counts from the earlier of the two, since the client may read before we learn of the flush.
   */
  state(waitMs: number): () => void {
    const window = { fromMs: Number.POSITIVE_INFINITY, untilMs: this.#now() + waitMs };
    this.#windows.push(window);
    return () => {
      window.fromMs = this.#now() + IN_FLIGHT_ALLOWANCE_MS;
    };
  }

  /** Call when a request arrives, before it is answered; true when it came too early. */
  arrive(): boolean {
    if (this.#windows.length === 0) return false;
    const now = this.#now();
    this.#windows = this.#windows.filter((window) => window.untilMs > now);
    const isEarly = this.#windows.some((window) => window.fromMs < now);
    if (isEarly) this.early += 1;
    return isEarly;
  }
}
