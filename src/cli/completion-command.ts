import { nearest } from '../core/nearest.ts';
import { offersFor, shells } from './completion/offers.ts';
import { offersText, scripts } from './completion/scripts.ts';
import { type CliContext, writeOut } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { type TypedArguments, UsageError } from './typed-arguments.ts';

/** `everypage completion SHELL`: prints the script that the shell completes by. */
export async function completionCommand(
  { positionals }: TypedArguments,
  context: CliContext,
): Promise<ExitCode> {
  const [name = '', second] = positionals;
  const shell = shells.find((it) => it === name);
  if (shell === undefined || second !== undefined) {
    throw new UsageError(
      'everypage completion takes the name of a shell: bash, zsh, fish or powershell',
      ['completion', shell ?? nearest(name, shells) ?? 'bash'],
    );
  }
  await writeOut(context, scripts[shell]);
  return 0;
}

/** Answers such a script. It sends the words before the cursor, and the word at the cursor behind a dot. */
export async function completeCommand(
  words: readonly string[],
  context: CliContext,
): Promise<ExitCode> {
  const current = words.at(-1)?.slice(1) ?? '';
  await writeOut(context, offersText(offersFor([...words.slice(0, -1), current])));
  return 0;
}
