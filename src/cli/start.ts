/**
 * The first file of the program. It starts the archive thread of a long list before anything else is
 * loaded: the thread needs as long to come up as the rest needs to load, and does so on a second core.
 */
import { startArchiveWorker } from '../archive-thread/archive-worker.ts';

/**
 * Which command these arguments look like. They are not parsed yet, so this is a guess: where it is
 * wrong, the thread starts with the run, or ends with the process, unused.
 */
function guessCommand(argv: readonly string[]): string {
  const [verb = ''] = argv;
  if (/^(?:export|verify|explain|presets|archives|demo|completion|__complete)$/.test(verb))
    return verb;
  return argv.some((word) => /^(?:https?:\/\/|@|-$)/i.test(word)) ? 'fetch' : 'help';
}

const argv = process.argv.slice(2);
export const command = guessCommand(argv);

/** A list of pages is given. One URL may be all, and needs no thread then. */
function namesPages(): boolean {
  const urls = argv.filter((word) => /^https?:/i.test(word));
  return urls.length > 1 || argv.some((word) => /^(?:@|-$|https?:.*\[)/i.test(word));
}

if (command === 'demo' || (command === 'fetch' && namesPages())) startArchiveWorker();
// From when its module is loaded, Node parses its 150 authorities on a thread of their own.
if (argv.some((word) => /^https:/i.test(word))) process.getBuiltinModule('node:tls');
