/** Runs one client once: wall time, CPU of it and all it started, peak memory. */
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, type Job, lastLines } from './clients.ts';
import { start } from './processes.ts';

export interface Run {
  readonly wallSeconds: number;
  /** User and system. */
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  /** Why the run does not count, or null. */
  readonly voidReason: string | null;
}

/** Bash's `time` waits for the child and reports the kernel's sums; reading /proc at the end would race. */
const TIMED = `TIMEFORMAT='%3R %3U %3S'; { time "$@" 2>&3; } 3>&2 2>"$0"`;

/** Peak resident memory of what the timing shell started, in KiB; 0 once it is gone. */
function peakKiB(shellPid: number): number {
  try {
    const pids = readFileSync(`/proc/${shellPid}/task/${shellPid}/children`, 'utf8').trim();
    return pids
      .split(' ')
      .filter(Boolean)
      .reduce((sum, pid) => {
        const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
        return sum + Number(peak?.[1] ?? 0);
      }, 0);
  } catch {
    return 0;
  }
}

/** Longest a run may take; far above any that works. */
const RUN_LIMIT_MS = 300_000;

/** Runs a client for its job, in a folder that is removed then. */
export async function measure(client: Client, job: Job): Promise<Run> {
  mkdirSync(job.folder, { recursive: true });
  try {
    const { command, args } = client.prepare(job);
    const run = await measureCommand(job.folder, command, args);
    if (run.voidReason !== null) return run;
    return { ...run, voidReason: client.verify(job, readFileSync(stdoutIn(job.folder), 'utf8')) };
  } finally {
    rmSync(job.folder, { recursive: true, force: true });
  }
}

const stdoutIn = (folder: string): string => join(folder, 'stdout.txt');

/** Runs a command; `folder`, which is there, gets what it prints. */
export async function measureCommand(
  folder: string,
  command: string,
  args: readonly string[],
): Promise<Run> {
  const timeFile = join(folder, 'time.txt');
  const errFile = join(folder, 'stderr.txt');
  const out = openSync(stdoutIn(folder), 'w');
  const err = openSync(errFile, 'w');
  const shell = start('bash', ['-c', TIMED, timeFile, command, ...args], {
    stdio: ['ignore', out, err],
  });
  closeSync(out);
  closeSync(err);
  let peak = 0;
  const poll = setInterval(() => {
    peak = Math.max(peak, peakKiB(shell.pid ?? 0));
  }, 20);
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    process.kill(-(shell.pid ?? 0), 'SIGKILL');
  }, RUN_LIMIT_MS);
  const [code] = (await once(shell, 'close')) as [number | null];
  clearInterval(poll);
  clearTimeout(limit);
  const empty = { wallSeconds: Number.NaN, cpuSeconds: Number.NaN, peakMiB: Number.NaN };
  if (isLate) return { ...empty, voidReason: `not done after ${RUN_LIMIT_MS / 1000} s` };
  if (code !== 0) return { ...empty, voidReason: `exit code ${code}: ${lastLines(errFile)}` };
  const [wall, user, system] = readFileSync(timeFile, 'utf8').trim().split(' ').map(Number);
  return {
    wallSeconds: wall ?? Number.NaN,
    cpuSeconds: (user ?? Number.NaN) + (system ?? Number.NaN),
    peakMiB: peak / 1024,
    voidReason: null,
  };
}
