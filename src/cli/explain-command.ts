import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { factsOf, isOnePage, NO_RECORDS } from '../core/pagination.ts';
import { counted, formatCount, formatDuration } from '../core/units.ts';
import { type Explanation, explain } from '../index.ts';
import { asciiJson } from '../report/json-log.ts';
import { pagingCommands, pagingText } from '../report/paging-text.ts';
import { createPainter } from '../report/paint.ts';
import { GIVE_CREDENTIALS } from '../report/stop-text.ts';
import { pagingCommand } from './command-text.ts';
import { type CliContext, describeTerminal, fitTerminal, writeOut } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { readRunOptions } from './run-options.ts';
import { type TypedArguments, UsageError } from './typed-arguments.ts';

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
  const options = await readRunOptions(typed, context);
  const explanation = await explain(url, options).catch(inFlags);
  const commandWith: CommandWith = (flags) =>
    // A pinned command is complete, with a place for what it fetches.
    pagingCommand(typed, context.env, [...flags, '-o', 'items.ndjson'], false);
  const facts = describeTerminal(context.stdout, context.env, typed.value('color'));
  const text = typed.has('json')
    ? asciiJson(explanation, 2)
    : fitTerminal(
        context.stdout,
        context.env,
        explanationText(explanation, commandWith, facts.color),
      );
  await writeOut(context, `${text}\n`);
  return 0;
}

/** The library speaks of its options, the command line of flags. */
function inFlags(error: unknown): never {
  if (!(error instanceof EverypageError)) throw error;
  const { code, message } = error;
  const lacksCredentials =
    code === 'CREDENTIALS_REFUSED' && /no credentials were sent/.test(message);
  const cure = lacksCredentials ? `. ${GIVE_CREDENTIALS}` : '';
  throw new EverypageError(code, `${message.replaceAll('maxWaitMs', '--max-wait')}${cure}`, {
    cause: error,
  });
}

type CommandWith = (flags: readonly string[]) => string;

/**
 * What is said of an API, without a newline at its end. It ends as the summary of a run does (issue 13).
 *
 * @param commandWith fetches with these flags, ready for a shell
 */
function explanationText(facts: Explanation, commandWith: CommandWith, color: boolean): string {
  const paint = createPainter(color);
  const { pagination, evidence, pageRecords, total, pages, requests } = facts;
  const rows: [label: string, text: string][] = [['pagination', howItPages(facts)]];
  for (const [index, line] of evidence.entries()) {
    rows.push([index === 0 ? 'evidence' : '', escapeText(line)]);
  }
  rows.push(['records', `${whichRecords(facts)}; ${formatCount(pageRecords)} in the first page`]);
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
  const { style } = pagination;
  const { flags, recordsPath, advice, cures } = facts;
  const paging = { style, evidence, flags, recordsPath, cures };
  lines.push('');
  if (advice !== null) lines.push(`${escapeText(advice)}.`);
  lines.push(pagingText(paging), ...pagingCommands(paging, commandWith, paint));
  // One page that is all needs no flags.
  if (advice === null && flags.length === 0) lines.push('to fetch it:', `  ${commandWith([])}`);
  return lines.join('\n');
}

function whichRecords({ pagination: { records, key }, advice }: Explanation): string {
  if (records === null || (records === NO_RECORDS && advice !== null)) return 'none found';
  if (records === NO_RECORDS) return 'left out';
  const at = records === '@' ? 'each page is a list of them' : `at ${escapeText(records)}`;
  return key === null ? at : `${at}, each with its ${escapeText(key)}`;
}

function inAll(total: number | null, pages: number | null): string {
  if (total === null) return pages === null ? 'the server does not say' : counted(pages, 'page');
  return `${counted(total, 'record')}${pages === null ? '' : `, ${counted(pages, 'page')}`}`;
}

function howItPages({ pagination, isParallel, isWholeList, advice }: Explanation): string {
  const { explained: name, isUnnamed } = factsOf(pagination);
  if (isParallel) return `${name}, in parallel`;
  if (!isOnePage(pagination)) return isUnnamed ? name : `${name}, one page after another`;
  if (isWholeList && advice === null) return `${name}, which is the whole list`;
  if (advice === null) return `${name}, and the server gives no more`;
  const isNotFound = pagination.records === NO_RECORDS;
  return isNotFound
    ? 'open, as long as its records are not found'
    : 'no pagination detected; it may be the only page';
}

function estimate({ estimatedMs, isParallel }: Explanation): string {
  if (estimatedMs === null) return '';
  const how = isParallel ? ' at the starting pace' : '';
  return `; all of it in about ${formatDuration(Math.max(1, Math.round(estimatedMs)))}${how}`;
}
