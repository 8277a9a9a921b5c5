import type { RunOptions } from '../core/options.ts';
import type { Explanation } from './explain-list.ts';

/**
 * Finds out how a list pages, with at most eight requests, and writes nothing.
 *
 * @throws EverypageError where the first page does not come, with its reason
 * @example
 * const { flags, total } = await explain('https://api.example/items');
 */
export async function explain(url: string, options: RunOptions = {}): Promise<Explanation> {
  // Detection is many files, which a run of a list does without.
  const { explainList } = await import('./explain-list.ts');
  return explainList(url, options);
}
