import { pathOf } from '../../decode/decode.ts';
import { readScalar } from '../literal.ts';
import { setPart } from '../request-parts.ts';
import type { Facts } from './facts.ts';
import { isObject, keysOf, listFields } from './fields.ts';
import { squash } from './names.ts';
import { isNear } from './numbers-said.ts';
import { literalOf, recordIdentities } from './page-records.ts';
import type { Candidate } from './page-view.ts';

const LAST = /^last[_-]?(?=[a-zA-Z])/;

/**
 * Feeds say the last record's key beside the records (CouchDB: `last_seq`, which is the last
 * record's `seq`), and go on from it. The names that may take it are few: `since` is the usual one.
 */
export function statedKeyCandidates(facts: Facts): readonly Candidate[] {
  const { records, view, base } = facts;
  const first = records?.items[0];
  if (records === null || records.count < 2 || !isObject(first)) return [];
  if (view.request.method !== 'GET') return [];
  const around = (keysOf(records.path) ?? []).slice(0, -1);
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
    const { place: _, speculative: __, ...start } = view.request;
    return ['since', 'after', field.name].flatMap((param): Candidate[] => {
      const request = setPart(start, 'query', param, value);
      if (request === null) return [];
      const why = `${field.path}, the last record's ${key}, in ${param}`;
      return [{ pagination: { ...base, style: 'keyset', param, key }, request, why }];
    });
  }
  return [];
}

function isKeyOfLast({ view, records }: Facts, path: string, literal: string): boolean {
  const keys = recordIdentities(view, records!.path, path) ?? [];
  return keys.at(-1) === literal && new Set(keys).size === keys.length;
}
