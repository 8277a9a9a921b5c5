/** Lists of links in a body, and the links that a page of such an API would have. */
import { pathOf } from '../../decode/decode.ts';
import type { PageContext } from '../detect/numbers-said.ts';
import { OTHER_PAGES, PAGES_BEFORE } from '../link-header.ts';
import { type Field, isObject } from '../page-fields.ts';

/** A list of links (`links: [{ rel, href }]`); the URL is null where none of them is `next`. */
export interface ListedLink {
  readonly path: string;
  readonly url: string | null;
}

/** A list of links that is longer describes something else. */
const MAX_LINKS = 50;

/** FHIR and others: `link: [{ relation: 'next', url }]`; OpenStack's `servers_links` for `servers`. */
export function readListed(fields: readonly Field[]): ListedLink | null {
  for (const { name, path, value } of fields) {
    if (!/(?:^|_)links?$/i.test(name) || !Array.isArray(value)) continue;
    let isPaging = false;
    for (const link of value.slice(0, MAX_LINKS)) {
      if (!isObject(link)) continue;
      const relations = [link['rel'] ?? link['relation']].flat();
      const url = link['href'] ?? link['url'] ?? link['uri'];
      if (relations.includes('next') && typeof url === 'string' && url !== '') return { path, url };
      // Things with only one page have `self` and `first` too; other names may be of other links.
      isPaging ||=
        /^_?links?$/i.test(name) &&
        [...PAGES_BEFORE, 'last'].some((relation) => relations.includes(relation));
    }
    if (isPaging) return { path, url: null };
  }
  return null;
}

/** Links to the first or last page without one to the next, and OData, which must link to the rest. */
export function readLinkless(
  fields: readonly Field[],
  { params, count }: PageContext,
): ListedLink | null {
  const asked = params.size?.number ?? null;
  // With `$top` it was the client that limited the list.
  const isCut = asked !== null && (count ?? 0) >= asked;
  for (const { name, keys, value } of fields) {
    if (/^_?links$/i.test(name) && isObject(value) && !('next' in value)) {
      const isPaging = OTHER_PAGES.some((rel) => rel in value);
      if (isPaging) return { path: pathOf([...keys, 'next']), url: null };
    }
    const isOData = name === '@odata.context' || name === '@odata.deltaLink';
    const isCollection = fields.some(
      (other) => other.path === 'value' && Array.isArray(other.value),
    );
    if (isOData && keys.length === 1 && isCollection && !isCut) {
      return { path: pathOf(['@odata.nextLink']), url: null };
    }
  }
  return null;
}
