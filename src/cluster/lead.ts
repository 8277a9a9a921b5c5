import { type GateAnswer, type GateState, writeBatch } from './gate-report.ts';
import { PaceLeader } from './pace-leader.ts';

/** Leads a limiter, while this worker is the one that does. */
export class Lead {
  readonly #who: string;
  /** Null where another worker leads. */
  #leader: PaceLeader | null = null;
  #term = -1;
  /** Workers and starts that were handed out and not told yet. */
  #given: string[] = [];
  /** A pause is over: all are to ask at once. */
  #isNews = false;

  constructor(who: string) {
    this.#who = who;
  }

  get term(): number {
    return this.#term;
  }

  get isLeading(): boolean {
    return this.#leader !== null;
  }

  get hasOthers(): boolean {
    return this.#leader?.hasOthers ?? false;
  }

  get isNews(): boolean {
    return this.#isNews;
  }

  /**
   * Takes in what the queue answered.
   *
   * @param epoch the refusals that this worker knows of
   * @returns the state of the limiter, and the starts for this worker itself
   */
  answered(
    answer: GateAnswer,
    epoch: number,
  ): { state: GateState | null; starts: readonly number[] } {
    const { term, leads, now, pause, reports } = answer;
    if (!leads) {
      this.#leader = null;
      return { state: answer.state, starts: [] };
    }
    if (this.#leader === null || term !== this.#term) {
      this.#leader = new PaceLeader(this.#who, Math.random, answer.state?.found ?? null, now);
      this.#term = term;
    }
    const wasProving = this.#leader.state(now).isProving;
    this.#leader.take(reports, now);
    const given = this.#leader.allot(now, pause);
    for (const [who, starts] of given) {
      if (who !== this.#who) this.#given.push(who, writeBatch(epoch, starts));
    }
    const state = { epoch, ...this.#leader.state(now) };
    this.#isNews ||= wasProving && !state.isProving;
    return { state, starts: given.get(this.#who) ?? [] };
  }

  /** Arguments of the next question: 1 if all workers are to ask at once, then workers and their starts. */
  takeWords(): readonly (string | number)[] {
    const words = [this.#isNews ? 1 : 0, ...this.#given];
    this.#given = [];
    this.#isNews = false;
    return words;
  }
}
