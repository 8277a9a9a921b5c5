/**
 * A page that was never stored, made of stored records: another page size, another offset. Its form is that
 * of the stored page that holds its first record: the records are replaced, and with them the position and
 * the size that the page states, and its links to other pages of the list. All else is as it was stored.
 */
import { isByOrdinal, isParallel, type Pagination } from '../core/pagination.ts';
import { compactRange } from '../decode/decode.ts';
import {
  nameOf,
  parameterName,
  parameterValue,
  type RequestTarget,
  targetOf,
} from './request-name.ts';
import type { Asked, RecordedAnswer, Recording } from './serve.ts';

/** More in one page is refused by most APIs, and would fill the memory here. */
const MOST_RECORDS = 10_000;

/** Where a page stands in the list, as its request says. */
interface Position {
  /** The value of the parameter: a page number or an offset. */
  readonly number: number;
  readonly size: number;
}

/** Null where pages of the list cannot be asked for by number, or it is another list. */
export function madePage(
  recording: Recording,
  target: RequestTarget,
  asked: Asked,
): Pick<RecordedAnswer, 'status' | 'headers' | 'body'> | null {
  const { first } = recording;
  if (recording.pagination === null || first === null) return null;
  // Nobody's client writes to an archive, and no list is an answer to the question of a browser (OPTIONS).
  if (asked.method !== 'GET' && asked.method !== 'HEAD') return null;
  const list = targetOf(first.url);
  const pagination = withSizeParam(recording.pagination, target, list);
  if (!isParallel(pagination) || pagination.carrier !== 'query' || pagination.param === null) {
    return null;
  }
  if (nameWithout(target, pagination) !== nameWithout(list, pagination)) return null;
  const position = positionOf(target, pagination, recording.pageSize ?? 0);
  if (position === null) return null;
  const from = startOf(position, pagination);
  const slice = recording.slice(from, from + position.size);
  if (slice === null) return null;

  const { status, headers, ...stored } = recording.answer(slice.page);
  const body = Buffer.from(stored.decode());
  const { link: _, 'content-range': __, etag: ___, ...others } = headers;
  if (slice.span === null) return { status, headers: others, body };
  const [start, end] = slice.span;
  const numbers = numbersAround(position, pagination, slice.total);
  const asksSize = target.parameters.some((each) => parameterName(each) === pagination.sizeParam);
  const relink = (link: string, role: keyof Numbers): string | null => {
    if (!isLinkTo(list.path, link)) return link;
    const number = numbers[role];
    if (number === null) return null;
    const numbered = withParameter(link, pagination.param!, number);
    return asksSize ? withParameter(numbered, pagination.sizeParam!, position.size) : numbered;
  };
  const around = [body.subarray(0, start), body.subarray(end)] as const;
  const form = restated(around, pagination, position, relink, relink(first.url, 'next'));
  return {
    status,
    headers: others,
    body: Buffer.concat([form[0], joined(slice.records), form[1]]),
  };
}

const SIZE_NAME = /size|limit|per_?page|count|rows|top|take|max|length/i;

/** A run that asked for no page size does not know its parameter: then it is the one whose name says so. */
function withSizeParam(
  pagination: Pagination,
  target: RequestTarget,
  list: RequestTarget,
): Pagination {
  if (pagination.sizeParam !== null) return pagination;
  const own = new Set(list.parameters.map(parameterName));
  const sizeParam = target.parameters
    .map(parameterName)
    .find((name) => name !== pagination.param && !own.has(name) && SIZE_NAME.test(name));
  return sizeParam === undefined ? pagination : { ...pagination, sizeParam };
}

/** What pages of the same list have in common. */
function nameWithout(target: RequestTarget, { param, sizeParam }: Pagination): string {
  const parameters = target.parameters.filter((each) => {
    const name = parameterName(each);
    return name !== param && name !== sizeParam;
  });
  return nameOf({ ...target, parameters });
}

/** Null where the request says no numbers that a page could have. */
function positionOf(
  { parameters }: RequestTarget,
  { param, sizeParam, first }: Pagination,
  usual: number,
): Position | null {
  const said = (name: string | null): string | undefined => {
    const parameter = parameters.find((each) => name !== null && parameterName(each) === name);
    return parameter === undefined ? undefined : parameterValue(parameter);
  };
  const number = wholeNumber(said(param) ?? String(first));
  const size = wholeNumber(said(sizeParam) ?? String(usual));
  if (number === null || size === null || number < first) return null;
  return size < 1 || size > MOST_RECORDS ? null : { number, size };
}

