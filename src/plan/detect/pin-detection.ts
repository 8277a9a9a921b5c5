import type { Pagination } from '../../core/pagination.ts';
import { type Facts, type Pinned, saysEnd } from './facts.ts';
import { isObject, valueAt } from './fields.ts';
import { namesOffset, namesPage } from './names.ts';
import { isUrlLike } from './next-said.ts';
import type { Detection } from './page-view.ts';
import { pinFlags } from './pin-flags.ts';
import { tokenStyle } from './token-candidates.ts';

/**
 * What is left to find once the user has said how the list goes on: a style, a parameter or where
 * the next step stands. What was pinned is never tried against; what was not is filled in from the
 * page, or with what is usual for the style.
 */
export function pinDetection(detection: Detection, facts: Facts, pinned: Pinned): Detection {
  const style = pinned.style ?? styleOf(detection, facts, pinned);
  if (style === null) return detection;
  const fits = (pagination: Pagination): boolean =>
    pagination.style === style &&
    (pinned.param == null || pagination.param === pinned.param) &&
    (pinned.nextPath == null || pagination.nextPath === pinned.nextPath);
  if (detection.kind === 'found' && fits(detection.pagination)) return detection;
  if (detection.kind === 'candidates') {
    const candidates = detection.candidates.filter(({ pagination }) => fits(pagination));
    if (candidates.length > 0 && pinned.param == null) {
      return { ...detection, candidates, completeOtherwise: false };
    }
  }
  const pagination = { ...facts.base, ...usualFor(style, facts), ...pinned, style };
  const evidence = [`you said ${pinned.style === undefined ? 'so' : style}`];
  return {
    kind: 'found',
    pagination,
    evidence,
    flags: pinFlags(pagination),
    lastPage: saysEnd(facts) !== null,
  };
}

/** The style that a pinned parameter or path belongs to; null where none of them was pinned. */
function styleOf(
  detection: Detection,
  facts: Facts,
  { param, nextPath, nextHeader }: Pinned,
): Pagination['style'] | null {
  if (nextPath != null) {
    const value = valueAt(facts.view.json, nextPath);
    if (isObject(value) || Array.isArray(value)) return 'next';
    const isUrl = typeof value === 'string' && isUrlLike(value, null, facts.view.request.url);
    return isUrl || param == null ? 'next' : 'cursor';
  }
  if (nextHeader != null) return nextHeader === 'link' ? 'link' : 'cursor';
  if (param == null) return null;
  if (detection.kind === 'found' && detection.pagination.param === param) {
    return detection.pagination.style;
  }
  if (detection.kind === 'candidates') {
    const same = detection.candidates.find(({ pagination }) => pagination.param === param);
    if (same !== undefined) return same.pagination.style;
  }
  if (tokenStyle(facts) !== null) return 'cursor';
  return namesOffset(param) && !namesPage(param) ? 'offset' : 'page';
}

/** What a style takes where the user does not say, read off the page as far as it shows it. */
function usualFor(style: Pagination['style'], facts: Facts): Partial<Pagination> {
  const { params, numbers, next, headers } = facts;
  switch (style) {
    case 'page':
    case 'offset': {
      const own = style === 'page' ? params.page : params.offset;
      const echo = style === 'page' ? numbers.page : numbers.offset;
      return {
        param: own?.name ?? style,
        carrier: own?.carrier ?? (facts.view.request.method === 'POST' ? 'body' : 'query'),
        first: own?.number ?? echo?.value ?? (style === 'page' ? 1 : 0),
        positionPath: echo?.path ?? null,
      };
    }
    case 'next':
      return { nextPath: next.url?.path ?? next.listed?.path ?? next.empty?.path ?? 'next' };
    case 'cursor': {
      const said = tokenStyle(facts);
      const param = params.cursor ?? said?.params[0];
      return {
        ...(said?.pagination ?? { nextPath: next.empty?.path ?? null }),
        param: param?.name ?? 'cursor',
        carrier: param?.carrier ?? 'query',
      };
    }
    case 'keyset':
      return { param: params.cursor?.name ?? 'after' };
    case 'continue':
      return { nextPath: next.continueObject?.path ?? 'continue' };
    case 'graphql':
      return {
        param: 'variables.after',
        carrier: 'body',
        nextPath: next.pageInfo?.path ?? null,
        morePath: next.pageInfo === null ? null : `${next.pageInfo.path}.hasNextPage`,
      };
    case 'range':
      return {
        param: headers.range?.unit || 'items',
        carrier: 'header',
        first: headers.range?.first ?? 0,
        totalHeader: 'content-range',
      };
    default:
      return {};
  }
}
