/** Where a list begins, as the user or a preset says it with `first`, and as its start request has it. */
import type { PageRequest } from '../core/page-request.ts';
import { noPagination, type Pagination } from '../core/pagination.ts';
import { readStartParams, type StartParam } from './start-params.ts';
import { styleOf } from './styles/styles.ts';

/**
 * The start with the number of its first page, or its first offset, where the user named that: what a
 * server gives without one is its own first page.
 */
export function withSaidFirst(
  start: PageRequest,
  said: Partial<Pagination>,
  first: number | null,
): PageRequest {
  const own = ownNumber(start, said);
  const name = said.style ?? (own === null ? null : 'page');
  const style = name === null ? null : styleOf({ style: name });
  if (first === null || name === null || style?.kind !== 'counted') return start;
  // Its first page is asked for with a size, which says where that begins.
  if (style.needsSize && (first === 0 || said.size != null)) return start;
  const param = said.param ?? (style.needsSize ? null : (own?.name ?? name));
  const carrier = said.carrier ?? own?.carrier ?? (start.method === 'POST' ? 'body' : 'query');
  const pagination = { ...noPagination, style: name, param, carrier, first };
  const request = style.pageAt(pagination, start, 0, null);
  return request === null ? start : { ...request, place: start.place };
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
