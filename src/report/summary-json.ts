import type { Summary } from '../core/summary.ts';
import { asciiJson } from './json-log.ts';

/** `--summary FILE`: the summary and the exit code, for machines. */
export function summaryJson(summary: Summary, exitCode: number): string {
  return `${asciiJson({ ...summary, exitCode }, 2)}\n`;
}
