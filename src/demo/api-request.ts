/** What the fixture APIs share in reading a request and in stating what comes next. */
import type { Json } from './api-json.ts';
import type { ApiList } from './api-list.ts';
import { type ApiRequest, Refusal } from './api-shape.ts';

/** A whole number of at least `least` from text; `fallback` where there is none. */
export function wholeNumber(text: Json, fallback: number, least = 0): number {
  const number = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : text;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= least
    ? number
    : fallback;
}

/** The page size asked for, silently made smaller where the API gives no more than `most`. */
export function sizeAsked(request: ApiRequest, name: string, usual: number, most = 100): number {
  return Math.min(most, wholeNumber(request.query.get(name), usual, 1));
}

/** The request's URL with some parameters replaced, or removed where the value is null. */
export function urlWith(
  request: ApiRequest,
  changes: Readonly<Record<string, string | number | null>>,
  path = request.path,
): string {
  const query = new URLSearchParams(request.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, String(value));
  }
  return `${request.origin}${path}${query.size === 0 ? '' : `?${query}`}`;
}

/** A Link header from pairs of relation and target, or no header where there are none. */
export function linkHeader(links: readonly (readonly [rel: string, url: string | null])[]): {
  link?: string;
} {
  const values = links
    .filter(([, url]) => url !== null)
    .map(([rel, url]) => `<${url}>; rel="${rel}"`);
  return values.length === 0 ? {} : { link: values.join(', ') };
}

/** A token that means "after this record". Standard base64, so it holds `+`, `/` and `=`. */
export function tokenAfter(id: string): string {
  // The prefix is there for the characters it gives: >>> and ??? become Pj4+ and Pz8/.
  return Buffer.from(`>>>???${id}`).toString('base64');
}

/** Where a token leads in the list, or null where it is none of ours. */
export function indexOfToken(list: ApiList, token: string): number | null {
  const text = Buffer.from(token, 'base64').toString();
  const id = text.slice(6);
  return text.startsWith('>>>???') && tokenAfter(id) === token ? list.after(id) : null;
}

/** A slice of the list that goes on after a token; `next` is null where nothing follows. */
export function sliceAfterToken(
  list: ApiList,
  token: string | null,
  size: number,
  refusal: Refusal = new Refusal(400, { error: 'invalid cursor' }),
): { readonly from: number; readonly records: Json[]; readonly next: string | null } {
  const from = token === null || token === '' ? 0 : indexOfToken(list, token);
  if (from === null) throw refusal;
  const to = Math.min(list.length, from + size);
  const next = to < list.length && to > 0 ? tokenAfter(list.idAt(to - 1)) : null;
  return { from, records: list.slice(from, to), next };
}
