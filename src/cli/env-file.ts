import { readFileSync, statSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { escapeText } from '../core/escape.ts';
import { whyUnreadable } from '../core/files.ts';
import type { CliContext } from './context.ts';
import { type TypedArguments, UsageError } from './typed-arguments.ts';

/**
 * `--env-file`: adds the variables of the files to the environment, as Node's own flag of that name does.
 * One that is set already stays; of two files the last one counts. A file that other users can read gets
 * a warning. No value is ever shown.
 *
 * @throws UsageError where a file cannot be read
 */
export function loadEnvFiles(
  typed: TypedArguments,
  { env, stderr }: Pick<CliContext, 'env' | 'stderr'>,
): void {
  const values: NodeJS.Dict<string> = {};
  for (const path of typed.list('env-file')) {
    try {
      Object.assign(values, parseEnv(readFileSync(path, 'utf8').replace(/^\ufeff/, '')));
      // Windows has no such modes.
      if (process.platform !== 'win32' && (statSync(path).mode & 0o044) !== 0) {
        const name = escapeText(path);
        stderr.write(
          `everypage: warning: other users can read ${name}, which may hold credentials; chmod 600 ${name}\n`,
        );
      }
    } catch (cause) {
      throw new UsageError(
        `--env-file ${path} cannot be read: ${whyUnreadable(cause)}`,
        null,
        cause,
      );
    }
  }
  // The program's environment itself, where proxies are looked for too.
  const own = env as NodeJS.Dict<string>;
  for (const [name, value] of Object.entries(values)) own[name] ??= value;
}