function wholeNumber(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Records before the page. */
function startOf({ number, size }: Position, pagination: Pagination): number {
  return (number - pagination.first) * (isByOrdinal(pagination) ? 1 : size);
}

/** The number that each kind of link has; null where there is no such page. */
type Numbers = Readonly<Record<'next' | 'previous' | 'this' | 'first' | 'last', number | null>>;

function numbersAround({ number, size }: Position, pagination: Pagination, total: number): Numbers {
  const { first } = pagination;
  const step = isByOrdinal(pagination) ? size : 1;
  const last = first + Math.max(0, Math.ceil(total / size) - 1) * step;
  return {
    next: number + step <= last ? number + step : null,
    previous: number - step >= first ? number - step : null,
    this: number,
    first,
    last,
  };
}

/** By the name under which a link stands, its own or that of an object around it. */
const ROLES: readonly (readonly [pattern: RegExp, role: keyof Numbers])[] = [
  [/next/i, 'next'],
  [/prev/i, 'previous'],
  [/self|current|href/i, 'this'],
  [/first/i, 'first'],
  [/last/i, 'last'],
];

function joined(records: readonly Uint8Array[]): Buffer {
  return Buffer.concat(records.flatMap((record, at) => (at === 0 ? [record] : [COMMA, record])));
}

const COMMA = Buffer.from(',');
/** Stands for the records while the page around them is changed. */
const RECORDS = '"\\u0000records"';

/**
 * The text before and after the records, with what it states of its position changed. It stays as it is where
 * reading and writing it would change a value, such as a number of 20 digits.
 */
function restated(
  [before, after]: readonly [Buffer, Buffer],
  pagination: Pagination,
  position: Position,
  relink: Relink,
  next: string | null,
): readonly [Buffer, Buffer] {
  const text = Buffer.concat([before, Buffer.from(RECORDS), after]);
  const page: unknown = JSON.parse(text.toString());
  const kept = Buffer.from(compactRange(text, 0, text.length)).toString();
  if (JSON.stringify(page) !== kept) return [before, after];
  setAt(page, pagination.positionPath, position.number);
  setAt(page, pagination.sizePath, position.size);
  // The form may be that of the last page, which names no next one.
  const linked = withLinks(page, null, relink);
  const stated = memberAt(linked, pagination.nextPath);
  if (stated !== null && stated[0][stated[1]] === null) stated[0][stated[1]] = next;
  const made = JSON.stringify(linked);
  const [start = '', end = ''] = made.split(RECORDS, 2);
  return [Buffer.from(start), Buffer.from(end)];
}

/** The object that holds what stands at a path as `Pagination` has them, and its name there; null without it. */
function memberAt(
  page: unknown,
  path: string | null,
): readonly [Record<string, unknown>, string] | null {
  if (path === null) return null;
  const keys = path.split(/(?<!\\)\./).map((key) => key.replaceAll(/\\(.)/g, '$1'));
  const last = keys.pop()!;
  let at = page;
  for (const key of keys) at = (at as Record<string, unknown> | null)?.[key];
  if (typeof at !== 'object' || at === null || !Object.hasOwn(at, last)) return null;
  return [at as Record<string, unknown>, last];
}

/** Changes a value that is there. */
function setAt(page: unknown, path: string | null, value: unknown): void {
  const member = memberAt(page, path);
  if (member !== null) member[0][member[1]] = value;
}

type Relink = (link: string, role: keyof Numbers) => string | null;

/** The page with its links to pages of the list changed: texts under a name that says their role. */
function withLinks(value: unknown, role: keyof Numbers | null, relink: Relink): unknown {
  if (typeof value === 'string') return role === null ? value : relink(value, role);
  if (Array.isArray(value)) return value.map((each) => withLinks(each, role, relink));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const said = ROLES.find(([pattern]) => pattern.test(name))?.[1] ?? null;
      // `{"next": {"href": …}}`: the outer name counts.
      return [name, withLinks(member, role ?? said, relink)];
    }),
  );
}

function isLinkTo(path: string, text: string): boolean {
  return text.startsWith('?') || (/^(?:https?:\/\/|\/)/.test(text) && targetOf(text).path === path);
}

/** The link with a value for one parameter, in the place of the one that it has or behind the others. */
function withParameter(link: string, wanted: string, value: number): string {
  const mark = link.indexOf('?');
  const before = mark === -1 ? link : link.slice(0, mark);
  const parameters = mark === -1 ? [] : link.slice(mark + 1).split('&');
  const at = parameters.findIndex((each) => parameterName(each) === wanted);
  const name = at === -1 ? encodeURIComponent(wanted) : parameters[at]!.split('=', 1)[0]!;
  parameters.splice(at === -1 ? parameters.length : at, 1, `${name}=${value}`);
  return `${before}?${parameters.join('&')}`;
}
