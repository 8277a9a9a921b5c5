import { EverypageError } from '../core/errors.ts';
import { presets } from '../index.ts';
import { asciiJson } from '../report/json-log.ts';
import { presetsText } from '../report/presets-text.ts';
import { type CliContext, createStdoutSink, describeTerminal, parseColorWhen } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import type { TypedArguments } from './parse-arguments.ts';

/** `everypage presets [NAME]`: the named APIs, or all that is known of one. */
export async function presetsCommand(
  typed: TypedArguments,
  context: CliContext,
): Promise<ExitCode> {
  const [name, second] = typed.positionals;
  if (second !== undefined) {
    throw new EverypageError('USAGE', 'everypage presets takes one name, or none');
  }
  const shown = name === undefined ? presets : presets.filter((preset) => preset.name === name);
  if (shown.length === 0) {
    throw new EverypageError('USAGE', `there is no preset ${name}; everypage presets lists them`);
  }
  const when = parseColorWhen(typed.value('color'), typed.placeOf('color'));
  const facts = describeTerminal(context.stdout, context.env, when);
  const text = typed.has('json')
    ? asciiJson(shown, 2)
    : presetsText(shown, name !== undefined, facts.color);
  const stdout = createStdoutSink(context.stdout);
  await stdout.write(Buffer.from(`${text}\n`));
  await stdout.flush();
  return 0;
}
