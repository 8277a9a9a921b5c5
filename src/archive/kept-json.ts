/** What the archive keeps as text, read back; a file may come from anywhere, so it is checked. */
import { isPageCode, type PageCode } from '../core/errors.ts';
import type { Dropped, LinkedRequest, PageInfo, PlanEnd, Restart } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { nextLists, type Pagination, paginationStyles, type Slices } from '../core/pagination.ts';
import type { RunSpecification } from './archive-types.ts';
import type { Connection } from './sqlite.ts';

export function readCode(text: string, connection: Connection): PageCode {
  if (isPageCode(text)) return text;
  throw connection.damaged('why a page failed cannot be read');
}

type Check = (value: unknown) => boolean;
type Shape<T> = Readonly<Record<keyof T, Check>>;

type Read<T> = (text: string, connection: Connection) => T;

/** @param what the subject of the sentence that says what is damaged */
function readerOf<T>(shape: Shape<T>, what: string): Read<T> {
  return (text, connection) => {
    try {
      const value: unknown = JSON.parse(text);
      if (hasShape<T>(value, shape)) return value;
    } catch {
      // No JSON is as wrong as JSON of another shape.
    }
    throw connection.damaged(`${what} cannot be read`);
  };
}

function hasShape<T>(value: unknown, shape: Shape<T>): value is T {
  if (!isObject(value)) return false;
  for (const name in shape) if (!shape[name](value[name])) return false;
  return true;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number';
const isBoolean: Check = (value) => typeof value === 'boolean';
const isTrue: Check = (value) => value === true;
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;

function orNull(check: Check): Check {
  return (value) => value === null || check(value);
}

function orAbsent(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

function oneOf(words: readonly string[]): Check {
  return (value) => typeof value === 'string' && words.includes(value);
}

function isOf<T>(shape: Shape<T>): Check {
  return (value) => hasShape<T>(value, shape);
}

const placeShape: Shape<Place> = { branch: isCount, position: isCount };
const isPlace = isOf(placeShape);

const isHeader: Check = (value) =>
  Array.isArray(value) && value.length === 2 && value.every(isText);

const specificationShape: Shape<RunSpecification> = {
  pagination: orNull(isText),
  sources: listOf(isText),
  method: isText,
  bodyDigest: orNull(isText),
  headers: listOf(isHeader),
  failWhen: orAbsent(isText),
};

const slicesShape: Shape<Slices> = {
  lower: isText,
  upper: isText,
  share: orNull(isBoolean),
  most: isCount,
};

const paginationShape: Shape<Pagination> = {
  style: oneOf(paginationStyles),
  param: orNull(isText),
  carrier: oneOf(['query', 'header', 'body']),
  sizeParam: orNull(isText),
  size: orNull(isNumber),
  askedSize: orAbsent(isCount),
  first: isNumber,
  nextPath: orNull(isText),
  nextHeader: orNull(isText),
  morePath: orNull(isText),
  totalPath: orNull(isText),
  totalHeader: orNull(isText),
  totalPagesPath: orNull(isText),
  totalPagesHeader: orNull(isText),
  sizePath: orNull(isText),
  positionPath: orNull(isText),
  records: orNull(isText),
  key: orNull(isText),
  keyFrom: oneOf(['last', 'first']),
  totalIsUnsure: orAbsent(isBoolean),
  nextIsEncoded: orAbsent(isBoolean),
  nextList: orAbsent(orNull(oneOf(nextLists))),
  sameOrigin: orAbsent(isBoolean),
  repeatIsEnd: isBoolean,
  pastEnd: listOf(isNumber),
  ceiling: orNull(isNumber),
  overlap: isCount,
  isRounded: orAbsent(isBoolean),
  output: orAbsent(orNull(isText)),
  partialPath: orAbsent(isText),
  slices: orAbsent((value) => hasShape(value, slicesShape)),
};

const endReasons: Readonly<Record<PlanEnd['reason'], true>> = {
  list: true,
  stated: true,
  total: true,
  'past-end': true,
  short: true,
  single: true,
  loop: true,
  stuck: true,
  ceiling: true,
  broken: true,
};

const restartShape: Shape<Restart> = {
  branch: isCount,
  position: isCount,
  status: orNull(isNumber),
  into: isCount,
};

const droppedShape: Shape<Dropped> = {
  what: oneOf(['total', 'totalPages', 'more']),
  why: isText,
};

const planEndShape: Shape<PlanEnd> = {
  reason: oneOf(Object.keys(endReasons)),
  detail: orNull(isText),
  ends: listOf(isPlace),
  agreed: orAbsent(isTrue),
  restarts: orAbsent(listOf(isOf(restartShape))),
  dropped: orAbsent(listOf(isOf(droppedShape))),
};

const isTextMap: Check = (value) => isObject(value) && Object.values(value).every(isText);

const linkedRequestShape: Shape<LinkedRequest> = {
  method: oneOf(['GET', 'POST']),
  body: orNull(isText),
  merges: isBoolean,
  headers: orAbsent(isTextMap),
};
const isLinkedRequest: Check = (value) => hasShape<LinkedRequest>(value, linkedRequestShape);

const isNextStep: Check = (value) => {
  if (!isObject(value)) return false;
  switch (value['kind']) {
    case 'url':
      return (
        isText(value['url']) &&
        orAbsent(isText)(value['mark']) &&
        orAbsent(isLinkedRequest)(value['send'])
      );
    case 'cursor':
      return isText(value['value']);
    case 'parameters':
      return isTextMap(value['values']);
    default:
      return false;
  }
};

const pageInfoShape: Shape<PageInfo> = {
  records: isCount,
  next: orNull(isNextStep),
  more: orNull(isBoolean),
  total: orNull(isNumber),
  totalIsLowerBound: isBoolean,
  totalPages: orNull(isNumber),
  partialBy: orAbsent(isText),
  strangers: orAbsent(isCount),
  firstMark: orAbsent(isNumber),
  lastMarks: orAbsent(listOf(isNumber)),
  totalIsUnreadable: orAbsent(isTrue),
  echoedSize: orNull(isNumber),
  echoedPosition: orNull(isNumber),
  digest: orNull(isText),
  firstKey: orNull(isText),
  lastKey: orNull(isText),
  repeats: orAbsent(isCount),
  isPart: orAbsent(isTrue),
  goesOn: orAbsent(isTrue),
  nulls: orAbsent(listOf(isCount)),
  listIs: orAbsent(oneOf(['null', 'absent'])),
  nextHoldsKey: orAbsent(isTrue),
  nextByField: orAbsent(isText),
  nextDrops: orAbsent(isText),
  skips: orAbsent(isCount),
  shortOf: orAbsent(isCount),
  firstRecord: orAbsent(isText),
  lastRecord: orAbsent(isText),
  nextSeenAt: orNull(isPlace),
  recordsSeenAt: orNull(isPlace),
};

export const readSpecification = readerOf(specificationShape, 'its description of the run');
export const readPagination = readerOf(paginationShape, 'how the list pages');
export const readPlanEnd = readerOf(planEndShape, 'how the list ended');
export const readPageInfo = readerOf(pageInfoShape, 'what a page says of the list');
