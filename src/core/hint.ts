/**
 * What a response says about the server's limits, as plain data: HTTP reads it from headers and
 * bodies, the pace obeys it, and neither knows the other. All times count from the response's
 * arrival, so that no clock of the server's is left in them.
 */
export interface Hint {
  /** Nothing may be sent for so long (`Retry-After`, or its like in a body); null where nothing says so. */
  readonly waitMs: number | null;
  /** Every policy that was stated; the tightest counts. */
  readonly limits: readonly Limit[];
}

/** What the time that a refusal asks for was read from. */
export type WaitSource = 'retry-after' | 'reset' | 'body' | 'preset';

/** Of a response that says nothing about limits. */
export const noHint: Hint = Object.freeze({ waitMs: null, limits: Object.freeze([]) });

/** One policy of a server: so many requests in a window. What the server left out is null. */
export interface Limit {
  /**
   * The server's name for it, or what tells it from the others of a response; `''` where it is the
   * only one. No two of a response have the same.
   */
  readonly policy: string;
  /** Requests that a whole window allows. */
  readonly quota: number | null;
  /** Requests that are left now. */
  readonly remaining: number | null;
  /** Until the window ends, or until `remaining` is renewed. */
  readonly resetMs: number | null;
  /** Length of a window. */
  readonly windowMs: number | null;
}
