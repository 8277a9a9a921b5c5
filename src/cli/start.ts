/**
 * The first file of the program. It starts the archive thread before it loads anything else: the
 * thread needs as long to come up as the rest needs to load, and does so on a second core.
 */
import { startArchiveWorker } from '../archive-thread/archive-worker.ts';

if (isFetch(process.argv.slice(2))) startArchiveWorker();

/**
 * Whether these arguments look like a fetch. The arguments are not parsed yet, so this is a guess:
 * where it is wrong, the thread starts with the run, or ends with the process, unused.
 */
function isFetch(argv: readonly string[]): boolean {
  if (/^(?:export|verify|explain|presets)$/.test(argv[0] ?? '')) return false;
  return argv[0] === 'demo' || argv.some((word) => /^(?:https?:\/\/|@|-$)/i.test(word));
}

/** Runs the command line of this process. */
export async function main(): Promise<void> {
  const program = await import('./main.ts');
  await program.main();
}
