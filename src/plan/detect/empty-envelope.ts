import { NO_RECORDS } from '../../core/pagination.ts';
import { type Field, isObject } from './fields.ts';
import {
  isUsualBesideRecords,
  isUsualForRecords,
  mayNameTotal,
  namesCursor,
  namesDone,
  namesMore,
  namesNext,
  namesOffset,
  namesPage,
  namesPaging,
  namesSize,
  namesToken,
  namesTotal,
  namesTotalPages,
  squash,
} from './names.ts';
import { asCount } from './numbers-said.ts';
import type { RecordsFound } from './page-view.ts';

/** What an answer says of itself, whatever it holds. */
const OF_THE_ANSWER = new Set(
  (
    'status success ok code statuscode message msg object kind type took time timedout etag version ' +
    'apiversion requestid query q context odatacontext relation self href first last prev previous url'
  ).split(' '),
);

/** `total`, or `value` in an object of that name. */
const counts = ({ name, parent }: Field): boolean =>
  namesTotal(name) || mayNameTotal(name) || namesTotalPages(name) || namesTotal(parent);
const pages = (name: string): boolean =>
  namesPage(name) || namesOffset(name) || namesSize(name) || namesPaging(name);
const leadsOn = ({ name, parent }: Field): boolean =>
  namesNext(name) || namesNext(parent) || namesToken(name, parent);

/**
 * The list of a page that is empty and whose server leaves the list out of it, or writes null for
 * it: HAL without `_embedded`, `{"total":0}`, `{"items":null}`. Null where anything in the page
 * could be a record's own (an invoice has a `total` too), or where nothing says that the list is
 * empty.
 */
export function findAbsentList(fields: readonly Field[]): RecordsFound | null {
  let isSaid = false;
  let path: string | null = null;
  for (const field of fields) {
    const { name, value } = field;
    if (isObject(value) && Object.keys(value).length > 0) continue;
    if (value === null && isUsualForRecords(name) && !leadsOn(field)) {
      path ??= field.path;
      // `data: null` may stand for one thing that is not there.
      isSaid ||= /s$/.test(squash(name));
    } else if (!isOfPaging(field)) return null;
    else if (speaksOfRecords(field)) return null;
    else isSaid ||= saysNone(field);
  }
  return isSaid ? { path: path ?? NO_RECORDS, count: 0, items: [] } : null;
}

function isOfPaging(field: Field): boolean {
  const { name, keys, value } = field;
  if (Array.isArray(value)) {
    return isUsualBesideRecords(name) && (value.length === 0 || /^_?links?$/i.test(name));
  }
  if (value === null || value === '' || isObject(value)) return true;
  if (keys.slice(0, -1).some(namesPaging)) return true;
  const isNamed =
    counts(field) || pages(name) || namesMore(name) || namesDone(name) || namesCursor(name);
  return isNamed || leadsOn(field) || OF_THE_ANSWER.has(squash(name));
}

/** A count, a token or a flag that an empty list would not have; a failure that came as a 200. */
function speaksOfRecords(field: Field): boolean {
  const { name, value } = field;
  const isTrue = value === true || value === 'true';
  if (leadsOn(field) && !Array.isArray(value)) {
    return value !== null && value !== '' && value !== false && value !== 0;
  }
  if (namesMore(name)) return isTrue;
  if (namesDone(name)) return value === false;
  if (/^(?:success|ok)$/.test(squash(name))) return value === false;
  // One page may be counted where there is nothing on it.
  const isCount = counts(field) && !namesTotalPages(name) && !namesSize(name);
  return isCount && (asCount(value) ?? 0) > 0;
}

function saysNone(field: Field): boolean {
  const { name, value } = field;
  if (counts(field) && asCount(value) === 0) return true;
  if (namesMore(name)) return value === false || value === 'false';
  if (namesDone(name)) return value === true;
  return leadsOn(field) && (value === null || value === '' || value === false);
}
