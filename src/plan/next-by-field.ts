/** Whether what a page names as the next page holds a property of its last record that others may have too. */
import type { NextStep } from '../core/page-info.ts';
import { readScalar } from './literal.ts';
import { squash } from './names.ts';
import { isObject, listFields } from './page-fields.ts';
import { changedQuery, mergeParameters } from './query-parameter.ts';
import { textsOf } from './token-text.ts';

interface Page {
  readonly url: string;
  /** Literal text. */
  readonly lastKey: string | null;
  /** The last record, and the one before it. */
  readonly last: unknown;
  readonly before: () => unknown;
}

const TIME_TEXT = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:|$)/;
const TIME_NAME =
  /time|date|stamp|(?:creat|updat|modif|publish|sent|seen|chang|occurr)\w*$|^(?:ts|at|on|day)$|[a-z]at$/;
/** Seconds or milliseconds from 2001 on. */
const EPOCH = /^\d{10}(?:\.\d+)?$|^\d{13}$/;

/**
 * The path from a record to a time, or to another property that the record before has too, where the next
 * request holds that of the last record, and does not hold its key. Of two records that share it, and
 * between which a page ends, the second may be skipped. Null where nothing of the kind shows.
 */
export function nextByField(step: NextStep | null, page: Page): string | null {
  if (step === null || !isObject(page.last)) return null;
  const texts = changedTexts(step, page.url).flatMap(textsOf);
  if (texts.length === 0) return null;
  const key = page.lastKey === null ? null : (readScalar(page.lastKey)?.text ?? null);
  for (const { path, name, value } of listFields(page.last)) {
    const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
    if (text === '' || text === key) continue;
    const isTime = TIME_TEXT.test(text) || (EPOCH.test(text) && TIME_NAME.test(squash(name)));
    const holder = texts.find((own) => own === text || (isTime && own.includes(text)));
    if (holder === undefined || holdsKey(holder.replace(text, ''), key)) continue;
    if (isTime || isShared(path, value, page)) return path;
  }
  return null;
}

/** What changes in the request. */
function changedTexts(step: NextStep, url: string): readonly string[] {
  if (step.kind === 'cursor') return [step.value];
  const next = step.kind === 'url' ? step.url : mergeParameters(url, step.values);
  const changed = changedQuery(url, next);
  // Another parameter beside it may hold what is missing.
  return changed.length === 1 ? changed.map(([, value]) => value) : [];
}

function holdsKey(text: string, key: string | null): boolean {
  return key !== null && text.split(/[^\w-]+/).includes(key);
}

function isShared(path: string, value: unknown, { before }: Page): boolean {
  return listFields(before()).some((field) => field.path === path && field.value === value);
}
