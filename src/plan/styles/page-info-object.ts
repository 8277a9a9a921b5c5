/** `pageInfo` of a GraphQL connection. */
import { means, squash } from '../names.ts';
import { type Field, isObject } from '../page-fields.ts';

export interface PageInfoSaid {
  readonly path: string;
  readonly hasNext: boolean;
  readonly cursor: string | null;
}

export function readPageInfo(fields: readonly Field[]): PageInfoSaid | null {
  for (const { name, path, value } of fields) {
    if (squash(name) !== 'pageinfo' || !isObject(value)) continue;
    const { hasNextPage, endCursor } = value;
    if (typeof hasNextPage !== 'boolean') continue;
    // AniList counts pages there; then it is an object about paging like any other.
    if (!('endCursor' in value) && Object.keys(value).some(means.page)) continue;
    return { path, hasNext: hasNextPage, cursor: typeof endCursor === 'string' ? endCursor : null };
  }
  return null;
}
