import { escapeText } from '../core/escape.ts';
import type { RecordEvidence, Verdict, VerdictName } from '../core/summary.ts';
import { formatCount } from '../core/units.ts';
import type { Painter } from './paint.ts';
import { counted } from './wording.ts';

/**
 * The verdict in one sentence, and in a line each what else speaks against it.
 *
 * @param total pages in the plan as far as known without reaching its end
 */
export function verdictLines(
  verdict: Verdict,
  paint: Painter,
  total: number | null,
): readonly string[] {
  const { name, stored, records, reasons } = verdict;
  if (name === 'complete') {
    if (stored === 0) return [paint('yellow', 'The plan has no pages.')];
    return [
      paint(
        'green',
        `${pagesAreOk(stored)}${records === null ? '' : agreement(verdict, records)}.`,
      ),
      ...restartLines(records),
    ];
  }
  if (records === null) return listLines(verdict, paint, total);
  const [first = '', ...others] = reasons.map((reason) => escapeText(reason));
  const head =
    name === 'unverified'
      ? paint(
          'yellow',
          `${pagesAreOk(stored)}: ${counted(records.fetched, 'record')}, complete, but unverified: ${first}.`,
        )
      : paint('red', `${labels[name]}: ${first}.`);
  const rest = others.map((reason) => `  ${reason}`);
  return [head, ...rest, ...restartLines(records), ...standing(verdict, records)];
}

/** Said whatever the verdict: a second reading costs the list again. */
function restartLines(records: RecordEvidence | null): string[] {
  return (records?.restarts ?? []).map(({ page, status }) => {
    const how = status === null || status === 200 ? '' : ` with ${status}`;
    return `  page ${formatCount(page)} was refused${how}, as an expired cursor is; the list was read again from its first page`;
  });
}

const labels: Readonly<Record<Exclude<VerdictName, 'complete' | 'unverified'>, string>> = {
  incomplete: 'Incomplete',
  drifted: 'Drifted',
  capped: 'Capped',
};

function pagesAreOk(stored: number): string {
  return stored === 1 ? 'The page is OK' : `All ${formatCount(stored)} pages are OK`;
}

function agreement({ end }: Verdict, { fetched, totalAtEnd }: RecordEvidence): string {
  const records = `: ${counted(fetched, 'record')}`;
  if (fetched === totalAtEnd) return `${records}, as many as the server says`;
  return end === 'stated' ? `${records}, up to the end that the server states` : records;
}

/** What came, where the sentence above says only what is wrong. */
function standing({ name, stored, planned }: Verdict, { fetched }: RecordEvidence): string[] {
  if (name === 'unverified') return [];
  const isAll = planned === null || planned === stored;
  const of = isAll ? '' : `${formatCount(stored)} of `;
  return [
    `  ${counted(fetched, 'record')} came on ${of}${counted(isAll ? stored : planned, 'page')}`,
  ];
}

function listLines(verdict: Verdict, paint: Painter, total: number | null): readonly string[] {
  const { stored, failed } = verdict;
  const planned = verdict.planned ?? total;
  const missing = planned === null ? null : planned - stored;
  if (missing === 0)
    return [paint('red', `Incomplete: ${escapeText(verdict.reasons.join('; '))}.`)];
  const parts = [
    planned === null
      ? `${counted(stored, 'page is', 'pages are')} OK; how many there are is not known yet`
      : `${formatCount(stored)} of ${counted(planned, 'page is', 'pages are')} OK; ${
          missing === 1 ? '1 is missing' : `${formatCount(missing ?? 0)} are missing`
        }`,
  ];
  if (failed > 0 && failed !== missing) parts.push(`${formatCount(failed)} failed`);
  return [paint('red', `${parts.join(', ')}.`)];
}
