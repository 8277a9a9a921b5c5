/**
 * One pace for all workers of a limiter. The worker that leads takes in what came of every request of all of them, as
 * one machine does, and hands out the starts that the pace allows, a little ahead and to each worker its own. To the
 * pace, the others are a network that answers a little later. Pure: it is told the time, and asks nobody.
 */
import type { Hint } from '../core/hint.ts';
import type { FoundPace } from '../pace/pace.ts';
import { ServerPace } from '../pace/server-pace.ts';
import { Spacing } from '../pace/spacing.ts';
import type { GateReport, GateState, Told } from './gate-report.ts';
import { promisedPerMs } from './promised-rate.ts';

/** A start is handed out at least so long before its time: it has to reach its worker. */
const LEAD_MS = 30;
/**
 * How often workers ask, while the pace is looked for and when it is known: so that each answer brings enough starts,
 * however many workers there are. Starts are handed out ahead for as long as they may be on their way, and some more for
 * machines that are busy.
 */
const QUICK = { leastMs: 100, mostMs: 300, starts: 6 } as const;
const STEADY = { leastMs: 300, mostMs: 1000, starts: 18 } as const;
const SLACK_MS = 60;
/** The same for a rate that only the user gave: no server counts, so starts may be handed out earlier. */
const USERS_SLACK_MS = 300;
/** A worker's turn. */
const TURN_MS = 5;
/** Without a limit there are no starts to hand out. */
const FREE_MS = 250;
/** A worker that has not asked for this long, or for this many turns, is gone. */
const GONE_MS = 1500;
const GONE_TIMES = 4;

interface Member {
  readonly who: string;
  run: string;
  perMs: number;
  wants: number;
  readonly joinedAt: number;
  seenAt: number;
  /** Starts that it was given and of which it has told nothing yet, by their names: when they are, for the pace. */
  readonly open: Map<number, number>;
}

export class PaceLeader {
  readonly #who: string;
  readonly #server: ServerPace;
  readonly #user = new Spacing(0);
  readonly #members = new Map<string, Member>();
  /** In microseconds; all other times are milliseconds since then, small enough to be exact. */
  readonly #base: number;
  /** No start is handed out before this. */
  #at = 0;
  #lastName = 0;
  #inFlight = 0;
  /** Runs take turns, and the workers of each. */
  #turnOf: Member | null = null;
  #turnUntil = 0;
  #runTurn = 0;
  readonly #turns = new Map<string, number>();

  /**
   * @param who the worker that leads
   * @param found what the one before found; null where there was none
   * @param beganAt microseconds
   */
  constructor(who: string, random: () => number, found: FoundPace | null, beganAt: number) {
    this.#who = who;
    this.#server = new ServerPace(random, found);
    this.#base = beganAt;
  }

  /** Workers other than this one. */
  get hasOthers(): boolean {
    return this.#members.size > (this.#members.has(this.#who) ? 1 : 0);
  }

