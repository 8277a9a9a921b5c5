/**
 * Detection: how a list is paginated, by its first page. Headers count more than the body, links more
 * than numbers, and a name counts only where its value fits. The evidence for a style is in the
 * style's module; this file holds what is common to all. Pure functions over responses; only
 * `discover.ts` requests pages, through a function it is given. May import core/, the styles, request parts
 * and link parsers of plan/, and decode's contract.
 */

import type { Pagination } from '../../core/pagination.ts';
import { means } from '../names.ts';
import { isObject, valueAt } from '../page-fields.ts';
import { findToken } from '../styles/cursor.ts';
import { guessedPositions } from '../styles/guessed-positions.ts';
import { guessedKeys, statedKeys } from '../styles/keyset.ts';
import { styleOf, styles } from '../styles/styles.ts';
import {
  type Facts,
  hasOwnTotal,
  isFullPage,
  numbersSayMore,
  onePage,
  readFacts,
  saysEnd,
  saysMore,
  sourceOf,
} from './facts.ts';
import { isUrlLike } from './next-said.ts';
import {
  type Candidate,
  type Detection,
  isSuccess,
  type PageView,
  type Shown,
  type ToTry,
  trial,
} from './page-view.ts';

/**
 * What the first page shows. Never throws, whatever the JSON.
 *
 * @param pinned what the user said; it is kept, and the rest is read with it in mind
 */
export function detect(first: PageView, pinned: Partial<Pagination> = {}): Detection {
  const facts = readFacts(first, pinned);
  const shown = look(facts);
  if (shown.kind !== 'trial') return shown;
  const { mayBe, evidence, ...rest } = shown;
  const candidates = listCandidates(facts, mayBe);
  if (candidates.length > 0) {
    return { ...rest, kind: 'candidates', candidates, otherwise: facts.base, evidence };
  }
  const why = rest.completeOtherwise ? [] : ['no parameter for the next page is evident'];
  return {
    kind: 'single',
    complete: rest.completeOtherwise,
    pagination: facts.base,
    evidence: [...evidence, ...why],
  };
}

function look(facts: Facts): Shown {
  const { view } = facts;
  if (!isSuccess(view) || typeof view.json !== 'object') {
    return onePage(facts, false, ['the first page is not a JSON object or array']);
  }
  for (const style of Object.values(styles)) {
    const shown = style.detect?.(facts) ?? null;
    if (shown !== null) return shown;
  }
  return (
    byEnd(facts) ??
    byNumbers(facts) ??
    bySilence(facts) ??
    onePage(facts, false, [
      'the first page says neither whether more pages follow nor how to ask for them',
    ])
  );
}

/** The page says that it is all. */
function byEnd(facts: Facts): Shown | null {
  const end = saysEnd(facts);
  const { next, headers, numbers, offset } = facts;
  if (end === null || saysMore(facts)) return null;
  const isBacked = next.empty !== null || headers.nextPage !== null || numbers.totalPages !== null;
  if (isBacked || offset > 0 || !isFullPage(facts)) return onePage(facts, true, [end]);
  // Some servers state the number of records in the page as the total: of a full page it shows nothing.
  if (next.more === null && hasOwnTotal(facts)) return trial([end], { isSilent: true });
  // A flag may be the same on all pages.
  if (next.more?.value === false && !hasOwnTotal(facts)) {
    return trial([end], { completeOtherwise: true });
  }
  return onePage(facts, true, [end]);
}

/** The page says that there is more, or its size may mean it. */
function byNumbers(facts: Facts): Shown | null {
  const { next, numbers, headers, count } = facts;
  if (numbersSayMore(facts)) {
    const said = numbers.totalPages ?? numbers.total;
    const what = numbers.totalPages === null ? 'records' : 'pages';
    const isSaid = said !== null;
    return trial([
      isSaid ? `${sourceOf(said)} says ${said.value} ${what}` : 'the page says that there is more',
    ]);
  }
  if (next.more?.value === true) {
    return trial([`${next.more.path.replace(/^!/, '')} says that there is more`]);
  }
  if (saysMore(facts)) {
    return trial([
      `${next.number?.path ?? `header ${headers.nextPage?.header}`} names a next page`,
    ]);
  }
  if (next.pageInfo?.hasNext === false) return onePage(facts, true, ['hasNextPage is false']);
  const { vagueTotal } = numbers;
  if (vagueTotal !== null && count > 0) {
    return trial([`${sourceOf(vagueTotal)} may count the list or the page`], { isSilent: true });
  }
  if (!isFullPage(facts)) return null;
  return trial([`${count} records look like a full page`], { isSilent: true });
}

