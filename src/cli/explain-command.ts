import { EverypageError } from '../core/errors.ts';
import { explain } from '../index.ts';
import { explanationText } from '../report/explanation-text.ts';
import { asciiJson } from '../report/json-log.ts';
import type { CliContext } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import type { TypedArguments } from './parse-arguments.ts';
import { readRunOptions } from './run-options.ts';
import { createStdoutSink } from './stdout-sink.ts';
import { describeTerminal, parseColorWhen } from './terminal.ts';

/** `everypage explain URL`: how a list pages, what showed it, and the flags that pin it. */
export async function explainCommand(
  typed: TypedArguments,
  context: CliContext,
): Promise<ExitCode> {
  const [url, second] = typed.positionals;
  if (url === undefined || second !== undefined) {
    throw new EverypageError(
      'USAGE',
      "everypage explain takes the URL of a first page, as in everypage explain 'https://api.example.com/items'",
    );
  }
  const when = parseColorWhen(typed.value('color'), typed.placeOf('color'));
  const explanation = await explain(url, await readRunOptions(typed, context));
  const facts = describeTerminal(context.stdout, context.env, when);
  const text = typed.has('json')
    ? asciiJson(explanation, 2)
    : explanationText(explanation, url, facts.color);
  const stdout = createStdoutSink(context.stdout);
  await stdout.write(Buffer.from(`${text}\n`));
  await stdout.flush();
  return 0;
}