  /** Takes in what workers tell. */
  take(reports: readonly GateReport[], nowMicros: number): void {
    const now = this.#msOf(nowMicros);
    for (const report of reports) {
      const member = this.#memberOf(report, now);
      member.seenAt = now;
      member.run = report.run;
      member.perMs = promisedPerMs(report.rate, now - member.joinedAt);
      member.wants = report.wants ?? Number.POSITIVE_INFINITY;
      for (const told of report.told) this.#ended(member, told, now);
      for (const name of report.dropped) this.#lost(member, name, now);
    }
    const goneMs = Math.max(GONE_MS, GONE_TIMES * this.#everyMs(now));
    for (const member of this.#members.values()) {
      if (now - member.seenAt < goneMs) continue;
      for (const name of [...member.open.keys()]) this.#lost(member, name, now);
      this.#members.delete(member.who);
    }
    let perMs = Number.POSITIVE_INFINITY;
    for (const member of this.#members.values()) perMs = Math.min(perMs, member.perMs);
    if (perMs !== this.#user.rate) this.#user.setRate(perMs, Math.max(this.#at, now));
  }

  /**
   * Hands out starts.
   *
   * @param notBefore microseconds; a pause that all were told
   * @returns by worker, the names of starts: the microsecond at which each is
   */
  allot(nowMicros: number, notBefore: number): ReadonlyMap<string, number[]> {
    const given = new Map<string, number[]>();
    const now = this.#msOf(nowMicros);
    if (this.#isFree(now)) return given;
    this.#at = Math.max(this.#at, now + LEAD_MS, this.#msOf(notBefore));
    const slackMs = this.#isUsers(now) ? USERS_SLACK_MS : SLACK_MS;
    const until = now + 1.5 * this.#everyMs(now) + slackMs;
    const held = new Map<Member, number>();
    for (const member of this.#members.values()) held.set(member, heldBy(member.open, now));
    for (;;) {
      const next = Math.max(
        this.#server.startableAt(this.#at, this.#inFlight),
        this.#user.startableAt(this.#at),
      );
      // From where nothing holds requests back, there are no starts to hand out.
      if (next > until || (next <= this.#at && this.#isFree(this.#at))) break;
      if (next > this.#at) {
        this.#at = next;
        continue;
      }
      const member = this.#next(held);
      if (member === null) break;
      this.#lastName = Math.max(this.#lastName + 1, Math.round(this.#base + this.#at * 1000));
      member.open.set(this.#lastName, this.#at);
      held.set(member, held.get(member)! + 1);
      const starts = given.get(member.who) ?? [];
      starts.push(this.#lastName);
      given.set(member.who, starts);
      this.#server.started(this.#at);
      this.#user.started(this.#at);
      this.#inFlight += 1;
    }
    return given;
  }

  state(nowMicros: number): Omit<GateState, 'epoch'> {
    const now = this.#msOf(nowMicros);
    const server = this.#server;
    const refusedForMs = server.refusedForMs(now);
    const limit = server.basis(now);
    const perSecond = this.#user.rate * 1000;
    return {
      isFree: this.#isFree(now),
      isProving: server.isProving(now),
      isSafe: server.isSafe,
      opensAt: this.#microsOf(server.heldUntil(now)),
      statedUntil: this.#microsOf(server.statedUntil(now)),
      refusedSince: refusedForMs > 0 ? this.#microsOf(now - refusedForMs) : 0,
      ownPauseMs: server.ownPauseMs,
      everyMs: this.#everyMs(now),
      found: server.learned(),
      basis: this.#isUsers(now) ? { by: 'user', perSecond, windowMs: null } : limit,
      statedPerSecond: server.statedPerSecond(now),
    };
  }

  #isFree(now: number): boolean {
    return this.#user.rate === Number.POSITIVE_INFINITY && this.#server.isUnlimited(now);
  }

  /** `--rate` is below all that the server is known to allow. */
  #isUsers(now: number): boolean {
    const { perSecond = Number.POSITIVE_INFINITY } = this.#server.basis(now) ?? {};
    return this.#user.rate * 1000 < perSecond;
  }

  /** How often workers are to ask. */
  #everyMs(now: number): number {
    if (this.#isFree(now)) return FREE_MS;
    const server = this.#server.basis(now)?.perSecond ?? Number.POSITIVE_INFINITY;
    const { leastMs, mostMs, starts } = this.#cadence(now);
    const enoughMs = (starts * this.#members.size) / Math.min(this.#user.rate, server / 1000);
    return Math.min(mostMs, Math.max(leastMs, enoughMs));
  }

  #cadence(now: number): typeof QUICK | typeof STEADY {
    const server = this.#server;
    const isKnown = this.#isUsers(now) || server.basis(now) === null || server.isSafe;
    return isKnown && !server.isProving(now) ? STEADY : QUICK;
  }

  #memberOf({ who, run }: GateReport, now: number): Member {
    let member = this.#members.get(who);
    if (member === undefined) {
      member = { who, run, perMs: 0, wants: 0, joinedAt: now, seenAt: now, open: new Map() };
      this.#members.set(who, member);
    }
    return member;
  }

  #ended(member: Member, [name, tookMs, kind = 'accepted', hint = null]: Told, now: number): void {
    // All have heard of a refusal by then: what was sent before belongs to it.
    const heardAt = now + LEAD_MS;
    if (kind === 'start-over') {
      this.#server.startOver(heardAt);
      return;
    }
    const own = member.open.get(name);
    const sentAt = own ?? this.#msOf(name);
    const answeredAt = sentAt + tookMs;
    const later = (ms: number): number => Math.max(0, ms - (heardAt - answeredAt));
    if (kind === 'after-all') {
      this.#server.refusedAfterAll(
        sentAt,
        heardAt,
        hint?.waitMs == null ? null : later(hint.waitMs),
      );
      return;
    }
    if (own === undefined) this.#server.sawStart(sentAt);
    else this.#forget(member, name);
    // An answer that changes the pace counts from now on. For any other answer only its duration matters.
    const isNews = kind !== 'accepted' || hint !== null || this.#server.isProving(now);
    const at = isNews ? heardAt : answeredAt;
    const shifted = hint === null ? null : shiftedHint(hint, later);
    const inFlight = hint === null ? this.#inFlight : this.#sentBy(now);
    this.#server.ended({ sentAt, now: at, kind, hint: shifted }, inFlight);
  }

  /** The remaining requests that a server states do not include those in flight. Later starts use what is refilled by then. */
  #sentBy(now: number): number {
    let sent = 0;
    for (const { open } of this.#members.values()) sent += open.size - heldBy(open, now);
    return sent;
  }

  /** A start that was not used says nothing about the server. */
  #lost(member: Member, name: number, now: number): void {
    const sentAt = member.open.get(name);
    if (sentAt === undefined) return;
    this.#forget(member, name);
    this.#server.ended({ sentAt, now: now + LEAD_MS, kind: 'lost', hint: null }, this.#inFlight);
  }

  #forget(member: Member, name: number): void {
    member.open.delete(name);
    this.#inFlight -= 1;
  }

  /**
   * Each run in turn, and of each its workers in turn: who wants none is passed over. A worker gets all starts of some
   * milliseconds, so that a busy machine has to give it the processor once for them. What shows whether a pause is over
   * is sent by the worker that leads, if it can: others would hear of it later.
   */
  #next(held: ReadonlyMap<Member, number>): Member | null {
    const mayTake = (member: Member): boolean => (held.get(member) ?? Infinity) < member.wants;
    const own = this.#members.get(this.#who);
    if (own !== undefined && mayTake(own) && this.#server.isProving(this.#at)) return own;
    if (this.#at < this.#turnUntil && this.#turnOf !== null && mayTake(this.#turnOf)) {
      return this.#turnOf;
    }
    const byRun = Map.groupBy([...held.keys()].filter(mayTake), ({ run }) => run);
    if (byRun.size === 0) return null;
    const runs = [...byRun.keys()];
    const run = runs[this.#runTurn++ % runs.length]!;
    const turn = this.#turns.get(run) ?? 0;
    this.#turns.set(run, turn + 1);
    const members = byRun.get(run)!;
    this.#turnOf = members[turn % members.length]!;
    this.#turnUntil = this.#at + TURN_MS;
    return this.#turnOf;
  }

  #msOf(micros: number): number {
    return (micros - this.#base) / 1000;
  }

  #microsOf(ms: number): number {
    return Number.isFinite(ms) ? Math.round(this.#base + ms * 1000) : 0;
  }
}

/** Those that are yet to come. */
function heldBy(open: ReadonlyMap<number, number>, now: number): number {
  let held = 0;
  for (const at of open.values()) if (at > now) held += 1;
  return held;
}

function shiftedHint({ waitMs, limits }: Hint, later: (ms: number) => number): Hint {
  return {
    waitMs: waitMs === null ? null : later(waitMs),
    limits: limits.map((limit) => ({
      ...limit,
      resetMs: limit.resetMs === null ? null : later(limit.resetMs),
    })),
  };
}
