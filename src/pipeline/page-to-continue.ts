import { EverypageError } from '../core/errors.ts';
import type { PageToContinue } from '../core/options.ts';
import type { SentPage } from './messages.ts';

/** A stored page as a user's pagination function gets it. */
export function pageToContinue(page: SentPage | null): PageToContinue {
  if (page === null) throw new EverypageError('INTERNAL', 'a page to go on from is not stored');
  const { url, status, headers, body } = page;
  return {
    url,
    status,
    headers: headers === null ? {} : JSON.parse(headers),
    body,
    json: () => JSON.parse(new TextDecoder().decode(body)),
  };
}
