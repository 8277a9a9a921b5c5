import { escapeText } from '../core/escape.ts';
import { counted, formatBytes, formatCount } from '../core/units.ts';
import type { Verification } from '../index.ts';
import { createPainter } from '../report/paint.ts';
import { failureLines, verdictLines } from '../report/verdict-text.ts';
import type { ExitCode } from './exit-code.ts';

/** What `everypage verify` has found. */
export interface Checked {
  /** For `--json`. */
  readonly result: object;
  readonly exitCode: ExitCode;
  /** For people, without a newline at its end. */
  text(color: boolean): string;
}

const shownProblems = 10;

/** What `everypage verify` prints, without a newline at its end. */
export function verificationText(facts: Verification, color: boolean): string {
  const paint = createPainter(color);
  const { verdict, problems, failures } = facts;
  const damaged = counted(problems.length, 'stored page is', 'stored pages are');
  const head =
    problems.length === 0
      ? verdictLines(verdict, paint, null)
      : [paint('red', `${damaged} not what was received.`)];
  const shown = problems
    .slice(0, shownProblems)
    .map(({ url, problem }) => `  ${escapeText(url)}  ${escapeText(problem)}`);
  const more = problems.length - shown.length;
  const read = `${counted(facts.checkedPages, 'page')} checked, ${formatBytes(facts.checkedBytes)}`;
  return [
    ...head,
    ...shown,
    ...(more > 0 ? [`  and ${formatCount(more)} more`] : []),
    ...failureLines(failures, verdict.failed, paint),
    paint(
      'dim',
      `${escapeText(facts.archivePath)}: ${read}, each decoded, parsed and compared with its hash`,
    ),
  ].join('\n');
}
