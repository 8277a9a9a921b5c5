import { escapeText } from '../core/escape.ts';
import { factsOf, isOnePage, NO_RECORDS, type PaginationStyle } from '../core/pagination.ts';
import { counted, formatCount, formatDuration } from '../core/units.ts';
import { createPainter } from './paint.ts';

/** What `everypage explain` found. */
export interface ExplanationFacts {
  readonly pagination: {
    readonly style: PaginationStyle;
    readonly records: string | null;
    readonly key: string | null;
  };
  readonly evidence: readonly string[];
  readonly flags: readonly string[];
  readonly preset: string | null;
  readonly isWholeList: boolean;
  readonly pageRecords: number;
  readonly total: number | null;
  readonly pages: number | null;
  readonly isParallel: boolean;
  readonly limits: Readonly<Record<string, string>>;
  readonly limitsSay: string | null;
  readonly protocol: string | null;
  readonly requests: number;
  readonly latencyMs: number;
  readonly estimatedMs: number | null;
}

/**
 * What is said of an API, without a newline at its end.
 *
 * @param command fetches it all, ready for a shell
 */
export function explanationText(facts: ExplanationFacts, command: string, color: boolean): string {
  const paint = createPainter(color);
  const { pagination, evidence, pageRecords, total, pages, requests } = facts;
  const rows: [label: string, text: string][] = [['pagination', howItPages(facts)]];
  for (const [index, line] of evidence.entries()) {
    rows.push([index === 0 ? 'evidence' : '', escapeText(line)]);
  }
  const { records } = pagination;
  const isLeftOut = records === NO_RECORDS;
  const at = records === null ? 'none found' : isLeftOut ? 'left out' : placeOf(records);
  const key = pagination.key === null ? '' : `, each with its ${escapeText(pagination.key)}`;
  rows.push(['records', `${at}${key}; ${formatCount(pageRecords)} in the first page`]);
  rows.push(['total', inAll(total, pages)]);
  for (const [name, value] of Object.entries(facts.limits)) {
    rows.push(['limit', escapeText(`${name}: ${value}`)]);
  }
  if (facts.limitsSay !== null) rows.push(['', escapeText(facts.limitsSay)]);
  const latency = formatDuration(Math.max(1, Math.round(facts.latencyMs)));
  rows.push(['speed', `${facts.protocol ?? 'no answer'}, ${latency} a request${estimate(facts)}`]);
  if (facts.preset !== null) rows.push(['preset', `--preset ${facts.preset}`]);
  rows.push(['used', `${counted(requests, 'request')}, nothing written`]);

  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.map(([label, text]) => `${paint('dim', label.padEnd(width))}  ${text}`);
  const isKnown = !isOnePage(pagination) || facts.isWholeList;
  const heading = isKnown ? 'To fetch it all, without detection:' : 'If this page is all there is:';
  lines.push('', paint('bold', heading), `  ${command}`);
  return lines.join('\n');
}

function placeOf(records: string): string {
  return records === '@' ? 'each page is a list of them' : `at ${escapeText(records)}`;
}

function inAll(total: number | null, pages: number | null): string {
  if (total === null) return pages === null ? 'the server does not say' : counted(pages, 'page');
  return `${counted(total, 'record')}${pages === null ? '' : `, ${counted(pages, 'page')}`}`;
}

function howItPages({ pagination, isParallel, isWholeList }: ExplanationFacts): string {
  const { explained: name, isUnnamed } = factsOf(pagination);
  if (isParallel) return `${name}, in parallel`;
  if (!isOnePage(pagination)) return isUnnamed ? name : `${name}, one page after another`;
  return isWholeList
    ? `${name}, which is the whole list`
    : `no pagination detected; it may be the only page`;
}

function estimate({ estimatedMs, isParallel }: ExplanationFacts): string {
  if (estimatedMs === null) return '';
  const how = isParallel ? ' at the starting pace' : '';
  return `; all of it in about ${formatDuration(Math.max(1, Math.round(estimatedMs)))}${how}`;
}
