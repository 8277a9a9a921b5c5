/** Whether the next page begins where a page ended, as far as a link or a token shows numbers. */
import type { NextStep, PageInfo } from '../core/page-info.ts';
import type { Pagination } from '../core/pagination.ts';
import { means } from './names.ts';
import { changedQuery, differInOneNumber, getQueryParameter } from './query-parameter.ts';
import { readStartParams } from './start-params.ts';
import type { PageToRead } from './styles/page-reading.ts';
import { numbersIn } from './token-text.ts';

/** A larger step is one of times or ids. */
const LARGEST_STEP = 100_000;

interface Page extends Pick<PageToRead, 'url' | 'recordCount' | 'lastKey'> {
  readonly echoedSize: number | null;
}

/**
 * `skips`: the next page begins so many records behind the last one of this page. A server that cuts a
 * page shorter than it was asked for, and counts on by what was asked for, leaves them out; one that
 * filters what it has cut into pages does not. `shortOf`: the next page is named by its number, and this one
 * holds fewer records than so many, which were asked for.
 */
export function readSkips(
  step: NextStep | null,
  page: Page,
  { param, carrier }: Pagination,
): Pick<PageInfo, 'skips' | 'shortOf'> {
  const { url, recordCount: records, echoedSize, lastKey } = page;
  if (step === null || records === 0) return {};
  const own = readStartParams({ url, body: null });
  const asked = own.size?.number ?? echoedSize;
  const told = (from: number | null, to: number, isNamed: boolean): Pick<PageInfo, 'skips'> => {
    if (String(to) === lastKey?.replaceAll('"', '')) return {};
    // Where the first request names none, servers count from 0 or from 1.
    const begin = from ?? (to === records + 1 || to === (asked ?? 0) + 1 ? 1 : 0);
    const length = to - begin;
    const isStep = length === asked || (isNamed && length <= LARGEST_STEP);
    return isStep && length > records ? { skips: length - records } : {};
  };
  if (step.kind === 'url') {
    const next = readStartParams({ url: step.url, body: null });
    if (next.offset?.number != null) {
      const isOwn = own.offset?.name === next.offset.name;
      return told(
        isOwn ? own.offset.number : null,
        next.offset.number,
        means.onlyOffset(next.offset.name),
      );
    }
    if (next.page?.number != null) {
      const most = next.size?.number ?? asked ?? 0;
      const isCut = most > records && echoedSize !== records;
      return isCut ? { shortOf: most } : {};
    }
    const difference = differInOneNumber(url, step.url);
    if (difference !== null && 'param' in difference)
      return told(difference.a, difference.b, false);
    return tokenSkips(url, step.url, told);
  }
  if (step.kind !== 'cursor' || param === null) return {};
  const sent = carrier === 'query' ? getQueryParameter(url, param) : null;
  return skipsOf(sent, step.value, told);
}

type Told = (from: number | null, to: number, isNamed: boolean) => Pick<PageInfo, 'skips'>;

/** A next link that differs in a token. */
function tokenSkips(url: string, next: string, told: Told): Pick<PageInfo, 'skips'> {
  for (const [name, value] of changedQuery(url, next)) {
    const skips = skipsOf(getQueryParameter(url, name), value, told);
    if (skips.skips !== undefined) return skips;
  }
  return {};
}

function skipsOf(sent: string | null, token: string, told: Told): Pick<PageInfo, 'skips'> {
  const before = sent === null ? null : numbersIn(sent);
  for (const [name, number] of numbersIn(token)) {
    const from = before?.get(name) ?? null;
    if (before !== null && from === null) continue;
    const skips = told(from, number, means.onlyOffset(name));
    if (skips.skips !== undefined) return skips;
  }
  return {};
}
