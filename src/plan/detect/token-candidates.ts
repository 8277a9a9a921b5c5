import type { Pagination } from '../../core/pagination.ts';
import { type PartValue, readScalar } from '../literal.ts';
import { fitsHeader } from '../request-parts.ts';
import { type Facts, saysEnd } from './facts.ts';
import { keysOf } from './fields.ts';
import { squash } from './names.ts';
import { literalOf } from './page-records.ts';

/** A token that the page holds, and how it would go on if only its parameter were known. */
export interface TokenSaid {
  /** Style `cursor`, without its parameter. */
  readonly pagination: Pagination;
  /** Where the token stands, for people. */
  readonly where: string;
  readonly value: PartValue;
  /** Parameters that may take it, the likeliest first. */
  readonly params: readonly { readonly name: string; readonly carrier: Pagination['carrier'] }[];
}

export function tokenStyle(facts: Facts): TokenSaid | null {
  const { next, base, headers, view } = facts;
  const isPost = view.request.method === 'POST';
  const carrier = isPost ? 'body' : 'query';
  const byPath = (path: string, morePath = base.morePath): TokenSaid | null => {
    const value = readScalar(literalOf(view, path));
    if (value === null) return null;
    const repeatIsEnd = /cursormark$/.test(squash(path));
    const pagination: Pagination = {
      ...base,
      style: 'cursor',
      carrier,
      nextPath: path,
      morePath,
      repeatIsEnd,
    };
    const names = namesFor(keysOf(path) ?? [], facts.params.size?.name ?? null, isPost);
    return { pagination, where: path, value, params: names.map((name) => ({ name, carrier })) };
  };
  const { pageInfo } = next;
  if (pageInfo !== null) {
    const isOpen = pageInfo.hasNext && pageInfo.cursor !== null;
    return isOpen ? byPath(`${pageInfo.path}.endCursor`, `${pageInfo.path}.hasNextPage`) : null;
  }
  if (next.token !== null) return byPath(next.token.path);
  if (next.number !== null && saysEnd(facts) === null && !isPosition(next.number.value, facts)) {
    return byPath(next.number.path);
  }
  if (headers.token === null || !fitsHeader(headers.token.value)) return null;
  const { header, value } = headers.token;
  return {
    pagination: { ...base, style: 'cursor', carrier, nextHeader: header },
    where: `header ${header}`,
    value: { text: value, isLiteral: false },
    params: paramsForHeader(header),
  };
}

/** Whether a number for what comes next is the next page's, or the next record's ordinal. */
export function isPosition(value: number, { offset, count, params, numbers }: Facts): boolean {
  const page = params.page?.number ?? numbers.page?.value ?? null;
  if (page === null ? value === 1 || value === 2 : value === page + 1) return true;
  return count > 0 && (value === offset + count || value === offset + count + 1);
}

function namesFor(
  keys: readonly string[],
  size: string | null,
  isPost: boolean,
): readonly string[] {
  const name = keys.at(-1) ?? '';
  const parent = keys.at(-2) ?? '';
  const bare = withoutNext(name);
  const names: string[] = [];
  // `page[size]=10` asks for pages by the same family of names.
  if (size?.toLowerCase() === 'page[size]') names.push('page[after]', 'page[cursor]');
  names.push(...conventional(name, parent, isPost));
  if (bare !== '') names.push(bare);
  names.push(name);
  if (size?.startsWith('$')) names.unshift(`$${bare === '' ? name : bare}`, '$skiptoken');
  names.push(`$${name}`);
  if (parent !== '' && squash(parent) !== 'next') {
    names.push(`${parent}[${name}]`, `${parent}.${name}`);
  }
  names.push('cursor', 'after', 'page_token', 'pageToken');
  return [...new Set(names)].filter((each) => !each.startsWith('@'));
}

/** What takes the token where the APIs that call it so agree. */
function conventional(name: string, parent: string, isPost: boolean): readonly string[] {
  const squashed = squash(name);
  if (isPost && squashed === 'nextcursor') return ['start_cursor', 'cursor'];
  switch (squashed) {
    case 'nextcursor':
      return ['cursor', name, 'after'];
    case 'nextpagetoken':
      return [withoutNext(name), name];
    // AWS sends it back under the same name, in its own spelling.
    case 'nexttoken':
      return [name, 'pagination_token', 'page_token'];
    case 'endcursor':
    case 'aftercursor':
      return squash(parent) === 'meta' ? ['page[after]', 'after', 'cursor'] : ['after', 'cursor'];
    case 'lastevaluatedkey':
    case 'lastkey':
      return [name, 'exclusiveStartKey', 'startKey', 'lastKey'];
    case 'nextkey':
    case 'nextmarker':
      return [withoutNext(name), name, 'startkey', 'start_key'];
    case 'next':
      if (/^cursors?$/i.test(parent)) return ['cursor', 'after', 'next'];
      return ['next', 'cursor', 'page', 'after', 'start'];
    default:
      return [];
  }
}

/** `next_page_token` → `page_token`, `nextPageToken` → `pageToken`, `cursor_next` → `cursor`. */
function withoutNext(name: string): string {
  const snake = /^next[_-](.+)$/i.exec(name)?.[1] ?? /^(.+)[_-]next$/i.exec(name)?.[1];
  if (snake !== undefined) return snake;
  const camel = /^next([A-Z].*)$/.exec(name)?.[1] ?? null;
  if (camel !== null) return camel.charAt(0).toLowerCase() + camel.slice(1);
  return /^Next([A-Z].*)$/.exec(name)?.[1] ?? (/^next$/i.test(name) ? '' : name);
}

function paramsForHeader(header: string): TokenSaid['params'] {
  const bare = header.replace(/^x-/, '').replace(/^[a-z]+-(?=next-|continuation)/, '');
  const snake = withoutNext(bare).replaceAll('-', '_');
  const camel = snake.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const query = [...new Set([snake, camel, 'cursor', bare.replaceAll('-', '_'), 'after'])];
  const params = query.map((name) => ({ name, carrier: 'query' }) as const);
  const same = { name: header, carrier: 'header' } as const;
  // Azure takes a continuation back in the header it came in.
  return /continuation/.test(header) ? [same, ...params] : [...params.slice(0, 4), same];
}
