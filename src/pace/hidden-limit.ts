/**
 * Some servers refuse with plain errors: nginx's `limit_req` answers 503 with HTML and no Retry-After by
 * default. Real errors come at any rate; a limit refuses only what is beyond it. Errors are taken for
 * refusals in two cases: many come in a row after requests were answered, or none comes in a trial at
 * half the pace. They are errors again if they stay frequent at the slower pace, or if nothing is
 * answered any more. A server with a limit may have real errors too. So once there is a limit, errors are
 * refusals only where they are more frequent than before, and each that came at a pace that was thought
 * safe makes it more careful.
 */

/** Errors in a row are a limit if independent errors would do this in fewer than one of so many runs. */
const CHANCE = 1e-3;
/** Fewer errors than this part cost less than a trial. */
const WORTH_PART = 0.05;
/** A trial is so long that chance alone would bring so many errors. */
const EXPECTED_ERRORS = 4;
const TRIAL_PACE = 0.5;
/** Bounds for a trial: a pause may make the measured pace too low. */
const LONGEST_TRIAL_MS = 15_000;
const SLOWEST_TRIAL = 1 / 2000;
/** Errors before the first trial; each in vain makes the next wait longer. */
const FIRST_PATIENCE = 3;
const PATIENCE_GROWTH = 4;
/** So many answers are remembered fully, older ones less and less. */
const MEMORY = 200;
/** More refusals than this, at a pace that was found, are no limit. */
const MOST_REFUSED = 0.2;
const FEW_REFUSED = 3;
/** Of so many answers one is taken for an error until more is known. */
const ONE_ERROR_OF = 50;
/** So many errors besides are expected until more is known, and so many more of a rate that is too high. */
const MORE_ERRORS = 0.15;
/** So sure it must be at first. */
const SURE = Math.log(30);
/** After so many refusals with no answer between, the server is down. */
const MOST_IN_A_ROW = 3;

/**
 * What an error is, and what it says of the limit that was found from refusals before it. `misled`: there is
 * no limit. `down`: the same, and nothing is answered any more.
 */
export type ServerError = 'error' | 'refusal' | 'misled' | 'down';

export class HiddenLimit {
  #phase: 'errors' | 'trial' | 'limit' = 'errors';
  #hasAnswered: boolean;
  /** How likely it is by now that errors are refusals; Infinity from a refusal to the next answer. */
  #suspicion = 0;
  #sure = SURE;
  /** Under a limit: this part of the answers are errors anyway. */
  #usual = 1 / ONE_ERROR_OF;
  #total: number;
  /** In this phase, fading. */
  #answers: number;
  #errors = 0;
  #refusals = 0;
  /** Errors since the last answer. */
  #run = 0;
  /** Refusals since the last answer, of those that were new. */
  #inARow = 0;
  #patience = FIRST_PATIENCE;
  /** How often errors were wrongly taken for refusals. */
  #inVain = 0;
  #errorsSinceTrial = 0;
  /** What was sent before this belongs to what was before. */
  #from = Number.NEGATIVE_INFINITY;
  #trialRate = 0;
  #trialLeft = 0;
  #trialUntil = 0;
  /** Answers since an error, from which the pace of a trial follows. */
  #countedFrom = 0;
  #counted = 0;

  /** @param answers how many requests were answered before the server's first error */
  constructor(answers = 0) {
    this.#hasAnswered = answers > 0;
    this.#total = answers;
    const older = Math.max(0, answers - MEMORY);
    // As `#count` would have let them fade.
    this.#answers = older === 0 ? answers : MEMORY / 2 + (older % (MEMORY / 2));
  }

  /** The server names its waits where it refuses, so what fails besides is worth no trial. */
  doubtLess(): void {
    this.#patience = Number.POSITIVE_INFINITY;
  }

