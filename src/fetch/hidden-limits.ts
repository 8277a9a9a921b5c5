/**
 * Rate limits that a server states with a plain 503, as nginx's `limit_req` does by default. They differ
 * from errors in that they depend on the rate. So if a page gets 503 again and again while other pages
 * come, some of its failures are treated as refusals: the limiter pauses and slows down. If the page then
 * comes, more failures are treated so. If it does not, the page fails.
 */
import { type Hint, noHint } from '../core/hint.ts';
import type { Limiter } from './limiter.ts';
import type { AttemptResult, Task } from './task.ts';

/** Failures of a page that are errors, before one is taken for a refusal. */
const ERRORS_FIRST = 2;
/** Refusals of one page, and of a limiter since one of them helped. */
const MOST_OF_PAGE = 5;
const MOST_IN_VAIN = 3;

export class HiddenLimits {
  readonly #inVain = new Map<Limiter, number>();

  /** The result, or the refusal that it is taken for. */
  read(task: Task, result: AttemptResult, limiter: Limiter): AttemptResult {
    const { outcome, response, hint } = result;
    if (outcome.kind === 'body' && task.trials > 0) this.#inVain.delete(limiter);
    if (outcome.kind !== 'retry' || response?.status !== 503) return result;
    const inVain = this.#inVain.get(limiter) ?? 0;
    const isTried = task.trials >= MOST_OF_PAGE || inVain >= MOST_IN_VAIN;
    // Since the last failure of this page.
    const areOthersServed = limiter.isUp && limiter.upSentAt > task.doubtful.sentAt;
    if (task.attempts < ERRORS_FIRST || isTried || !areOthersServed) return result;
    task.trials += 1;
    this.#inVain.set(limiter, inVain + 1);
    const { reason } = outcome;
    const own: Hint = hint ?? noHint;
    return {
      ...result,
      outcome: { kind: 'pause', waitMs: null, waitFrom: null, reason, hint: own },
    };
  }
}
