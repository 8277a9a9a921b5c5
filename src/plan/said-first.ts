/** Where a list begins, as the user or a preset says it with `first`, and as its start request has it. */
import type { PageRequest } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import { setHeader, setPart } from './request-parts.ts';
import { readStartParams, type StartParam } from './start-params.ts';
import { literalNumber } from './styles/style.ts';

/**
 * The start with the number of its first page, or its first offset, where the user named that: what a
 * server gives without one is its own first page.
 */
export function withSaidFirst(
  start: PageRequest,
  said: Partial<Pagination>,
  first: number | null,
): PageRequest {
  const { style, size = null } = said;
  if (first === null) return start;
  if (style === 'range') {
    const range = `${said.param ?? 'items'}=${first}-`;
    const headers = first > 0 && size === null ? setHeader(start.headers, 'range', range) : null;
    return headers === null ? start : { ...start, headers };
  }
  const own = ownNumber(start, said);
  const param = said.param ?? own?.name ?? style ?? null;
  const isCounted = style === 'page' || style === 'offset' || (style == null && own !== null);
  if (!isCounted || param === null) return start;
  const carrier = said.carrier ?? own?.carrier ?? (start.method === 'POST' ? 'body' : 'query');
  const { place, ...request } = start;
  const set = setPart(request, carrier, param, literalNumber(first));
  return set === null ? start : { ...set, place };
}

/** A preset's own first page, unless the user's request begins elsewhere. */
export function firstOf(start: PageRequest, pins: Partial<Pagination>): Partial<Pagination> {
  const number = pins.first === undefined ? null : (ownNumber(start, pins)?.number ?? null);
  return number === null ? pins : { ...pins, first: number };
}

/** The page number or offset that a request has. */
function ownNumber(start: PageRequest, { style, param }: Partial<Pagination>): StartParam | null {
  const { page, offset } = readStartParams(start);
  const own = style === 'offset' ? offset : style === 'page' ? page : (page ?? offset);
  return param == null || own?.name === param ? own : null;
}
