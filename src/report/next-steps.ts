/** What to do after a run that did not read its list whole: words, and commands that work. */
import { isParallel } from '../core/pagination.ts';
import type { FailedPage, RecordEvidence, Summary } from '../core/summary.ts';
import type { Painter } from './paint.ts';
import { headingAfter } from './stop-text.ts';

/** Commands to print; the caller knows how the run was started, this file does not. */
export interface SummaryCommands {
  /** Resumes, or tries the missing pages again. Without credentials. */
  readonly again: string;
  /** Writes the output from the pages that are there, or null if that makes no sense. */
  readonly takeWhatIsThere: string | null;
  /** Reads everything again. */
  readonly anew: string;
  /**
   * With flags that say how the list pages, in place of those given with the same names.
   *
   * @param isOtherRun what is kept of this run is of no use to it
   */
  readonly with: (flags: readonly string[], isOtherRun: boolean) => string;
}

/** The only problem is that `--expect` says another number of records. */
function isUnexpected({ verdict }: Summary, expect: number | null): boolean {
  const { records, reasons, failed, pending } = verdict;
  if (expect === null || reasons.length !== 1) return false;
  return records === null ? failed === 0 && pending === 0 : records.fetched !== expect;
}

const REFUSAL_CURE =
  'The same request will probably be refused again. Check the URL and the headers.';
const LOOP_CURE =
  'The same command would end in the same loop. Say how the list is paginated with --paginate and its flags.';

function cappedCure(records: RecordEvidence | null): readonly string[] {
  const cure =
    '--split fetches a list in smaller ranges, each below that limit. It needs a filter of the API on a date or an id.';
  // A limit that no total speaks of is a guess, and the user may know better.
  if (records === null || records.totalAtEnd !== null) return [cure];
  return [cure, `If you know that these are all records: --expect ${records.fetched}`];
}

const NO_JSON_CURE =
  'everypage fetches JSON only. Check the URL; an HTML page is often a login page or an error page.';

/** Statuses of a client's mistake that may be another answer to the same request later. */
const PASSING: readonly (number | null)[] = [408, 425, 429];

/** Nothing came, because the request itself is refused. */
function isRefusedOutright({ verdict, failures }: Summary): boolean {
  if (verdict.stored > 0 || failures.length === 0) return false;
  return failures.every(isRefused);
}

const WITHHELD_CURE =
  'The pages that failed are all at the end of the list. If the server gives only so many records of it, --split fetches it in smaller ranges, each below that limit; it needs a filter of the API on a date or an id.';

/** From one page on, none came: the server may not give more of the list, whatever the status. */
function isWithheld({ verdict, failures, pagination }: Summary): boolean {
  if (pagination === null || !isParallel(pagination) || verdict.stored === 0) return false;
  if (verdict.end === 'ceiling') return true;
  if (!failures.every(isRefused)) return false;
  const positions = failures.map(({ place }) => place.position).sort((a, b) => a - b);
  const [first = 0, second = first] = positions;
  // Pages are as far apart as the first two of them, and those before have all come.
  return second > first && Math.floor(first / (second - first)) === verdict.stored;
}

function isRefused({ status }: FailedPage): boolean {
  return status !== null && status >= 400 && status < 500 && !PASSING.includes(status);
}

/** Nothing came, because each answer was something else than JSON. */
function isNoJson({ verdict, failures }: Summary): boolean {
  return (
    verdict.stored === 0 && failures.length > 0 && failures.every(({ code }) => code === 'NOT_JSON')
  );
}

/** @param expect `--expect`; null if it was not given */
export function nextSteps(
  summary: Summary,
  {
    commands,
    expect = null,
  }: { readonly commands: SummaryCommands; readonly expect?: number | null },
  paint: Painter,
): readonly string[] {
  const { stop, verdict } = summary;
  const command = (heading: string, text: string) => [heading, `  ${paint('cyan', text)}`];
  if (stop !== null) {
    const heading = headingAfter(stop);
    return heading === null ? [] : command(heading, commands.again);
  }
  if (isUnexpected(summary, expect)) {
    const { records } = verdict;
    return records === null
      ? command('To resume with another --expect:', commands.again)
      : command(
          'If these are all records:',
          commands.with(['--expect', String(records.fetched)], false),
        );
  }
  if (isRefusedOutright(summary)) {
    return [REFUSAL_CURE];
  }
  if (verdict.failed > 0) {
    const heading = verdict.failed === 1 ? 'missing page' : 'missing pages';
    const withheld = isWithheld(summary) ? [WITHHELD_CURE] : [];
    const cure = isNoJson(summary) ? [NO_JSON_CURE] : withheld;
    return [...cure, ...command(`To try the ${heading} again:`, commands.again)];
  }
  if (verdict.end === null) return command('To resume:', commands.again);
  switch (verdict.name) {
    case 'drifted':
      return command('To read it again, until two readings agree:', commands.anew);
    case 'capped':
      return cappedCure(verdict.records);
    default:
      if (verdict.records === null) return command('To resume:', commands.again);
      // The pagination flags have to change first.
      if (verdict.end === 'single' || verdict.end === 'stuck') return [];
      if (verdict.end === 'loop') return [LOOP_CURE];
      // Records that came twice come twice again.
      return verdict.records.duplicates > 0 ? [] : command('To read it all again:', commands.anew);
  }
}
