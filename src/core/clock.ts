/** Time as the rest of the program sees it, so that state machines can be tested on a fake one. */
export interface Clock {
  /** Milliseconds that never run backwards; for durations and deadlines of this process. */
  now(): number;
  /** Milliseconds since 1970 by the machine's clock; for what is stored and shown. */
  wallTime(): number;
}

export const systemClock: Clock = {
  now: performance.now.bind(performance),
  wallTime: Date.now,
};
