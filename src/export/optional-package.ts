/** Packages that only some outputs need, which a user installs for them. */
import { usageError } from '../core/errors.ts';

/**
 * Loads packages that may be missing.
 *
 * @param what they are needed for, as messages say it
 * @param install what a user installs
 * @throws EverypageError USAGE with the command that installs them
 */
export async function loadOptional<Loaded>(
  what: string,
  install: string,
  load: () => Promise<Loaded>,
): Promise<Loaded> {
  try {
    return await load();
  } catch (cause) {
    const { code = '' } = cause as { code?: string };
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    const message = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw usageError(
      isMissing
        ? `${what} needs packages that are not installed: npm install ${install} (with -g where everypage is installed so)`
        : `${what} cannot be written here: ${message}; install its package again: npm install ${install}`,
      cause,
    );
  }
}
