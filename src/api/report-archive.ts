import { basename } from 'node:path';
import { ArchiveReader } from '../archive/archive-reader.ts';
import { gatherReport } from '../archive-thread/gather-report.ts';
import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import type { Verdict } from '../core/summary.ts';
import { counted } from '../core/units.ts';
import { packReport } from '../report/pack.ts';
import { reportHtml } from '../report/report-html.ts';

export { reportHtml };

import { shapeOf } from './export-shape.ts';
import { verifyArchive } from './verify-archive.ts';

const SHOWN_PROBLEMS = 10;
const SHOWN_TEXT = 500;

export interface ArchiveReport {
  readonly html: string;
  readonly verdict: Verdict;
  /** What stands above the report, a sentence each: what is unfinished, damaged or not drawn. */
  readonly notices: readonly string[];
}

/**
 * Makes a report of an archive, finished or not. Every stored page is checked, as `verifyArchive` does; where
 * something is wrong, the report says so.
 *
 * @throws EverypageError ARCHIVE_DAMAGED, ARCHIVE_LOCKED or ARCHIVE_VERSION where it cannot be read at all
 */
export async function reportArchive(
  path: string,
  options: { readonly signal?: AbortSignal; readonly now: number },
): Promise<ArchiveReport> {
  const { verdict: checked, notices } = await checkedArchive(path, options.signal);
  const archive = ArchiveReader.openReadOnly(path);
  try {
    const output = shapeOf(archive, {});
    const verdict = checked ?? archive.verdict({ output, written: null });
    const context = { name: basename(path), verdict, output, notices, now: options.now };
    const data = gatherReport(archive, context);
    return { html: reportHtml(packReport(data)), verdict, notices: data.facts.notices };
  } finally {
    archive.close();
  }
}

/** A null verdict could not be computed. */
async function checkedArchive(
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly verdict: Verdict | null; readonly notices: readonly string[] }> {
  try {
    const { verdict, problems } = await verifyArchive(path, signal === undefined ? {} : { signal });
    if (problems.length === 0) return { verdict, notices: [] };
    const pages = counted(problems.length, 'stored page is', 'stored pages are');
    const shown = problems
      .slice(0, SHOWN_PROBLEMS)
      .map(({ url, problem }) => escapeText(`${url}: ${problem}.`, SHOWN_TEXT));
    const head = `${pages} not what was received. everypage verify names all of them.`;
    return { verdict, notices: [head, ...shown] };
  } catch (error) {
    if (!(error instanceof EverypageError && error.code === 'ARCHIVE_DAMAGED')) throw error;
    const said = escapeText(error.message, SHOWN_TEXT);
    const notice = `The archive is damaged, so this report may be wrong or lack pages: ${said}`;
    return { verdict: null, notices: [notice] };
  }
}
