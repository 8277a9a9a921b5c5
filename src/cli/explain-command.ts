import { escapeText } from '../core/escape.ts';
import { factsOf, isOnePage, NO_RECORDS } from '../core/pagination.ts';
import { counted, formatCount, formatDuration } from '../core/units.ts';
import { type Explanation, explain } from '../index.ts';
import { asciiJson } from '../report/json-log.ts';
import { createPainter } from '../report/paint.ts';
import { fetchCommandText } from './command-text.ts';
import { type CliContext, describeTerminal, writeOut } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { type TypedArguments, UsageError } from './parse-arguments.ts';
import { readRunOptions } from './run-options.ts';

/** The command that fetches the list with the flags that were found. */
function pinnedCommand(
  typed: TypedArguments,
  env: CliContext['env'],
  { pagination, flags, isWholeList }: Explanation,
): string {
  const isKnown = !isOnePage(pagination) || isWholeList;
  const isSaid = typed.has('select');
  const alone = ['--paginate', 'none', ...(isSaid ? [] : ['--records'])];
  const words = isKnown ? flags : alone;
  return fetchCommandText(typed, env, [...words, '-o', 'items.ndjson']);
}

/** `everypage explain URL`: how a list is paginated, the evidence, and the flags that say the same. */
export async function explainCommand(
  typed: TypedArguments,
  context: CliContext,
): Promise<ExitCode> {
  const [url, second] = typed.positionals;
  if (url === undefined || second !== undefined) {
    throw new UsageError('everypage explain takes one argument: the URL of a first page', [
      'explain',
      url ?? 'https://api.example.com/items',
    ]);
  }
  if (url.startsWith('@') || url === '-') {
    throw new UsageError('everypage explain takes no list; give it the URL of a first page', [
      'explain',
      'https://api.example.com/items',
    ]);
  }
  const explanation = await explain(url, await readRunOptions(typed, context));
  const facts = describeTerminal(context.stdout, context.env, typed.value('color'));
  const text = typed.has('json')
    ? asciiJson(explanation, 2)
    : explanationText(explanation, pinnedCommand(typed, context.env, explanation), facts.color);
  await writeOut(context, `${text}\n`);
  return 0;
}

/**
 * What is said of an API, without a newline at its end.
 *
 * @param command fetches it all, ready for a shell
 */
function explanationText(facts: Explanation, command: string, color: boolean): string {
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

function howItPages({ pagination, isParallel, isWholeList }: Explanation): string {
  const { explained: name, isUnnamed } = factsOf(pagination);
  if (isParallel) return `${name}, in parallel`;
  if (!isOnePage(pagination)) return isUnnamed ? name : `${name}, one page after another`;
  return isWholeList
    ? `${name}, which is the whole list`
    : 'no pagination detected; it may be the only page';
}

function estimate({ estimatedMs, isParallel }: Explanation): string {
  if (estimatedMs === null) return '';
  const how = isParallel ? ' at the starting pace' : '';
  return `; all of it in about ${formatDuration(Math.max(1, Math.round(estimatedMs)))}${how}`;
}
