import assert from 'node:assert/strict';

const SECOND_US = 1_000_000;

/**
 * What `work` gives; fails where it computes for more than a second. By the processor's clock: a
 * machine with much else to do is no hang.
 */
export function withinASecond<T>(work: () => T, about: () => string): T {
  const before = process.threadCpuUsage();
  const result = work();
  const { user, system } = process.threadCpuUsage(before);
  assert.ok(user + system < SECOND_US, `${(user + system) / 1000} ms for ${about()}`);
  return result;
}
