import { presets } from '../index.ts';
import { asciiJson } from '../report/json-log.ts';
import { presetsText } from '../report/presets-text.ts';
import { type CliContext, describeTerminal, writeOut } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { nearest, type TypedArguments, UsageError } from './parse-arguments.ts';

/** `everypage presets [NAME]`: the named APIs, or all that is known of one. */
export async function presetsCommand(
  typed: TypedArguments,
  context: CliContext,
): Promise<ExitCode> {
  const [name, second] = typed.positionals;
  if (second !== undefined) {
    throw new UsageError('everypage presets takes one name, or none', ['presets', name!]);
  }
  const shown = name === undefined ? presets : presets.filter((preset) => preset.name === name);
  if (shown.length === 0) {
    const near = nearest(
      name!,
      presets.map((preset) => preset.name),
    );
    throw new UsageError(
      `there is no preset ${name}; everypage presets lists them`,
      near === null ? ['presets'] : ['presets', near],
    );
  }
  const facts = describeTerminal(context.stdout, context.env, typed.value('color'));
  const text = typed.has('json')
    ? asciiJson(shown, 2)
    : presetsText(shown, name !== undefined, facts.color);
  await writeOut(context, `${text}\n`);
  return 0;
}
