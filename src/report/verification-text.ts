import { escapeText } from '../core/escape.ts';
import type { Place } from '../core/page-request.ts';
import type { FailedPage, Verdict } from '../core/summary.ts';
import { formatBytes, formatCount } from '../core/units.ts';
import { failureLines } from './failure-lines.ts';
import { createPainter } from './paint.ts';
import { verdictLines } from './verdict-lines.ts';
import { counted } from './wording.ts';

/** What reading an archive again showed. */
export interface VerificationFacts {
  readonly verdict: Verdict;
  readonly archivePath: string;
  readonly checkedPages: number;
  readonly checkedBytes: number;
  readonly problems: readonly {
    readonly place: Place;
    readonly url: string;
    readonly problem: string;
  }[];
  readonly failures: readonly FailedPage[];
}

const shownLines = 10;

/** What `everypage verify` says, without a newline at its end. */
export function verificationText(facts: VerificationFacts, color: boolean): string {
  const paint = createPainter(color);
  const { verdict, problems, failures } = facts;
  const lines =
    problems.length === 0
      ? [...verdictLines(verdict, paint, null)]
      : [
          paint(
            'red',
            `${counted(problems.length, 'stored page does', 'stored pages do')} not hold what was received.`,
          ),
        ];
  lines.push(
    ...firstOf(
      problems.map(({ url, problem }) => `${escapeText(url)}  ${escapeText(problem)}`),
      problems.length,
    ),
    ...failureLines(failures, verdict.failed, paint),
    paint(
      'dim',
      `${escapeText(facts.archivePath)}: ${counted(facts.checkedPages, 'page')} read again, ${formatBytes(facts.checkedBytes)}, each decoded, parsed and compared with its hash`,
    ),
  );
  return lines.join('\n');
}

/** The first ten, indented, and how many more of `total` there are. */
function firstOf(lines: readonly string[], total: number): readonly string[] {
  const shown = lines.slice(0, shownLines).map((line) => `  ${line}`);
  const more = total - shown.length;
  return shown.length > 0 && more > 0 ? [...shown, `  and ${formatCount(more)} more`] : shown;
}
