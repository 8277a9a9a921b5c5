/** The text of a verdict, and of the pages that failed. */
import { escapeText } from '../core/escape.ts';
import type { FailedPage, Level, RecordEvidence, Verdict, VerdictName } from '../core/summary.ts';
import { counted, formatCount } from '../core/units.ts';
import type { Painter } from './paint.ts';
import { reasonBeside } from './wording.ts';

/**
 * The verdict in one sentence, then one line for each further reason.
 *
 * @param total pages in the plan, if known before its end was reached
 */
export function verdictLines(
  verdict: Verdict,
  paint: Painter,
  total: number | null,
): readonly string[] {
  const { name, stored, records, reasons } = verdict;
  if (name === 'proven' || name === 'complete') {
    if (stored === 0) return [paint('yellow', 'The plan has no pages.')];
    const said = verdict.evidence.map((text) => escapeText(text));
    if (records === null) {
      return [paint('green', `${pagesAreOk(stored)}.`), ...said.map((text) => `  ${text}`)];
    }
    const isProven = name === 'proven';
    const head = isProven
      ? `${pagesAreOk(stored)}: ${recordsText(records)}, proven: ${said[0] ?? ''}.`
      : `${pagesAreOk(stored)}${agreement(verdict, records)}.`;
    const rest = said.slice(isProven ? 1 : 0).map((text) => `  ${text}`);
    return [paint('green', head), ...rest, ...restartLines(records)];
  }
  if (records === null) return listLines(verdict, paint, total);
  const [first = '', ...others] = reasons.map((reason) => escapeText(reason));
  const head =
    name === 'unverified'
      ? paint('yellow', `${pagesAreOk(stored)}: ${recordsText(records)}, unverified: ${first}.`)
      : paint('red', `${labels[name]}: ${first}.`);
  const rest = [...others, ...verdict.evidence.map((text) => escapeText(text))];
  const lines = rest.map((reason) => `  ${reason}`);
  return [head, ...lines, ...restartLines(records), ...standing(verdict, records)];
}

/** Printed with every verdict, because a second reading costs the whole list again. */
function restartLines(records: RecordEvidence | null): string[] {
  return (records?.restarts ?? []).map(({ page, status }) => {
    const how = status === null || status === 200 ? '' : ` with ${status}`;
    return `  page ${formatCount(page)} was refused${how}, probably because its cursor had expired; the list was read again from its first page`;
  });
}

const labels: Readonly<Record<Exclude<VerdictName, Level>, string>> = {
  incomplete: 'Incomplete',
  drifted: 'Drifted',
  capped: 'Capped',
};

function pagesAreOk(stored: number): string {
  if (stored === 0) return 'The list is empty';
  return stored === 1 ? 'The page is OK' : `All ${formatCount(stored)} pages are OK`;
}

function agreement({ end }: Verdict, evidence: RecordEvidence): string {
  const { fetched, counts, output, totalAtEnd } = evidence;
  const records = `: ${recordsText(evidence)}`;
  const isCounted = counts === 'list' || output === 'selection';
  if (isCounted && fetched === totalAtEnd) return `${records}, as many as the server says`;
  return end === 'stated' ? `${records}, up to the end that the server states` : records;
}

/** What the list has, and what the output has of it where that is another number. */
function recordsText({ fetched, counts, written, output }: RecordEvidence): string {
  const records = counted(fetched, 'record');
  if (output === 'pages') {
    const pages = counted(written ?? 0, 'whole page');
    return counts === 'output' ? pages : `${records} of the list, as ${pages}`;
  }
  if (written === null || written === fetched) return records;
  const how = output === 'selection' ? 'by your selection' : 'in the output';
  return `${records} of the list, ${formatCount(written)} ${how}`;
}

/** What was fetched, when the sentence above only says what is wrong. */
function standing({ name, stored, planned }: Verdict, evidence: RecordEvidence): string[] {
  if (name === 'unverified') return [];
  const isAll = planned === null || planned === stored;
  const of = isAll ? '' : `${formatCount(stored)} of `;
  return [`  ${recordsText(evidence)} on ${of}${counted(isAll ? stored : planned, 'page')}`];
}

function listLines(verdict: Verdict, paint: Painter, total: number | null): readonly string[] {
  const { stored, failed } = verdict;
  const planned = verdict.planned ?? total;
  const missing = planned === null ? null : planned - stored;
  if (missing === 0)
    return [paint('red', `Incomplete: ${escapeText(verdict.reasons.join('; '))}.`)];
  // A single page needs no count.
  if (planned === 1 && failed === 1) return [paint('red', 'The page failed.')];
  if (planned === 1 && stored === 0) return [paint('red', 'The page is missing.')];
  const parts = [
    planned === null
      ? pagesSoFar(stored)
      : `${formatCount(stored)} of ${counted(planned, 'page is', 'pages are')} OK; ${
          missing === 1 ? '1 is missing' : `${formatCount(missing ?? 0)} are missing`
        }`,
  ];
  if (failed > 0 && failed !== missing) parts.push(`${formatCount(failed)} failed`);
  return [paint('red', `${parts.join(', ')}.`)];
}

function pagesSoFar(stored: number): string {
  if (stored === 0) return 'No page was fetched';
  return `${counted(stored, 'page is', 'pages are')} OK; the total is not known yet`;
}

const shownLines = 10;
/** A longer reason is printed once, above the pages that share it. */
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
    const some = group.slice(0, shownLines - shown);
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
