import type { Pagination } from '../../core/pagination.ts';
import { isKeyOf } from '../detect/find-key.ts';
import { found } from '../detect/page-view.ts';
import { isNothing, readMembers, readString } from '../literal.ts';
import type { RecordsFound } from '../page-fields.ts';
import { mergeParameters } from '../query-parameter.ts';
import { ended, type NextReading, type PageToRead, silent, unusable } from './page-reading.ts';
import { type ChainStyle, firstRequest } from './style.ts';

/** MediaWiki: all members of the page's `continue` object go into the start, not into one another. */
export const continueStyle: ChainStyle = {
  kind: 'chain',
  docs: {
    evidence: 'an object of parameters: `continue` (MediaWiki), `last_indexes`',
    flags: '`--next-path`',
  },
  first: firstRequest,
  next(pagination, start, _previous, pageInfo) {
    if (pageInfo.more === false || pageInfo.next?.kind !== 'parameters') return null;
    const request = firstRequest(pagination, start);
    return { ...request, url: mergeParameters(request.url, pageInfo.next.values) };
  },
  readNext: readParameters,
  detect({ next, base, view, records }) {
    const said = next.continueObject;
    if (said === null || view.request.method !== 'GET') return null;
    const evidence = said.isThere
      ? `${said.path} holds the parameters of the next request`
      : 'batchcomplete stands without continue';
    const key = base.key ?? keyOfPages(records);
    const pagination = { ...base, key, style: 'continue', nextPath: said.path } as const;
    return found(pagination, [evidence], !said.isThere);
  },
  readUsual: ({ next }) => ({ nextPath: next.continueObject?.path ?? 'continue' }),
};

/**
 * MediaWiki's pages have ids of their own, also where a batch comes again with further properties.
 * What else it lists may have the id of a page that it is about.
 */
function keyOfPages(records: RecordsFound | null): string | null {
  if (records === null || !/^query\.pages(?:\.\*)?$/.test(records.path)) return null;
  return isKeyOf(records.items, 'pageid') ? 'pageid' : null;
}

function readParameters({ nextPath }: Pagination, page: PageToRead): NextReading {
  const literal = nextPath === null ? null : page.literal(nextPath);
  // Where nothing is left to merge and nothing follows, the page says so.
  if (literal === null) return page.literal('batchcomplete') === null ? silent : ended;
  if (isNothing(literal)) return ended;
  const members = readMembers(literal);
  if (members === null) return unusable;
  // Without a prototype, `__proto__` is a name like any other.
  const values: Record<string, string> = Object.create(null);
  let isEnd = true;
  for (const [name, member] of members) {
    if (member === 'null' || member === 'false') continue;
    isEnd = false;
    if (!/^[{[]/.test(member)) values[name] = readString(member) ?? member;
  }
  if (isEnd) return ended;
  if (Object.keys(values).length === 0) return unusable;
  const isPart = page.literal('batchcomplete') === null;
  return { step: { kind: 'parameters', values }, more: null, isPart };
}
