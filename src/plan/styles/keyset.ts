import type { PageInfo } from '../../core/page-info.ts';
import type { Pagination } from '../../core/pagination.ts';
import { elementsIn, pathOf } from '../../decode/decode.ts';
import { type Facts, numbersSayMore } from '../detect/facts.ts';
import { isNear } from '../detect/numbers-said.ts';
import { type Candidate, literalOf, recordIdentities } from '../detect/page-view.ts';
import { readScalar } from '../literal.ts';
import { squash } from '../names.ts';
import { isObject, listFields } from '../page-fields.ts';
import { getQueryParameter } from '../query-parameter.ts';
import { parsedBody } from '../request-parts.ts';
import { cursorStep, silent } from './page-reading.ts';
import { type ChainStyle, candidate, firstRequest, listForms, withParam } from './style.ts';

/** The key of the last record (or the first): `?starting_after=ch_9`. */
export const keyset: ChainStyle = {
  kind: 'chain',
  docs: {
    evidence: 'there is more, without a token; the id of the last record worked',
    flags: '`--page-param`, `--key`',
  },
  first: firstRequest,
  next(pagination, start, _previous, { more, firstKey, lastKey }) {
    const key = readScalar(pagination.keyFrom === 'first' ? firstKey : lastKey);
    if (more === false || key === null) return null;
    return withParam(pagination, start, key);
  },
  isPastEnd,
  whyBroken: (number) => `a record of page ${number} has no key to go on with`,
  readNext(pagination, page) {
    if (page.recordCount === 0) return silent;
    const key = pagination.keyFrom === 'first' ? page.firstKey : page.lastKey;
    return cursorStep(pagination, readScalar(key));
  },
  candidates: sortCandidates,
  readUsual: ({ params }) => ({ param: params.cursor?.name ?? 'after' }),
  trial: {
    byKey: true,
    objection: (own, other) =>
      keepsOrder(own, other) ? null : 'its keys do not go on from the last one',
    async proveEnd(pagination, read, firstKey) {
      return (await read(readScalar(firstKey))) === 'rest' ? pagination : null;
    },
    proof: ({ param }) =>
      `the first record's key in ${param} gives this page without its first record`,
  },
};

/** A page that repeats only the record that it begins with adds nothing. */
function isPastEnd({ keyFrom }: Pagination, pageInfo: PageInfo, before: PageInfo | null): boolean {
  if (pageInfo.records === 0) return true;
  if (pageInfo.records > 1 || before === null || pageInfo.lastKey === null) return false;
  const name = keyFrom === 'last' ? 'lastKey' : 'firstKey';
  return pageInfo[name] === before[name];
}

/** Elasticsearch: each hit carries the values it is sorted by, and the last one's go on. */
function sortCandidates(facts: Facts): readonly Candidate[] {
  const { records, base, view, params } = facts;
  const { url, method } = view.request;
  const body = parsedBody(view.request);
  const isGet = method === 'GET';
  const sorts = isGet ? getQueryParameter(url, 'sort') !== null : isObject(body) && 'sort' in body;
  if (records === null || !numbersSayMore(facts) || !sorts) return [];
  const isSorted = elementsIn(records.items).every(
    (item) => isObject(item) && Array.isArray(item['sort']),
  );
  if (!isSorted || params.offset !== null) return [];
  const last = recordIdentities(view, records.path, 'sort')?.at(-1);
  if (last === undefined) return [];
  const carrier = isGet ? 'query' : 'body';
  const forms = listForms('search_after').slice(0, isGet ? undefined : 1);
  return forms.flatMap(([form, name]) =>
    candidate(
      facts,
      { ...base, ...form, style: 'keyset', carrier, key: 'sort' },
      { text: last, isLiteral: true },
      `the last record's sort in ${name}`,
    ),
  );
}

/** What takes the key in the APIs that say with such a flag whether there is more. */
const BESIDE_FLAG: Readonly<Record<string, string>> = {
  // Zulip, whose anchor is the first record of the page.
  foundnewest: 'anchor',
};

/** The last record's key as the start of the next page. */
export function guessedKeys(facts: Facts): readonly Candidate[] {
  const { records, base, view, params } = facts;
  if (records === null || base.key === null || records.items.length < 2) return [];
  const keys = recordIdentities(view, records.path, base.key);
  const first = keys?.[0];
  const last = keys?.at(-1);
  if (last === undefined || first === undefined || /^[{[]/.test(last)) return [];
  const value = readScalar(last);
  if (value === null) return [];
  // Chat and event logs give the newest first and take what lies before.
  const usual = compareKeys(first, last) > 0 ? 'before' : 'after';
  const own = params.keyset?.carrier === 'query' ? [params.keyset.name] : [];
  const beside = listFields(view.json).flatMap(({ name }) => BESIDE_FLAG[squash(name)] ?? []);
  const flagged = facts.next.more === null ? [] : ['starting_after'];
  return [...own, ...beside, ...flagged, usual].flatMap((param) => {
    const why = `the last record's ${base.key} in ${param}`;
    return candidate(facts, { ...base, style: 'keyset', param }, value, why);
  });
}

const LAST = /^last[_-]?(?=[a-zA-Z])/;

/**
 * Feeds say the last record's key beside the records (CouchDB: `last_seq`, which is the last
 * record's `seq`), and go on from it. The names that may take it are few: `since` is the usual one.
 */
export function statedKeys(facts: Facts): readonly Candidate[] {
  const { records, view, base } = facts;
  const first = records?.items[0];
  if (records === null || records.items.length < 2 || !isObject(first)) return [];
  if (view.request.method !== 'GET') return [];
  const { around } = records;
  for (const field of listFields(view.json)) {
    if (!LAST.test(field.name) || !isNear(field, around)) continue;
    const literal = literalOf(view, field.path);
    const value = readScalar(literal);
    if (value === null) continue;
    const key = Object.keys(first)
      // `lastPage: 3` may be the third record's id by chance.
      .filter((name) => name !== '' && squash(name) === squash(field.name.replace(LAST, '')))
      .map((name) => pathOf([name]))
      .find((path) => isKeyOfLast(facts, path, literal!));
    if (key === undefined) continue;
    const names = ['since', 'after', `after_${key}`, field.name];
    return names.flatMap((param) => {
      const why = `${field.path}, the last record's ${key}, in ${param}`;
      return candidate(facts, { ...base, style: 'keyset', param, key }, value, why);
    });
  }
  return [];
}

function isKeyOfLast({ view, records }: Facts, path: string, literal: string): boolean {
  const keys = recordIdentities(view, records!.path, path) ?? [];
  return keys.at(-1) === literal && new Set(keys).size === keys.length;
}

/** Numbers as text, also beyond 2^53: the longer is the larger. Strings by their code units. */
function compareKeys(a: string, b: string): number {
  const [left, right] = [a.replaceAll('"', ''), b.replaceAll('"', '')];
  if (/^\d+$/.test(left) && /^\d+$/.test(right) && left.length !== right.length) {
    return left.length - right.length;
  }
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Whether a page's keys continue the order of the page before. */
function keepsOrder(own: readonly string[], other: readonly string[]): boolean {
  const [first, last, next] = [own[0], own.at(-1), other[0]];
  if (first === undefined || last === undefined || next === undefined) return false;
  const direction = Math.sign(compareKeys(first, last));
  // Keys without an order (random ids, sorted by time) prove nothing.
  const isOrdered = own.every(
    (key, index) => index === 0 || Math.sign(compareKeys(own[index - 1]!, key)) === direction,
  );
  return !isOrdered || Math.sign(compareKeys(last, next)) === direction;
}
