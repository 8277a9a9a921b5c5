/** Tries candidates for the second page, one after another, until an answer confirms one. */
import { isByOrdinal, type Pagination } from '../../core/pagination.ts';
import { setPart } from '../request-parts.ts';
import { literalNumber, unplaced, withSize } from '../styles/style.ts';
import { readFacts } from './facts.ts';
import {
  type Candidate,
  countRecords,
  type Detection,
  isSuccess,
  type PageView,
} from './page-view.ts';
import {
  type Acceptance,
  type AskWith,
  acceptCandidate,
  countsFrom,
  isSamePage,
  proveEnd,
  settleBase,
} from './trial.ts';
import { whyFlagIsIdle } from './whole-list.ts';

/** The most requests that detection may make, with the first page. */
export const MAX_REQUESTS = 8;
/** One is kept back, to see whether what was accepted is what it seems. */
export const MAX_OTHERS = MAX_REQUESTS - 1;

export type Candidates = Detection & { readonly kind: 'candidates' };

export type Ask = (
  request: Candidate['request'],
  position: number,
  most?: number,
) => Promise<PageView | null>;

export interface Settled {
  readonly pagination: Pagination;
  readonly evidence: readonly string[];
  readonly isWholeList: boolean;
  readonly unproven?: string | null;
}

export async function tryCandidates(
  first: PageView,
  detection: Candidates,
  pinned: Partial<Pagination>,
  ask: Ask,
): Promise<Settled> {
  const { evidence, otherwise, isSilent } = detection;
  const tried: string[] = [];
  /** Whether the first page is the same when it is asked for again; null where that is not known. */
  let isSteady: boolean | null = null;
  const doubtful: { readonly candidate: Candidate; readonly acceptance: Acceptance }[] = [];
  for (const candidate of detection.candidates) {
    const second = await ask(candidate.request, positionOf(candidate));
    if (second === null) break;
    const acceptance = acceptCandidate(first, second, candidate);
    const { accepted, finding, why, pagination } = acceptance;
    tried.push(`tried ${candidate.why}: ${why}`);
    if (accepted && finding === 'end') {
      return { pagination: otherwise, evidence: [...evidence, ...tried], isWholeList: true };
    }
    if (accepted) {
      const based = acceptance.baseIsOpen ? await readBase(candidate, pagination, false) : null;
      const isBased = !acceptance.baseIsOpen || based !== null;
      const isShown =
        isBased && (!acceptance.isByRecordsAlone || (await firstIsSteady(pagination)));
      return isShown ? settled(based ?? pagination, based) : unsteady(candidate);
    }
    if (finding !== null) doubtful.push({ candidate, acceptance });
    if (!isSilent) continue;
    const proven = await proveEnd(first, second, pagination, askWith(candidate, pagination));
    if (proven === null) continue;
    if (!(await firstIsSteady(pagination))) return unsteady(candidate);
    const shown = [...evidence, ...tried.slice(-1), proven.proof];
    return { pagination: proven.pagination, evidence: shown, isWholeList: false };
  }
  for (const { candidate, acceptance } of doubtful) {
    const { pagination, finding } = acceptance;
    const based = finding === 'empty' ? pagination : await readBase(candidate, pagination, true);
    if (based !== null) return settled(based, based);
  }
  if (detection.completeOtherwise) return whole();
  const names = detection.candidates
    .slice(0, tried.length)
    .map(({ pagination: { param } }) => param);
  const vain = `tried ${names.join(', ')}, which gave no further page`;
  const [why = '', ...rest] = evidence;
  const said = [`${why}; ${vain}`, ...rest, ...tried];
  return { pagination: otherwise, evidence: said, isWholeList: false };

  /** What showed it: the first page, the try that was accepted, and where the server counts from. */
  function settled(pagination: Pagination, based: Pagination | null): Settled {
    const counts = based === null ? null : countsFrom(based);
    const shown = [...evidence, ...tried.slice(-1), ...(counts === null ? [] : [counts])];
    return { pagination, evidence: shown, isWholeList: false };
  }

  /** A request that gave the first page, or what follows its first record, has shown it already. */
  async function firstIsSteady(pagination: Pagination): Promise<boolean> {
    if (isSteady !== null) return isSteady;
    const again = await ask(unplaced(first.request), 0, MAX_REQUESTS);
    if (again === null) return false;
    // A refusal shows nothing; then the page's own word that there is more has to do.
    isSteady = isSuccess(again) ? isSamePage(first, again, pagination) : !isSilent;
    return isSteady;
  }

  /** By the word of its flag, and nothing was found behind it. */
  async function whole(): Promise<Settled> {
    const facts = readFacts(first, pinned);
    const why = await whyFlagIsIdle(facts, (request) => ask(request, 1, MAX_REQUESTS));
    const shown = [...evidence, why ?? 'nothing was found behind it'];
    const pagination = why === null ? otherwise : { ...otherwise, morePath: null };
    return { pagination, evidence: shown, isWholeList: why === null };
  }

  function unsteady({ why }: Candidate): Settled | Promise<Settled> {
    if (detection.completeOtherwise) return whole();
    const shown = { evidence: [...evidence, ...tried], isWholeList: false };
    // Out of requests: whether the first page stays the same is not known.
    const unproven =
      isSteady === null
        ? `trying ${why} led on, and no request was left to see whether the first page stays the same`
        : unsteadyText(why);
    return { ...shown, pagination: otherwise, unproven };
  }

  async function readBase(
    candidate: Candidate,
    pagination: Pagination,
    overlaps: boolean,
  ): Promise<Pagination | null> {
    const view = await askWith(candidate, pagination, MAX_REQUESTS)(literalNumber(1));
    return view === null ? null : settleBase({ ...pagination, ...pinned }, first, view, overlaps);
  }

  function askWith(candidate: Candidate, pagination: Pagination, most = MAX_OTHERS): AskWith {
    const { carrier, param } = pagination;
    return async (value) => {
      const start = withSize(pagination, unplaced(first.request), pagination.size);
      const request = param === null ? null : setPart(start, carrier, param, value);
      const view = request === null ? null : await ask(request, positionOf(candidate), most);
      if (view !== null && isSamePage(first, view, pagination)) isSteady = true;
      return view;
    };
  }

  function positionOf({ pagination }: Candidate): number {
    const { records } = pagination;
    const isCounted = isByOrdinal(pagination) && records !== null;
    return (isCounted ? countRecords(first, records) : null) ?? 1;
  }
}

export function unsteadyText(tried: string): string {
  return `the first page differs each time that it is asked for, so trying does not show how to get the next one (tried ${tried})`;
}
