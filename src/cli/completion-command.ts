import { nearest } from '../core/nearest.ts';
import { bashCompletion } from './completion/bash.ts';
import { type Shell, shells } from './completion/completed.ts';
import { fishCompletion } from './completion/fish.ts';
import { powershellCompletion } from './completion/powershell.ts';
import { zshCompletion } from './completion/zsh.ts';
import { type CliContext, writeOut } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { type TypedArguments, UsageError } from './parse-arguments.ts';

const scripts: Readonly<Record<Shell, () => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
  powershell: powershellCompletion,
};

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
  await writeOut(context, scripts[shell]());
  return 0;
}
