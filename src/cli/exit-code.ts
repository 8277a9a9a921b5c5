/** The only owner of exit codes. */

import type { ErrorCode } from '../core/errors.ts';
import { isWhole, type Stop, type Strict, type Summary, type Verdict } from '../core/summary.ts';

export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 129 | 130 | 143;

/** The texts of `--help` and the docs. */
export const exitCodeMeanings: readonly (readonly [code: string, meaning: string])[] = [
  [
    '0',
    'every page is there (proven, complete or unverified); or --allow-incomplete was given; or the reader of the output has gone (| head)',
  ],
  [
    '1',
    'stopped for safety, and the message names the flag that allows it; or a problem with the disk or the archive',
  ],
  ['2', 'invalid usage or configuration; nothing was requested'],
  [
    '3',
    'incomplete, drifted or capped: pages failed, records are missing, or the list changed, and the message says which; with --strict also unverified, with --strict=proven also complete',
  ],
  ['4', 'the server rejects the credentials; the same command resumes with new ones'],
  ['5', 'stopped by --max-pages, --deadline or --max-wait; the same command resumes'],
  ['129', 'SIGHUP, after the pages in flight were stored; the same command resumes'],
  ['130', 'SIGINT (Ctrl-C), in the same way'],
  ['143', 'SIGTERM, in the same way'],
];

const ofErrorCode: Readonly<Record<ErrorCode, ExitCode>> = {
  USAGE: 2,
  URL_INVALID: 2,
  LIST_UNREADABLE: 2,
  OUTPUT_FOLDER: 2,
  OUTPUT_WRITE: 1,
  ARCHIVE_LOCKED: 1,
  ARCHIVE_DAMAGED: 1,
  ARCHIVE_VERSION: 1,
  ARCHIVE_FOREIGN: 2,
  ARCHIVE_INCOMPLETE: 3,
  INCOMPLETE: 3,
  STOPPED: 5,
  ARCHIVE_WRITE: 1,
  PLAN_CHANGED: 2,
  SELECTION: 2,
  SCHEMA: 2,
  CREDENTIALS_REFUSED: 4,
  OTHER_ORIGIN: 1,
  PRIVATE_ADDRESS: 1,
  CERTIFICATE: 1,
  INTERRUPTED: 130,
  CLOSED_PIPE: 0,
  INTERNAL: 1,
};

const ofSignal = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export type StopSignal = keyof typeof ofSignal;

const ofStop: Readonly<Record<Exclude<Stop['kind'], 'signal'>, ExitCode>> = {
  aborted: 130,
  'max-pages': 5,
  deadline: 5,
  'max-wait': 5,
  unreachable: 3,
  credentials: 4,
  safety: 1,
  'closed-pipe': 0,
};

export function exitCodeOfError(code: ErrorCode): ExitCode {
  return ofErrorCode[code];
}

export function exitCodeOfSignal(signal: StopSignal): ExitCode {
  return ofSignal[signal];
}

/** Null where the code is not that of a signal. */
export function signalOfExitCode(code: number): StopSignal | null {
  const found = Object.entries(ofSignal).find(([, its]) => its === code);
  return found === undefined ? null : (found[0] as StopSignal);
}

/** What the user accepts. */
export interface Leniency {
  readonly allowIncomplete: boolean;
  /** The least verdict that is enough. */
  readonly strict: Strict | null;
}

export function exitCodeOfVerdict(verdict: Verdict, leniency: Leniency): ExitCode {
  return leniency.allowIncomplete || isWhole(verdict.name, leniency.strict) ? 0 : 3;
}

/** A stored page that does not match its hash counts as missing. */
export function exitCodeOfVerification(
  verdict: Verdict,
  problems: number,
  strict: Strict | null,
): ExitCode {
  return problems > 0 ? 3 : exitCodeOfVerdict(verdict, { allowIncomplete: false, strict });
}

/** A stop counts more than the verdict: `--allow-incomplete` does not cover pages that were never requested. */
export function exitCodeOfSummary(summary: Summary, leniency: Leniency): ExitCode {
  const { stop, verdict } = summary;
  return stop === null ? exitCodeOfVerdict(verdict, leniency) : exitCodeOfStop(stop);
}

export function exitCodeOfStop(stop: Stop): ExitCode {
  return stop.kind === 'signal' ? ofSignal[stop.signal] : ofStop[stop.kind];
}
