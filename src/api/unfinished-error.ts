import { systemClock as clock } from '../core/clock.ts';
import { type ErrorCode, EverypageError } from '../core/errors.ts';
import type { Stop, Summary } from '../core/summary.ts';
import { describeStop } from '../report/stop-text.ts';

/** The library's iterators throw this instead of ending as if nothing were missing. */
export class UnfinishedError extends EverypageError {
  readonly summary: Summary;

  constructor(summary: Summary) {
    super(summary.stop === null ? 'INCOMPLETE' : codeOfStop(summary.stop), messageOf(summary));
    this.summary = summary;
  }
}

/**
 * What a call rejects with whose signal was aborted: the signal's own reason, as the platform's functions
 * do. Its `cause` becomes what the abort has led to, where it is an error that has none.
 */
export function abortedBy({ reason }: AbortSignal, cause: EverypageError): unknown {
  const takesCause =
    reason instanceof Error && reason.cause === undefined && Object.isExtensible(reason);
  if (takesCause) {
    Object.defineProperty(reason, 'cause', { value: cause, configurable: true, writable: true });
  }
  return reason;
}

const CODE: Readonly<Record<Stop['kind'], ErrorCode>> = {
  signal: 'INTERRUPTED',
  aborted: 'INTERRUPTED',
  'closed-pipe': 'CLOSED_PIPE',
  'max-pages': 'STOPPED',
  deadline: 'STOPPED',
  'max-wait': 'STOPPED',
  credentials: 'CREDENTIALS_REFUSED',
  unreachable: 'INCOMPLETE',
  safety: 'OTHER_ORIGIN',
};

/** The code of an error that says why a run stopped. */
export function codeOfStop(stop: Stop): ErrorCode {
  return stop.kind === 'safety' ? stop.code : CODE[stop.kind];
}

function messageOf({ stop, verdict, failures, archivePath }: Summary): string {
  const goesOn =
    archivePath === null
      ? 'Nothing of it is kept; with resume: true the same call would resume.'
      : `What is stored stays in ${archivePath}; the same call resumes.`;
  if (stop !== null) return `${describeStop(stop, clock.wallTime())}. ${goesOn}`;
  const first = failures[0];
  const example =
    first === undefined
      ? ''
      : ` The first: page ${first.place.position + 1}, ${first.url}: ${first.reason}.`;
  const why =
    verdict.failed > 0
      ? `${verdict.failed} of ${verdict.planned} pages failed.${example}`
      : `${verdict.name}: ${verdict.reasons.join('; ')}.`;
  return `${why} ${goesOn}`;
}