  /** Requests per millisecond that a trial holds to; Infinity where there is none. */
  rate(now: number): number {
    if (this.#phase !== 'trial') return Number.POSITIVE_INFINITY;
    if (now < this.#trialUntil) return this.#trialRate;
    this.#endTrialInVain(now);
    return Number.POSITIVE_INFINITY;
  }

  /** A request was answered, by whatever is neither an error nor a refusal. */
  accepted(sentAt: number, now: number): void {
    this.#hasAnswered = true;
    this.#run = 0;
    this.#inARow = 0;
    this.#counted += 1;
    this.#count(0);
    if (this.#suspicion === Number.POSITIVE_INFINITY) this.#suspicion = 0;
    if (this.#phase === 'limit') {
      const lessLikely = Math.log((1 - this.#moreErrors) / (1 - this.#usual));
      this.#suspicion = Math.max(0, this.#suspicion + lessLikely);
    }
    if (this.#phase !== 'trial' || sentAt < this.#from) return;
    this.#trialLeft -= 1;
    if (this.#trialLeft <= 0) this.#begin('limit', now);
  }

  /**
   * A request was answered with an error of the server.
   *
   * @param isSafe it came at a pace that was thought to be below the limit
   * @returns what it is
   */
  failed(sentAt: number, now: number, isSafe: boolean): ServerError {
    const isOld = sentAt < this.#from;
    switch (this.#phase) {
      case 'limit':
        // Requests that were under way are refused together, and say no more than one of them.
        return isOld ? 'refusal' : this.#failedUnderLimit(now, isSafe);
      case 'trial':
        this.#count(1);
        if (!isOld) this.#endTrialInVain(now);
        return 'error';
      case 'errors':
        return this.#failedWithoutLimit(sentAt, now);
    }
  }

  #failedWithoutLimit(sentAt: number, now: number): 'error' | 'refusal' {
    const part = (this.#errors - this.#run) / (this.#answers - this.#run + 1);
    this.#run += 1;
    const chance = this.#total * Math.max(MORE_ERRORS, part) ** this.#run;
    if (this.#hasAnswered && chance <= CHANCE ** (1 + this.#inVain)) {
      this.#begin('limit', now);
      return 'refusal';
    }
    if (this.#errorsSinceTrial === 0) [this.#countedFrom, this.#counted] = [now, 0];
    this.#errorsSinceTrial += 1;
    this.#count(1);
    const isFrequent = this.#errors > WORTH_PART * this.#answers;
    // A pace within one round trip is that of the burst before it.
    const isMeasured = this.#counted > 0 && sentAt >= this.#countedFrom;
    // Of errors in a row, their number decides.
    const isSingle = this.#run === 1;
    if (isSingle && isMeasured && isFrequent && this.#errorsSinceTrial >= this.#patience) {
      const pace = this.#counted / Math.max(1, now - this.#countedFrom);
      this.#trialRate = Math.max(SLOWEST_TRIAL, TRIAL_PACE * pace);
      this.#trialUntil = now + LONGEST_TRIAL_MS;
      this.#trialLeft = Math.ceil((EXPECTED_ERRORS * this.#answers) / this.#errors);
      this.#begin('trial', now);
      // Those under way take what the limit gives meanwhile.
      this.#from += 1 / this.#trialRate;
    }
    return 'error';
  }

  #endTrialInVain(now: number): void {
    this.#patience *= PATIENCE_GROWTH;
    this.#begin('errors', now);
  }

  /**
   * A cumulative sum test (Page 1954) of "as often as before" against "more often by as much as a rate
   * that is too high would bring".
   */
  #failedUnderLimit(now: number, isSafe: boolean): ServerError {
    this.#suspicion += Math.log(this.#moreErrors / this.#usual);
    if (this.#suspicion < this.#sure) {
      this.#count(1);
      return 'error';
    }
    this.#suspicion = Number.POSITIVE_INFINITY;
    if (isSafe) this.#sure += SURE;
    this.#count(0);
    this.#refusals += 1;
    const isFrequent = this.#refusals > Math.max(FEW_REFUSED, MOST_REFUSED * this.#answers);
    this.#inARow += 1;
    const isDown = this.#inARow >= MOST_IN_A_ROW;
    if (isFrequent || isDown) {
      this.#patience *= PATIENCE_GROWTH;
      this.#inVain += 1;
      this.#begin('errors', now);
      return isDown ? 'down' : 'misled';
    }
    this.#from = now;
    return 'refusal';
  }

  get #moreErrors(): number {
    return Math.min(0.9, this.#usual + MORE_ERRORS);
  }

  #count(errors: number): void {
    this.#total += 1;
    this.#answers += 1;
    this.#errors += errors;
    if (this.#answers <= MEMORY) return;
    this.#learn();
    this.#answers /= 2;
    this.#errors /= 2;
    this.#refusals /= 2;
  }

  /** Late, so that refusals at a rate that is too high do not become usual by and by. */
  #learn(): void {
    this.#usual = (this.#errors + 1) / (this.#answers + ONE_ERROR_OF);
  }

  #begin(phase: 'errors' | 'trial' | 'limit', now: number): void {
    this.#phase = phase;
    this.#from = now;
    this.#run = 0;
    this.#inARow = 0;
    // What fails before anything is answered is refused like those before it.
    this.#suspicion = phase === 'limit' ? Number.POSITIVE_INFINITY : 0;
    this.#sure = SURE;
    this.#errorsSinceTrial = 0;
    if (phase === 'trial') return;
    this.#answers = 0;
    this.#errors = 0;
    this.#refusals = 0;
    this.#usual = 1 / ONE_ERROR_OF;
  }
}
