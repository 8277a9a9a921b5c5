/** Page numbers, offsets, sizes and cursors, as the start request asks for them. */

import type { PageRequest } from '../core/page-request.ts';
import { pathOf } from '../decode/decode.ts';
import { readJson } from './literal.ts';
import { means } from './names.ts';
import { isObject } from './page-fields.ts';
import { readQuery, wholeNumber } from './query-parameter.ts';
import { parsedBody } from './request-parts.ts';

export interface StartParam {
  /** Of the query parameter, or the dotted path in a JSON body. */
  readonly name: string;
  readonly carrier: 'query' | 'body';
  readonly text: string;
  /** Null where the text is no whole number. */
  readonly number: number | null;
}

export interface StartParams {
  readonly page: StartParam | null;
  readonly offset: StartParam | null;
  readonly size: StartParam | null;
  readonly cursor: StartParam | null;
  /** Takes the key of the record before: `since_id=0`. */
  readonly keyset: StartParam | null;
}

/**
 * The parameters of a request that page, by their names and values: a `start` that is a date is none
 * of them. Those of a POST's body come first.
 */
export function readStartParams(request: Pick<PageRequest, 'url' | 'body'>): StartParams {
  const params = [...bodyParams(request), ...queryParams(request.url)];
  const numbered = params.filter((param) => param.number !== null);
  return {
    page: numbered.find((param) => means.page(spelled(param))) ?? null,
    offset: numbered.find((param) => means.offset(spelled(param))) ?? null,
    size: numbered.find((param) => means.size(spelled(param))) ?? null,
    cursor: params.find((param) => means.cursor(spelled(param))) ?? null,
    keyset: params.find((param) => means.keyset(spelled(param))) ?? null,
  };
}

/**
 * With what the records of the page show: beside a first page's number an `offset` that is no less than
 * the records that came is their size, as in Etherscan.
 */
export function withSizeShown(params: StartParams, count: number): StartParams {
  const { page, offset, size } = params;
  const isFirst = page?.number === 0 || page?.number === 1;
  if (!isFirst || size !== null || (offset?.number ?? 0) < Math.max(2, count)) return params;
  return { ...params, size: offset, offset: null };
}

/** `variables.first` is `first`; `page[size]` and `page.size` are read as `pagesize`. */
function spelled({ name, carrier }: StartParam): string {
  if (carrier === 'query') return name;
  const keys = name.split('.');
  const last = keys.at(-1) ?? name;
  return keys.at(-2) === 'page' ? `page_${last}` : last;
}

function queryParams(url: string): readonly StartParam[] {
  return readQuery(url).flatMap(([name, text]) => {
    const own: StartParam = { name, carrier: 'query', text, number: wholeNumber(text) };
    // LoopBack: `filter={"limit":50}`.
    const within = text.trim().startsWith('{') ? scalarsIn(readJson(text)) : [];
    const members = within.filter(({ keys }) => keys.length === 1);
    return [own, ...members.map((it) => paramOf(`${name}.${pathOf(it.keys)}`, 'query', it.value))];
  });
}

function bodyParams(request: Pick<PageRequest, 'body'>): readonly StartParam[] {
  return scalarsIn(parsedBody(request)).map((it) => paramOf(pathOf(it.keys), 'body', it.value));
}

function paramOf(name: string, carrier: StartParam['carrier'], value: string | number): StartParam {
  const text = String(value);
  return { name, carrier, text, number: typeof value === 'number' ? wholeNumber(text) : null };
}

interface Scalar {
  readonly keys: readonly string[];
  readonly value: string | number;
}

/** Parameters stand at most so deep, not counting places in an array (`params.0.page`). */
const MOST_NAMES = 2;
const MOST_ELEMENTS = 20;

/** Text and numbers in objects and arrays, the shallow ones first. */
function scalarsIn(json: unknown): readonly Scalar[] {
  const scalars: Scalar[] = [];
  const queue: {
    readonly value: unknown;
    readonly keys: readonly string[];
    readonly names: number;
  }[] = [{ value: json, keys: [], names: 0 }];
  for (const { value, keys, names } of queue) {
    if (Array.isArray(value)) {
      for (const [index, element] of value.slice(0, MOST_ELEMENTS).entries()) {
        if (isObject(element))
          queue.push({ value: element, keys: [...keys, String(index)], names });
      }
    } else if (isObject(value) && names < MOST_NAMES) {
      for (const [name, member] of Object.entries(value)) {
        // An object about paging says what its numbers mean, however deep it stands.
        const own = means.paging(name) ? 0 : 1;
        // No path can say an empty name.
        if (name !== '') queue.push({ value: member, keys: [...keys, name], names: names + own });
      }
    } else if (typeof value === 'string' || typeof value === 'number') {
      if (keys.length > 0) scalars.push({ keys, value });
    }
  }
  return scalars;
}
