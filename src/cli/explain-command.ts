import { isOnePage } from '../core/pagination.ts';
import { type Explanation, explain } from '../index.ts';
import { explanationText } from '../report/explanation-text.ts';
import { asciiJson } from '../report/json-log.ts';
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
  const words = isKnown ? flags : ['--paginate', 'none', '--records'];
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
