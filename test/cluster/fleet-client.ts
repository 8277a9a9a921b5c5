/** Workers and the one that leads them, in virtual time: to a simulation they are one client. */
import type { GateReport, Told } from '../../src/cluster/gate-report.ts';
import { PaceLeader } from '../../src/cluster/pace-leader.ts';
import type { Client } from '../pace/simulation/simulate.ts';

const NEWS_MS = 3;
const PROVING_MS = 25;

interface Member {
  readonly who: string;
  readonly starts: number[];
  readonly open: { readonly sentAt: number; readonly name: number }[];
  told: Told[];
  dropped: number[];
  asksAt: number;
}

/** @param workers of which the first leads */
export function fleetClient(workers: number, random: () => number): Client {
  const leader = new PaceLeader('w0', random, null, 0);
  const members: Member[] = Array.from({ length: workers }, (_, index) => ({
    who: `w${index}`,
    starts: [],
    open: [],
    told: [],
    dropped: [],
    asksAt: index,
  }));
  let reports: GateReport[] = [];
  const given = new Map<string, { epoch: number; names: number[] }>();
  let [epoch, closedAt, leadsAt, pausedUntil] = [0, 0, 0, 0];
  let state = { epoch: 0, ...leader.state(0) };
  let known = state;
  let turn = 0;

  function report({ who, told, dropped }: Member): void {
    reports.push({ who, run: 'r', rate: null, wants: null, told, dropped });
  }

  function lead(now: number): void {
    // It takes in its own answers without asking.
    report(members[0]!);
    members[0]!.told = [];
    members[0]!.dropped = [];
    leader.take(reports, now * 1000);
    reports = [];
    // What it found is told by its next call.
    for (const [who, names] of leader.allot(now * 1000, pausedUntil * 1000)) {
      const before = given.get(who);
      if (who === 'w0') members[0]!.starts.push(...names);
      else if (before !== undefined && before.epoch === epoch) before.names.push(...names);
      else {
        const member = members.find((one) => one.who === who)!;
        if (before !== undefined) member.dropped.push(...before.names);
        given.set(who, { epoch, names });
      }
    }
    const wasProving = state.isProving;
    known = state;
    state = { epoch, ...leader.state(now * 1000) };
    // As when it is published that a pause is over.
    if (wasProving && !state.isProving) {
      known = state;
      for (const member of members) member.asksAt = Math.min(member.asksAt, now + NEWS_MS);
    }
    leadsAt = now + (state.isProving ? PROVING_MS : state.everyMs / 2);
  }

  function ask(member: Member, now: number): void {
    dropLate(member, now);
    report(member);
    member.told = [];
    member.dropped = [];
    const mine = given.get(member.who);
    given.delete(member.who);
    if (mine?.epoch === epoch) member.starts.push(...mine.names);
    else member.dropped.push(...(mine?.names ?? []));
    member.asksAt = now + known.everyMs;
  }

  function dropLate({ starts, dropped }: Member, now: number): void {
    while (starts.length > 0 && starts[0]! / 1000 < now - 14) dropped.push(starts.shift()!);
  }

  function run(now: number): void {
    for (const member of members) if (member.asksAt <= now) ask(member, now);
    if (leadsAt <= now) lead(now);
  }

  function isFree(): boolean {
    return known.isFree && known.epoch === epoch;
  }

  return {
    startableAt(now) {
      run(now);
      let next = Math.min(leadsAt, ...members.map(({ asksAt }) => asksAt));
      if (now < pausedUntil) return Math.min(next, pausedUntil);
      if (isFree()) return members.some(({ open }) => open.length < 8) ? now : next;
      for (const member of members) {
        dropLate(member, now);
        const [name] = member.starts;
        if (name !== undefined) next = Math.min(next, name / 1000);
      }
      return next;
    },
    started(now) {
      turn += 1;
      const by = isFree()
        ? members.filter(({ open }) => open.length < 8)
        : members.filter(({ starts }) => starts.length > 0 && starts[0]! / 1000 <= now);
      const member = by[turn % by.length]!;
      const name = isFree() ? Math.round(now * 1000) : member.starts.shift()!;
      member.open.push({ sentAt: now, name });
    },
    ended({ sentAt, now, kind, hint }) {
      const isOne = (one: { readonly sentAt: number }): boolean => one.sentAt === sentAt;
      const member = members.find(({ open }) => open.some(isOne))!;
      const { name } = member.open.splice(member.open.findIndex(isOne), 1)[0]!;
      member.told.push([name, now - sentAt, kind, hint]);
      if (kind !== 'refused') {
        if (known.isProving) member.asksAt = now;
        return;
      }
      if (hint?.waitMs != null) pausedUntil = Math.max(pausedUntil, now + hint.waitMs);
      if (sentAt < closedAt) return;
      report(member);
      member.told = [];
      epoch += 1;
      closedAt = now + 30;
      for (const one of members) {
        one.dropped.push(...one.starts.splice(0));
        one.asksAt = Math.min(one.asksAt, now + NEWS_MS);
      }
      leadsAt = Math.min(leadsAt, now + NEWS_MS);
    },
  };
}