/** Records, and nothing that says how many there are: a short list, or a page of an unusual size. */
function bySilence({ count, view }: Facts): Shown | null {
  if (count === 0 || view.request.method === 'POST') return null;
  const sentence = 'the first page does not say whether more pages follow';
  return trial([sentence], { isSilent: true, mayBe: means.onlyPosition });
}

/** With the first page, and one more to tell page 0 from page 1, eight requests. */
const MAX_CANDIDATES = 6;
/** A POST may have effects, so few names are tried, and only with a token that the page holds. */
const MAX_POST_CANDIDATES = 2;

/**
 * At most six, the likeliest first. A POST is never sent on a guess: only where the page holds what
 * the next request needs, and at most twice.
 *
 * @param mayBe which parameters may be guessed: those that mean nothing but a position, where nothing
 *   says that there is more
 */
function listCandidates(facts: Facts, mayBe: ToTry['mayBe']): readonly Candidate[] {
  const isPost = facts.view.request.method === 'POST';
  const stated = facts.next.number === null ? [] : guessedPositions(facts, () => true);
  const all = surest(facts) ?? (isPost ? stated : guesses(facts, mayBe));
  const seen = new Set<string>();
  const distinct = all.filter(({ pagination: { carrier, param }, request }) => {
    const what = `${carrier} ${param} ${request.url}`;
    return !seen.has(what) && seen.add(what);
  });
  return distinct.slice(0, isPost ? MAX_POST_CANDIDATES : MAX_CANDIDATES);
}

/** Candidates from something that the first page holds for the next request; null without any. */
function surest(facts: Facts): readonly Candidate[] | null {
  for (const style of Object.values(styles)) {
    const candidates = style.candidates?.(facts) ?? [];
    if (candidates.length > 0) return candidates;
  }
  return null;
}

/** Parameters whose names fit what the page holds, the likeliest first. */
function guesses(facts: Facts, mayBe: ToTry['mayBe']): readonly Candidate[] {
  const { numbers, next, params } = facts;
  const stated = statedKeys(facts);
  const keys = guessedKeys(facts).map(asGuess);
  const positions = guessedPositions(facts, mayBe).map(asGuess);
  // A flag and ids without any number, as in Stripe.
  const isFlagAlone = next.more?.value === true && !numbersSayMore(facts);
  const hasPosition = numbers.page !== null || numbers.offset !== null || next.number !== null;
  if (params.keyset !== null) return [...stated, ...keys.slice(0, 1), ...positions];
  if (hasPosition) return [...stated, ...positions];
  if (isFlagAlone) return [...stated, ...keys.slice(0, 2), ...positions];
  return [...stated, ...positions.slice(0, 4), ...keys.slice(0, 1), ...positions.slice(4)];
}

function asGuess(candidate: Candidate): Candidate {
  return { ...candidate, isGuess: true };
}

/**
 * What remains to be found once the user has named a style, a parameter or the path of the next step.
 * What was pinned is never changed. The rest is filled in from the page, or with what is usual for the
 * style.
 */
export function pinDetection(
  detection: Detection,
  facts: Facts,
  pinned: Partial<Pagination>,
): Detection {
  const style = pinned.style ?? styleOfPart(detection, facts, pinned);
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
  const usual = styleOf({ style })?.readUsual(facts);
  const pagination = { ...facts.base, ...usual, ...pinned, style };
  const evidence = [`you said ${pinned.style === undefined ? 'so' : style}`];
  return { kind: 'found', pagination, evidence, lastPage: saysEnd(facts) !== null };
}

/** The style that a pinned parameter or path belongs to; null where none of them was pinned. */
function styleOfPart(
  detection: Detection,
  facts: Facts,
  { param, nextPath, nextHeader }: Partial<Pagination>,
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
  if (findToken(facts) !== null) return 'cursor';
  return means.offset(param) && !means.page(param) ? 'offset' : 'page';
}
