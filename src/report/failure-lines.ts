import { escapeText } from '../core/escape.ts';
import type { FailedPage } from '../core/summary.ts';
import { formatCount } from '../core/units.ts';
import type { Painter } from './paint.ts';
import { counted, reasonBeside } from './wording.ts';

const shownFailures = 10;
/** A reason that is longer is said once, above the pages that share it. */
const longReason = 40;

/**
 * The first ten pages that failed and why, escaped and indented, and how many more there are.
 *
 * @param failed pages that failed, those among them that are not in `failures`
 */
export function failureLines(
  failures: readonly FailedPage[],
  failed: number,
  paint: Painter,
): readonly string[] {
  const lines: string[] = [];
  let shown = 0;
  for (const group of grouped(failures)) {
    const some = group.slice(0, shownFailures - shown);
    if (some.length === 0) break;
    shown += some.length;
    const isAll = failures.length === failed;
    lines.push(
      ...(group.length === 1 ? [lineOf(group[0]!, paint)] : linesOf(group, some, isAll, paint)),
    );
  }
  const more = failed - shown;
  if (shown > 0 && more > 0) lines.push(`and ${formatCount(more)} more`);
  return lines.map((line) => `  ${line}`);
}

/** In the order of their first pages. */
function grouped(failures: readonly FailedPage[]): readonly (readonly FailedPage[])[] {
  const groups = new Map<string, FailedPage[]>();
  for (const failure of failures) {
    const { status, reason, place } = failure;
    const own = reason.length <= longReason ? [place.branch, place.position] : [];
    const name = JSON.stringify([status, reason, ...own]);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [failure]);
    else group.push(failure);
  }
  return [...groups.values()];
}

function lineOf({ status, url, reason, attempts }: FailedPage, paint: Painter): string {
  const tried = attempts > 1 ? ` (${attempts} attempts)` : '';
  const why = escapeText(reasonBeside(status, reason));
  return `${statusText(status, paint)}  ${escapeText(url)}  ${why}${tried}`;
}

function linesOf(
  group: readonly FailedPage[],
  some: readonly FailedPage[],
  isAll: boolean,
  paint: Painter,
): readonly string[] {
  const { status, reason } = group[0]!;
  const most = Math.max(...group.map(({ attempts }) => attempts));
  const least = Math.min(...group.map(({ attempts }) => attempts));
  const tried = most === 1 ? '' : ` (${least === most ? '' : 'up to '}${most} attempts each)`;
  const pages = `${counted(group.length, 'page')}${isAll ? '' : ' or more'}`;
  const why = escapeText(reasonBeside(status, reason));
  return [
    `${statusText(status, paint)}  ${pages}: ${why}${tried}`,
    ...some.map(({ url }) => `  ${escapeText(url)}`),
  ];
}

function statusText(status: number | null, paint: Painter): string {
  return paint('red', status === null ? '---' : String(status));
}
