/** What is noted of a page's attempts that did not end it, and of those that may not count. */
import type { Task, Timing } from './task.ts';

export function countAttempt(task: Task, { durationMs }: Timing): void {
  task.attempts += 1;
  task.spentMs += durationMs;
}

/** An attempt that counts for now: it is given back if the server turns out to be down. */
export function noteDoubtful(
  { doubtful }: Task,
  { timing, upSentAt }: { readonly timing: Timing; readonly upSentAt: number },
  delayMs: number,
): void {
  const isProven = upSentAt >= doubtful.sentAt;
  doubtful.attempts = (isProven ? 0 : doubtful.attempts) + 1;
  doubtful.spentMs = (isProven ? 0 : doubtful.spentMs) + timing.durationMs + delayMs;
  doubtful.sentAt = timing.sentAt;
}

/** The server is down, and nothing had come from it since: those attempts were none. */
export function giveBack(task: Task, upSentAt: number): void {
  const { doubtful } = task;
  if (upSentAt < doubtful.sentAt) {
    task.attempts -= doubtful.attempts;
    task.spentMs -= doubtful.spentMs;
  }
  doubtful.attempts = 0;
  doubtful.spentMs = 0;
}

/** Keeps an attempt that did not end its page. */
export function logAttempt(
  task: Task,
  { startedAt, durationMs }: Timing,
  outcome: string,
  toldToWaitMs: number | null,
  status: number | null,
  bodyBytes: number,
): void {
  const { place } = task.request;
  const number = task.log.length + 1;
  task.log.push({ place, number, startedAt, durationMs, status, outcome, toldToWaitMs, bodyBytes });
}
