/** What machines read: the log and the summary, as JSON. */
import type { Clock } from '../core/clock.ts';
import type { Summary } from '../core/summary.ts';
import type { Reporter, TextStream } from './reporter.ts';

/** One JSON object a line: the event as it is, and when it was told. */
export function createJsonLog(stream: TextStream, clock: Clock): Reporter {
  return {
    sink: (event) => writeJsonLine(stream, clock, event),
    close() {},
  };
}

/** For what is no event of a run, such as the error that ended it. */
export function writeJsonLine(stream: TextStream, clock: Clock, entry: object): void {
  const time = new Date(clock.wallTime()).toISOString();
  stream.write(`${asciiJson({ time, ...entry })}\n`);
}

/**
 * JSON in ASCII: JSON.stringify escapes C0 controls only, and a log is read on terminals, where
 * C1 controls and bidirectional marks of a server would act.
 */
export function asciiJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `--summary FILE`: the summary and the exit code, for machines. */
export function summaryJson(summary: Summary, exitCode: number): string {
  return `${asciiJson({ ...summary, exitCode }, 2)}\n`;
}
