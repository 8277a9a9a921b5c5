import type { Opened } from '../archive-thread/messages.ts';
import type { PageRequest } from '../core/page-request.ts';
import { isOnePage } from '../core/pagination.ts';
import { EarlyAnswers } from './early-answers.ts';
import { createLoneFetch, type LonePage } from './fetch-alone.ts';
import type { SourceParts } from './page-source.ts';
import type { PaginateJob } from './paginate-job.ts';
import { createLockedRequester, type Requester } from './requester.ts';

/** How pages are asked for before there is a plan, and what came of it. */
export interface FirstPages {
  readonly request: Requester;
  readonly fetchAlone: (request: PageRequest) => Promise<LonePage>;
  readonly early: EarlyAnswers;
}

/** Asks for the first page at once where it will be needed to find out how the list pages. */
export function createFirstPages(parts: SourceParts, paginate: PaginateJob): FirstPages {
  const { options } = parts.job;
  const { start } = paginate;
  const request = createLockedRequester({ ...parts, options }, start.url);
  const lone = createLoneFetch({ ...parts, options, attempt: request });
  let first = isFirstPageNeeded(parts, paginate) ? lone(start) : null;
  // Whoever asks for it hears of an error.
  first?.catch(() => undefined);
  const fetchAlone = (asked: PageRequest): Promise<LonePage> => {
    const page = asked === start ? first : null;
    if (page !== null) first = null;
    return page ?? lone(asked);
  };
  return { request, fetchAlone, early: new EarlyAnswers(options.secretParams) };
}

/** Not where the archive remembers how the list pages; a function's list needs only its records found. */
function isFirstPageNeeded({ opened, job }: SourceParts, { next }: PaginateJob): boolean {
  const { select, wholePages } = job.options;
  if (remembersPagination(opened)) return false;
  return next === null || (select === null && !wholePages);
}

/** Whether the archive says how the list pages. One page that was all that was found is tried again. */
export function remembersPagination({ pagination, exportOnly }: Opened): boolean {
  return pagination !== null && (!isOnePage(pagination) || exportOnly);
}
