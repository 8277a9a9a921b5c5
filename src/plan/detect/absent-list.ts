import { NO_RECORDS } from '../../core/pagination.ts';
import { means, squash } from '../names.ts';
import { asFlag, type Field, isBlank, isObject, type RecordsFound } from '../page-fields.ts';
import { asCount } from './numbers-said.ts';

/** `total`, or `value` in an object of that name. */
const counts = ({ name, parent }: Field): boolean =>
  means.total(name) || means.vagueTotal(name) || means.totalPages(name) || means.total(parent);
const pages = (name: string): boolean =>
  means.page(name) || means.offset(name) || means.size(name) || means.paging(name);
const leadsOn = (field: Field): boolean => means.ofNext(field) || means.token(field);

/**
 * The list of a page that is empty and whose server leaves the list out of it, or writes null for
 * it: HAL without `_embedded`, `{"total":0}`, `{"items":null}`. Null where anything in the page
 * could be a record's own (an invoice has a `total` too), or where nothing says that the list is
 * empty.
 */
export function findAbsentList(fields: readonly Field[]): RecordsFound | null {
  let isSaid = false;
  let path: string | null = null;
  let around: readonly string[] = [];
  for (const field of fields) {
    const { name, value } = field;
    if (isObject(value) && Object.keys(value).length > 0) continue;
    if (value === null && means.records(name) && !leadsOn(field)) {
      if (path === null) around = field.keys.slice(0, -1);
      path ??= field.path;
      // `data: null` may stand for one thing that is not there.
      isSaid ||= /s$/.test(squash(name));
    } else if (!isOfPaging(field) || speaksOfRecords(field)) return null;
    else isSaid ||= saysNone(field);
  }
  return isSaid ? { path: path ?? NO_RECORDS, items: [], around } : null;
}

function isOfPaging(field: Field): boolean {
  const { name, keys, value } = field;
  if (Array.isArray(value)) {
    return means.besideRecords(name) && (value.length === 0 || /^_?links?$/i.test(name));
  }
  if (value === null || value === '' || isObject(value)) return true;
  if (keys.slice(0, -1).some(means.paging)) return true;
  const isNamed =
    counts(field) || pages(name) || means.more(name) || means.done(name) || means.cursor(name);
  return isNamed || leadsOn(field) || means.ofTheAnswer(name);
}

/** A count, a token or a flag that an empty list would not have; a failure that came as a 200. */
function speaksOfRecords(field: Field): boolean {
  const { name, value } = field;
  if (leadsOn(field) && !Array.isArray(value)) {
    return !isBlank(value) && value !== 0;
  }
  if (means.more(name)) return asFlag(value) === true;
  if (means.done(name)) return asFlag(value) === false;
  if (/^(?:success|ok)$/.test(squash(name))) return value === false;
  // An empty list may still count as one page.
  const isCount = counts(field) && !means.totalPages(name) && !means.size(name);
  return isCount && (asCount(value) ?? 0) > 0;
}

function saysNone(field: Field): boolean {
  const { name, value } = field;
  if (counts(field) && asCount(value) === 0) return true;
  if (means.more(name)) return asFlag(value) === false;
  if (means.done(name)) return asFlag(value) === true;
  return leadsOn(field) && isBlank(value);
}
