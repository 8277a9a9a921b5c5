/** Which recorded page a request is for. */
import type { AskedPage } from '../archive/archive-types.ts';
import { type Method, pageKey } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import {
  nameOf,
  parameterName,
  parameterValue,
  type RequestTarget,
  targetOf,
} from './request-name.ts';
import type { Asked, Recording } from './serve.ts';

const LOOKED_AT = 1000;

/** The page that was asked for in the same way, or null. */
export function findRecorded(
  recording: Recording,
  target: RequestTarget,
  asked: Asked,
): AskedPage | null {
  const named = recording.named(nameOf(target));
  const told = toldHeaders(recording.pagination, asked.headers);
  const { method } = asked;
  const body = asked.body.length === 0 ? null : asked.body;
  const same = named.filter(({ url, key }) => {
    const request = { method: (method === 'HEAD' ? 'GET' : method) as Method, url, body };
    const keyed = told === null ? request : { ...request, headers: told };
    return Buffer.compare(pageKey(keyed), key) === 0;
  });
  // A list of URLs may hold the same path at several hosts.
  const host = new URL(asked.origin).host;
  const atHost = same.find(({ url }) => URL.parse(url)?.host === host);
  return atHost ?? same[0] ?? null;
}

/** The headers that say which page it is; null where there are none. */
function toldHeaders(
  pagination: Pagination | null,
  headers: Asked['headers'],
): Record<string, string> | null {
  if (pagination === null) return null;
  const { style, carrier, param } = pagination;
  const name =
    style === 'range' ? 'range' : carrier === 'header' ? param?.toLowerCase() : undefined;
  const value = name === undefined ? undefined : headers[name];
  return name === undefined || typeof value !== 'string' ? null : { [name]: value };
}

/** Paths of recorded pages that are most like what was asked for, the best first. */
export function nearestTo(recording: Recording, target: RequestTarget, most: number): string[] {
  const samePath = recording.beginning(`${target.path}?`, LOOKED_AT);
  const pages = samePath.length > 0 ? samePath : recording.beginning('/', LOOKED_AT);
  const paths = new Map<string, number>();
  for (const { url } of pages) {
    const recorded = targetOf(url);
    const query = recorded.parameters.length === 0 ? '' : `?${recorded.parameters.join('&')}`;
    paths.set(`${recorded.path}${query}`, distance(recorded, target));
  }
  return [...paths]
    .toSorted(([, a], [, b]) => a - b)
    .slice(0, most)
    .map(([path]) => path);
}

/** Parameters that differ, a number that differs less by how near it is. */
function distance(a: RequestTarget, b: RequestTarget): number {
  const wanted = new Map(b.parameters.map((each) => [parameterName(each), parameterValue(each)]));
  let apart = a.path === b.path ? 0 : 100 - commonStart(a.path, b.path);
  for (const each of a.parameters) {
    const [name, value] = [parameterName(each), parameterValue(each)];
    const other = wanted.get(name);
    wanted.delete(name);
    if (other === value) continue;
    const by = other === undefined ? Number.NaN : Math.abs(Number(other) - Number(value));
    apart += Number.isNaN(by) ? 1 : by / (by + 1);
  }
  return apart + wanted.size;
}

function commonStart(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < 99 && a[at] === b[at]) at += 1;
  return at;
}
