/** What is noted of a page's attempts that did not end it, and of those that may not count. */
import { NOTHING_SPENT, type Task, type Timing } from './task.ts';

export function countAttempt(task: Task, { durationMs }: Timing): void {
  task.attempts += 1;
  task.spentMs += durationMs;
}

/** An attempt that counts for now: it is given back if the server turns out to be down. */
export function noteDoubtful(
  task: Task,
  { timing, upSentAt }: { readonly timing: Timing; readonly upSentAt: number },
  delayMs: number,
): void {
  const isProven = upSentAt >= task.doubtful.sentAt;
  const { attempts, spentMs } = isProven ? NOTHING_SPENT : task.doubtful;
  const spentNow = timing.durationMs + delayMs;
  const { sentAt } = timing;
  task.doubtful = { attempts: attempts + 1, spentMs: spentMs + spentNow, sentAt };
}

/** The server is down, and nothing had come from it since: those attempts were none. */
export function giveBack(task: Task, upSentAt: number): void {
  const { doubtful } = task;
  if (upSentAt < doubtful.sentAt) {
    task.attempts -= doubtful.attempts;
    task.spentMs -= doubtful.spentMs;
  }
  task.doubtful = NOTHING_SPENT;
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
  const attempt = {
    place,
    number,
    startedAt,
    durationMs,
    status,
    outcome,
    toldToWaitMs,
    bodyBytes,
  };
  task.log = [...task.log, attempt];
}
