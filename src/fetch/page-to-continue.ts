import type { SentPage } from '../archive-thread/messages.ts';
import { EverypageError } from '../core/errors.ts';
import type { PageToContinue } from '../core/options.ts';
import { restoreCredentials } from './restore-credentials.ts';

/**
 * A stored page as a user's pagination function gets it. Its URL has the credentials of the start
 * again, so that the next one can be made of it.
 */
export function pageToContinue(page: SentPage | null, startUrl: string): PageToContinue {
  if (page === null) throw new EverypageError('INTERNAL', 'a page to go on from is not stored');
  const { url, status, headers, body } = page;
  return {
    url: restoreCredentials(url, startUrl),
    status,
    headers: headers === null ? {} : JSON.parse(headers),
    body,
    json: () => JSON.parse(new TextDecoder().decode(body)),
  };
}
