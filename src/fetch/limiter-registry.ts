/** The limiters of a run, by origin and by policy. */
import type { PaceChange } from '../archive/archive-types.ts';
import type { ResolvedOptions } from '../core/resolve-options.ts';
import type { PaceFacts } from '../core/summary.ts';
import { type PaceSettings, readLearnedPace, type ServerLimits } from '../pace/pace.ts';
import { BusyMeter } from './busy-meter.ts';
import { Limiter } from './limiter.ts';

/** A server that names a new policy with each answer names none. */
const MOST_POLICIES = 16;

type LimiterOptions = Pick<ResolvedOptions, 'concurrency' | 'rate' | 'maxWaitMs'>;

/** Makes what a limiter shares with other processes, by the limiter's name. */
export type MakeGate = (limiter: string) => ServerLimits;

/** The policies of one origin: GitHub counts its search apart from the rest, Discord each route. */
interface Policies {
  /** That of the origin's own limiter. */
  readonly first: string;
  /** Routes that count in another. */
  readonly byRoute: Map<string, string>;
  readonly names: Set<string>;
}

/**
 * The limiters of a run, made when first met and shared by all who send. A run has one set of
 * credentials for an origin, so a limiter is an origin, and a policy where it names more than one.
 */
export class LimiterRegistry {
  #options: LimiterOptions;
  readonly #kept: Readonly<Record<string, unknown>>;
  #busy: BusyMeter | null;
  readonly #makeGate: MakeGate | null;
  readonly #byName = new Map<string, Limiter>();
  readonly #policies = new Map<string, Policies>();
  /** Each origin has one limiter. It is so until a server names a second policy. */
  isByOrigin = true;

  /**
   * @param kept what an earlier run of the same archive learned, by limiter
   * @param makeGate null where this process alone sends
   */
  constructor(
    options: LimiterOptions,
    kept: Readonly<Record<string, unknown>> = {},
    makeGate: MakeGate | null = null,
  ) {
    this.#options = options;
    this.#makeGate = makeGate;
    // With a fixed number of requests nothing follows from latency.
    this.#busy = options.concurrency === 'auto' ? new BusyMeter() : null;
    this.#kept = kept;
  }

  /** The user has other wishes now: for each limiter there is, and each to come. */
  change(settings: PaceSettings, now: number): void {
    this.#options = { ...this.#options, ...settings };
    this.#busy = settings.concurrency === 'auto' ? (this.#busy ?? new BusyMeter()) : null;
    for (const limiter of this.#byName.values()) limiter.change(settings, this.#busy, now);
  }

  /** @param path with or without a query */
  of(origin: string, path: string): Limiter {
    const policies = this.#policies.get(origin);
    const policy =
      policies === undefined || policies.byRoute.size === 0
        ? undefined
        : policies.byRoute.get(routeOf(path));
    const name = policy === undefined ? origin : `${origin} ${policy}`;
    let limiter = this.#byName.get(name);
    if (limiter === undefined) {
      const kept = Object.hasOwn(this.#kept, name) ? this.#kept[name] : null;
      const learned = readLearnedPace(kept);
      limiter = new Limiter(
        name,
        this.#options,
        Math.random,
        learned,
        this.#busy,
        this.#options.maxWaitMs,
        this.#makeGate?.(name),
      );
      this.#byName.set(name, limiter);
    }
    return limiter;
  }

  /** A response names the policy that its request counted in: from now on its route goes there. */
  notePolicy(origin: string, path: string, name: string): void {
    const policies = this.#policies.get(origin);
    if (policies === undefined) {
      this.#policies.set(origin, { first: name, byRoute: new Map(), names: new Set([name]) });
    } else if (name !== policies.first && policies.names.size < MOST_POLICIES) {
      policies.names.add(name);
      policies.byRoute.set(routeOf(path), name);
      this.isByOrigin = false;
    }
  }

  /** What is worth keeping, by limiter. */
  learned(): Readonly<Record<string, unknown>> {
    const entries = [...this.#byName].map(([name, limiter]) => [name, limiter.learned()]);
    return Object.fromEntries(entries);
  }

  /** How fast each limiter is asked at this moment. */
  paces(now: number): readonly Omit<PaceChange, 'at'>[] {
    return [...this.#byName.values()]
      .filter(({ requests }) => requests > 0)
      .map((limiter) => {
        const { by, perSecond, concurrency } = limiter.basis(now);
        const statedPerSecond = limiter.statedPerSecond(now);
        return { limiter: limiter.name, concurrency, perSecond, statedPerSecond, by };
      });
  }

  /** How each limiter's pace was set, the busiest first. */
  facts(now: number): readonly PaceFacts[] {
    return [...this.#byName.values()]
      .filter(({ requests }) => requests > 0)
      .sort((a, b) => b.requests - a.requests)
      .map((limiter) => ({ limiter: limiter.name, ...limiter.basis(now) }));
  }
}

/** The path without its query and without what names one thing: `/channels/:/messages`. */
function routeOf(path: string): string {
  const query = path.indexOf('?');
  const plain = query === -1 ? path : path.slice(0, query);
  return plain.replace(/\/(?:\d+|[0-9a-f-]{16,})(?=\/|$)/gi, '/:');
}
