/** What the output of a paginated list takes of each page. */
import { isOnePage, type Pagination } from './pagination.ts';

/**
 * `records`: those of the list. `selection`: what the user selects instead. `pages`: each page whole,
 * as the user said. `nothing`: nobody knows where the records stand, and an envelope is no record.
 */
export type OutputKind = 'records' | 'selection' | 'pages' | 'nothing';

export interface OutputShape {
  readonly kind: OutputKind;
  /** What a format selects; null for whole pages. */
  readonly select: string | null;
}

/** What a user says about it. */
export interface AskedOutput {
  readonly select?: string | null | undefined;
  readonly wholePages?: boolean | undefined;
}

/** JMESPath that gives nothing for any page, where the records were not found. */
export const RECORDS_UNKNOWN = '`null`';

export function outputShape(
  pagination: Pagination,
  { select, wholePages }: AskedOutput,
): OutputShape {
  const { records } = pagination;
  // Nothing shows that one page is a list's: it is shown as it is, and the verdict says so.
  const isAlone = records === null && select == null && isOnePage(pagination);
  if (wholePages || isAlone) return { kind: 'pages', select: null };
  if (select != null && select !== records) return { kind: 'selection', select };
  if (records !== null) return { kind: 'records', select: records };
  return { kind: 'nothing', select: RECORDS_UNKNOWN };
}

/** The shape that the run's own output had, of which its archive keeps only what is not the list's. */
export function keptShape(pagination: Pagination): OutputShape {
  const { output } = pagination;
  return outputShape(pagination, { select: output, wholePages: output === null });
}

/** The pagination as an archive keeps it. */
export function withShape(pagination: Pagination, { kind, select }: OutputShape): Pagination {
  const { output: _, ...rest } = pagination;
  return kind === 'selection' || kind === 'pages' ? { ...rest, output: select } : rest;
}
