/** The forms that a detection takes. */
import type { Pagination } from '../../core/pagination.ts';
import { listCandidates } from './candidates.ts';
import type { Facts } from './facts.ts';
import type { Detection } from './page-view.ts';
import { pinFlags } from './pin-flags.ts';
import type { UrlStep } from './step-of-url.ts';

/** Judges by one kind of evidence; null where the page has none of it. */
export type Rule = (facts: Facts) => Detection | null;

export function found(
  pagination: Pagination,
  evidence: readonly string[],
  lastPage: boolean,
): Detection {
  return { kind: 'found', pagination, evidence, flags: pinFlags(pagination), lastPage };
}

export function single(facts: Facts, complete: boolean, evidence: readonly string[]): Detection {
  return { kind: 'single', complete, pagination: facts.base, evidence };
}

interface CandidateOptions {
  readonly completeOtherwise?: boolean;
  readonly isSilent?: boolean;
  readonly namesOnly?: RegExp;
}

/** Single where nothing is worth a try. */
export function candidates(
  facts: Facts,
  reason: string,
  evidence: readonly string[],
  how: CandidateOptions = {},
): Detection {
  const { completeOtherwise = false, isSilent = false, namesOnly } = how;
  const list = listCandidates(facts, namesOnly);
  if (list.length === 0) {
    const why = 'no parameter to go on with is evident';
    return single(facts, completeOtherwise, [...evidence, ...(completeOtherwise ? [] : [why])]);
  }
  const otherwise = facts.base;
  return {
    kind: 'candidates',
    reason,
    candidates: list,
    otherwise,
    completeOtherwise,
    isSilent,
    evidence,
  };
}

/** Pages counted as a URL counts them, with what else says where the end is. */
export function stepped(facts: Facts, step: UrlStep, rest: Partial<Pagination>): Pagination {
  const { style, param, first } = step;
  return { ...counted(facts, style), style, param, first, ...rest };
}

/** With the position that the server echoes, where it fits the style. */
export function counted({ base, numbers }: Facts, style: 'page' | 'offset'): Pagination {
  const position = style === 'page' ? numbers.page : numbers.offset;
  return { ...base, positionPath: position?.path ?? null };
}
