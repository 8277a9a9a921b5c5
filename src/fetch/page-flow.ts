/** What the dispatcher fetches, who takes it, and what is counted. */
import type { Attempt, FinalAttempt, Task } from './task.ts';

/** What is counted while pages are fetched. */
export interface Counters {
  fetched: number;
  retries: number;
  pausedMs: number;
  outageMs: number;
  bodyBytes: number;
}

/** What is to be fetched: a plan, or what detection asks for. */
export interface PageSource {
  /** In the order in which they should start. The dispatcher waits for a batch as long as it takes. */
  tasks(): AsyncIterable<readonly Task[]>;
  readonly attempt: Attempt;
  /** A page that comes if the server is up, known before any came: the first of a list. */
  readonly witness?: Task | null;
}

/**
 * Takes pages whose last attempt was made. For each it calls `rejected` or `done` of the dispatcher
 * later.
 */
export interface PageSink {
  /** Taken and not yet done. */
  readonly heldPages: number;
  readonly heldBytes: number;
  add(task: Task, final: FinalAttempt): void;
  /** Nothing is in flight: do not wait for more. */
  flush(): void;
}
