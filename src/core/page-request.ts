/** Where a page stands in the plan: branches are ordered by number, positions within a branch. */
export interface Place {
  readonly branch: number;
  readonly position: number;
}

export type Method = 'GET' | 'POST';

/** One page to fetch, as the plan states it. It holds no credentials of the run; its URL may. */
export interface PageRequest {
  readonly place: Place;
  readonly method: Method;
  /** Absolute http or https URL, without user info. Redact before showing or storing it. */
  readonly url: string;
  readonly body: Uint8Array | null;
  /** Where the user wrote it, for messages: `urls.txt line 7`, or null for an argument. */
  readonly origin: string | null;
}
