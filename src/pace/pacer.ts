import { AutoConcurrency } from './auto-concurrency.ts';
import { HiddenLimit, type ServerError } from './hidden-limit.ts';
import type {
  Answer,
  LearnedPace,
  LimiterPause,
  PaceBasis,
  PaceSettings,
  ServerLimits,
} from './pace.ts';
import { ServerPace, statedWaitMs } from './server-pace.ts';
import { SLACK_MS, Spacing, setIfChanged } from './spacing.ts';

/** The user's rate is a promise: so much of its window may be early, and is taken off the rate. */
const USER_SLACK_PART = 0.002;
const USER_SLACK_CAP_MS = 50;

/** Whether they are a limit's, and the spacing of a trial that shows it. */
interface ErrorsOfServer {
  readonly limit: HiddenLimit;
  readonly trial: Spacing;
}

/**
 * The pace of one limiter (an origin with its credential, and one policy of it). A request starts
 * when all agree: what the server's limits allow, the user's caps, and the requests in flight. Errors
 * never speed anything up.
 */
export class Pacer {
  #settings: PaceSettings;
  readonly #server: ServerLimits;
  #auto: AutoConcurrency | null;
  /** Null until the server answers with an error. */
  #errors: ErrorsOfServer | null = null;
  /** It refuses and says for how long. */
  #namesWaits = false;
  #accepted = 0;
  /** Null where the user set no rate. */
  #user: Spacing | null;
  #inFlight = 0;
  #openings = 0;

  /** @param server what several processes know of the server together; by default this one finds it out */
  constructor(
    settings: PaceSettings,
    random: () => number,
    learned: LearnedPace | null,
    server: ServerLimits = new ServerPace(random, learned),
  ) {
    this.#settings = settings;
    this.#server = server;
    this.#auto =
      settings.concurrency === 'auto' ? new AutoConcurrency(learned?.concurrency ?? null) : null;
    this.#user = userSpacing(settings);
  }

  /** Most requests in flight for now. */
  get concurrency(): number {
    return this.#auto?.limit ?? (this.#settings.concurrency as number);
  }

  /** The user has other wishes now. What was found of the server stays. */
  change(settings: PaceSettings, now: number): void {
    const { concurrency } = this;
    if (settings.concurrency !== 'auto') this.#auto = null;
    else this.#auto ??= new AutoConcurrency(concurrency);
    this.#settings = settings;
    this.#user = userSpacing(settings);
    // What has just been sent belongs to the new rate too.
    this.#user?.drain(now);
  }

  /** Nothing was asked for so long by the user's own will. */
  excuse(ms: number, now: number): void {
    this.#server.excuse(ms, now);
    this.#auto?.interrupted(now);
  }

  /** Nothing starts before this, by a pause or by a window of which the server says nothing is left. */
  heldUntil(now: number): number {
    return this.#server.heldUntil(now);
  }

  /** The part of `heldUntil` that the server stated; what lies beyond is our own wait. */
  statedUntil(now: number): number {
    return this.#server.statedUntil(now);
  }

  /** Milliseconds since the first refusal that no success has followed; 0 where there is none. */
  refusedForMs(now: number): number {
    return this.#server.refusedForMs(now);
  }

  /** ≤ now: one may start; finite: not before; Infinity: only after an answer. */
  startableAt(now: number): number {
    if (this.#inFlight >= this.concurrency) return Number.POSITIVE_INFINITY;
    return Math.max(
      this.#server.startableAt(now, this.#inFlight),
      this.#user?.startableAt(now) ?? now,
      this.#errors === null ? now : this.#trialAt(this.#errors, now),
    );
  }

  started(now: number): void {
    this.#inFlight += 1;
    this.#server.started(now);
    this.#user?.started(now);
    this.#errors?.trial.started(now);
  }

  /** What an error of the server is. Call it before `ended`, which is told of a refusal as of any other. */
  readError(sentAt: number, now: number): ServerError {
    this.#errors ??= { limit: new HiddenLimit(this.#accepted), trial: new Spacing(SLACK_MS) };
    const { limit } = this.#errors;
    if (this.#namesWaits) limit.doubtLess();
    const is = limit.failed(sentAt, now, this.#server.isSafe);
    if (is === 'misled' || is === 'down') this.#server.startOver(now);
    return is;
  }

  /** Call once for each `started`. */
  ended(answer: Answer): LimiterPause | null {
    const { sentAt, now, kind, isCalm, isBusy = false } = answer;
    const inFlight = this.#inFlight;
    this.#inFlight -= 1;
    if (kind === 'refused') this.#namesWaits ||= statedWaitMs(answer.hint) !== null;
    if (kind === 'refused' && isCalm) this.#auto?.calmed(sentAt, now);
    // How long an error took says nothing of how long an answer takes.
    if (kind === 'accepted' || kind === 'late') {
      const answered = kind === 'late' ? 'strained' : isBusy ? 'busy' : 'answered';
      this.#auto?.ended(answered, inFlight, sentAt, now);
    }
    if (kind === 'accepted') {
      this.#accepted += 1;
      this.#errors?.limit.accepted(sentAt, now);
    }
    const pause = this.#server.ended(answer, this.#inFlight);
    if (this.#server.openings !== this.#openings) {
      this.#openings = this.#server.openings;
      this.#auto?.interrupted(now);
    }
    return pause;
  }

  /** An answer that had counted as accepted turned out to be a refusal. */
  refusedAfterAll(sentAt: number, now: number, waitMs: number | null): LimiterPause | null {
    this.#namesWaits ||= waitMs !== null;
    return this.#server.refusedAfterAll(sentAt, now, waitMs);
  }

  learned(): LearnedPace {
    return { version: 1, ...this.#server.learned(), concurrency: this.concurrency };
  }

  /** What the server's headers allow a second at this moment; null where they state no limit. */
  statedPerSecond(now: number): number | null {
    return this.#server.statedPerSecond(now);
  }

  /** @param now for what the headers allow at this moment */
  basis(now: number): PaceBasis {
    const { concurrency } = this;
    const user = this.#user?.rate ?? Number.POSITIVE_INFINITY;
    const server = this.#server.basis(now);
    const perSecond = Math.min(user * 1000, server?.perSecond ?? Number.POSITIVE_INFINITY);
    if (perSecond === Number.POSITIVE_INFINITY) {
      const auto = this.#auto;
      const by = auto === null ? 'user' : auto.isByLatency ? 'latency' : 'none';
      return { by, perSecond: null, concurrency, windowMs: null };
    }
    if (server !== null && server.perSecond === perSecond) return { ...server, concurrency };
    return { by: 'user', perSecond, concurrency, windowMs: null };
  }

  #trialAt({ limit, trial }: ErrorsOfServer, now: number): number {
    if (setIfChanged(trial, limit.rate(now), now)) trial.drain(now);
    return trial.startableAt(now);
  }
}

function userSpacing({ rate }: PaceSettings): Spacing | null {
  if (rate === null) return null;
  const slackMs = Math.min(USER_SLACK_CAP_MS, USER_SLACK_PART * rate.perMs);
  return new Spacing(slackMs, rate.count / (rate.perMs + slackMs));
}
