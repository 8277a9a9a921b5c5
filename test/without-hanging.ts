import assert from 'node:assert/strict';

const MINUTE_US = 60_000_000;

/**
 * What `work` gives; fails where it computes for more than a minute. It guards against a pattern that
 * backtracks without end, and says nothing of speed: by the processor's clock, so that a busy machine
 * is no hang.
 */
export function withoutHanging<T>(work: () => T, about: () => string): T {
  const before = process.threadCpuUsage();
  const result = work();
  const { user, system } = process.threadCpuUsage(before);
  assert.ok(user + system < MINUTE_US, `${(user + system) / 1000} ms for ${about()}`);
  return result;
}
