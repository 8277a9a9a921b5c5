import type { Limit } from '../../core/hint.ts';

/** Clocks of a server's parts, and dates that are cut to seconds. */
const RESET_SLACK_MS = 2_000;

/**
 * One limit is often said twice, in a vendor's headers and in the draft's, or here its quota with
 * what is left and there its quota with its window: those become one. Those that are left have
 * names of their own, by which one answer's limits are found again in the next.
 */
export function mergeLimits(limits: readonly (Limit | null)[]): readonly Limit[] {
  const merged: Limit[] = [];
  for (const limit of limits) {
    if (limit === null) continue;
    const at = merged.findIndex((other) => isSame(other, limit));
    if (at === -1) merged.push(limit);
    else merged[at] = unite(merged[at]!, limit);
  }
  return merged.length < 2 ? merged : withOwnNames(merged);
}

function withOwnNames(limits: readonly Limit[]): readonly Limit[] {
  const taken = new Set<string>();
  return limits.map((limit) => {
    let policy = limit.policy;
    for (let count = 2; taken.has(policy); count += 1) policy = `${limit.policy}#${count}`;
    taken.add(policy);
    return policy === limit.policy ? limit : { ...limit, policy };
  });
}

function isSame(a: Limit, b: Limit): boolean {
  return (
    a.quota !== null &&
    a.quota === b.quota &&
    agree(a.remaining, b.remaining) &&
    agree(a.windowMs, b.windowMs) &&
    (agree(a.resetMs, b.resetMs) || Math.abs(a.resetMs! - b.resetMs!) <= RESET_SLACK_MS) &&
    (a.policy === '' || b.policy === '' || a.policy === b.policy)
  );
}

function agree(a: number | null, b: number | null): boolean {
  return a === null || b === null || a === b;
}

function unite(a: Limit, b: Limit): Limit {
  const resetMs = a.resetMs ?? b.resetMs;
  return {
    policy: a.policy || b.policy,
    quota: a.quota,
    remaining: a.remaining ?? b.remaining,
    // The later of two ends is the safe one.
    resetMs: b.resetMs === null || resetMs === null ? resetMs : Math.max(resetMs, b.resetMs),
    windowMs: a.windowMs ?? b.windowMs,
  };
}
