/** How an answer says how it went: the fields that hold it, and what their words mean. */

import type { FoundRecords } from '../decode/decode.ts';
import { squash } from '../plan/names.ts';
import { type Field, isObject, listFields } from '../plan/page-fields.ts';

const setOf = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Fields that are filled only where an answer failed. */
const FAULTS = setOf(
  'error errors err errcode errno errmsg errormsg errorcode errormessage errordescription errorname ' +
    'errortype errorid errorinfo iserror haserror haserrors failed failure fault faultcode faultstring exception',
);
/** They say in a word how it went, or what kind of answer it is. */
const STATES = setOf(
  'status statuscode statustext state code retcode returncode resultcode responsecode success ' +
    'succeeded issuccess ok result type kind object resourcetype',
);
/** They tell people more. */
const MESSAGES = setOf(
  'message messages msg statusmessage statusmsg resultmsg resultmessage responsemessage detail details ' +
    'reason description title info',
);

/** Fields deeper than this are about something in the page. */
const MAX_DEPTH = 3;
/** The most characters of a text that are looked at. */
const MAX_TEXT = 1000;

/** What a page says of how its request went, by path. */
export type Outcomes = ReadonlyMap<string, OutcomeField>;

interface OutcomeField {
  readonly kind: 'fault' | 'state' | 'message';
  /** Empty for nothing; digits within a sentence do not count (`Page 3 of 20`). */
  readonly says: string;
  /** As it stands, for its words. */
  readonly text: string;
}

/** @param fields of the envelope, without what is in the list */
export function readOutcomes(fields: readonly Field[]): Outcomes {
  const outcomes = new Map<string, OutcomeField>();
  for (const { path, keys, name, value } of fields) {
    const kind = keys.length > MAX_DEPTH ? null : kindOf(name);
    if (kind === null) continue;
    const text = textOf(value);
    const isNothing = kind === 'fault' && (saysNothing(value) || isCountOf(name, keys, value));
    outcomes.set(path, { kind, says: isNothing ? '' : normal(text), text });
  }
  return outcomes;
}

/** Null, false and 0, good words, and what holds nothing else: `{"code":"ok"}`. */
function saysNothing(value: unknown): boolean {
  if (value === null || value === false || value === 0 || value === '' || value === '0')
    return true;
  if (typeof value === 'string' || typeof value === 'number')
    return GOOD.test(normal(String(value)));
  return typeof value === 'object' && Object.values(value).every(saysNothing);
}

/** `{"passed":135,"failed":2}` counts what the list is about; of shards a count tells of the answer. */
function isCountOf(name: string, keys: readonly string[], value: unknown): boolean {
  return (
    typeof value === 'number' && /^fail/.test(squash(name)) && !/shard/i.test(keys.at(-2) ?? '')
  );
}

function kindOf(name: string): OutcomeField['kind'] | null {
  const squashed = squash(name);
  if (FAULTS.has(squashed)) return 'fault';
  if (STATES.has(squashed)) return 'state';
  return MESSAGES.has(squashed) ? 'message' : null;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value.slice(0, MAX_TEXT);
  if (Array.isArray(value)) {
    const texts = value.slice(0, 3).map((item) => textOf(isObject(item) ? item['message'] : item));
    return value.length === 0 ? '' : `[${texts.join()}]`.slice(0, MAX_TEXT);
  }
  // Its own fields are listed one by one.
  if (typeof value === 'object') return Object.keys(value).length === 0 ? '' : '{}';
  return String(value);
}

function normal(text: string): string {
  const plain = text.trim().toLowerCase();
  return /[a-z]/.test(plain) ? plain.replaceAll(/\d+/g, '#') : plain;
}

const GOOD =
  /^(?:ok|success(?:ful|fully)?|succeeded|done|completed?|finished|end(?:ed)?|eof|true|200|204|206|ready|none|no[ _-]?errors?)$/;

/** Paths at which a page says another thing than its sisters do, a good word aside. */
export function differences(sister: Outcomes, page: Outcomes): readonly string[] {
  const paths = new Set([...page.keys(), ...sister.keys()]);
  return [...paths].filter((path) => {
    const own = page.get(path);
    const other = sister.get(path);
    const says = own?.says ?? '';
    if (says === (other?.says ?? '') || GOOD.test(says)) return false;
    // A message may be left out; a state that every page has is there for a reason.
    return says !== '' || other?.kind === 'state';
  });
}

/** A state that no page of a list has. */
const BAD =
  /^(?:err|error|errors|fail|failed|failure|false|fault|exception|denied|rejected|notok|nok|ko)$/;

/** Paths at which a page says by itself, without another to compare it with, that it failed. */
export function failuresIn(page: Outcomes): readonly string[] {
  return [...page].flatMap(([path, { kind, says, text }]) => {
    const isBad = kind === 'state' && BAD.test(says);
    const isRefused = kind === 'message' && REFUSED.test(text);
    return isFault(kind, says) || isBad || isRefused ? [path] : [];
  });
}

/** Whether a page without records says so. */
export function saysThatItFailed(json: unknown): boolean {
  const outcomes = readOutcomes(listFields(json));
  const failures = failuresIn(outcomes);
  return failures.length > 0 && !saysNothingThere(failures, outcomes);
}

/** Paths at which a page with records tells of a fault that its sister, if there is one, does not tell of. */
export function faultsIn(page: Outcomes, sister: Outcomes | null): readonly string[] {
  return [...page].flatMap(([path, { kind, says }]) => {
    const isBad = isFault(kind, says) || (kind === 'state' && BAD.test(says));
    return isBad && sister?.get(path)?.says !== says ? [path] : [];
  });
}

function isFault(kind: OutcomeField['kind'], says: string): boolean {
  return kind === 'fault' && says !== '' && !GOOD.test(says);
}

/** The request was not served. */
const REFUSED =
  /\brate\b|limit (?:was |is |has been )?(?:exceeded|reached)|quota|throttl|too many|\bbusy\b|overload|(?:service|server|temporarily) (?:is )?unavailable|time[d -]?out|try(?:ing)? again|\bretry\b|later\b|denied|forbidden|unauthori[sz]ed|authentication|credentials|maintenance|internal/i;
/** What a list has; a data node is none of it. */
const THING =
  '(?:pages?|records?|results?|data(?! ?(?:nodes?|source|service|store|base|cent))|items?|rows?|entr(?:y|ies)|' +
  'content|resources?|objects?|match(?:es)?|transactions?|documents?|elements?)';
/** There is nothing, or nothing more: what APIs say about a page past the end. Of a shard it is no end. */
const ENDED = [
  `\\bno (?:\\w+ )?${THING}\\b`,
  '\\bno \\w+(?: \\w+)? (?:were |was )?found\\b',
  `\\b${THING}\\b[^.]{0,30}\\b(?:not found|not exist|is empty|are empty)\\b`,
  '^\\W*(?:no more|not ?found|empty|nothing(?: found| to show| more)?|none|eof)\\W*$',
  '\\bout of (?:range|bounds)\\b',
  '\\b(?:past|beyond|after|reached) the (?:end|last)\\b',
  '\\bend of (?:the )?(?:list|results?|data|records?|pages?)\\b',
  '\\b(?:last|invalid) page\\b',
  "\\bpage\\b[^.]{0,40}\\b(?:(?:is|does)(?: not|n't)|not (?:valid|available)|invalid|exceeds?|beyond|greater|larger|too (?:high|large|big))\\b",
].map((pattern) => new RegExp(pattern, 'i'));

/** Whether what differs only says that the list has no such page, or no records. */
export function saysNothingThere(paths: readonly string[], page: Outcomes): boolean {
  const words = paths.map((path) => {
    const text = page.get(path)?.text ?? '';
    // `NO_DATA` and `noData` are words too.
    return text.replaceAll(/[_-]/g, ' ').replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ');
  });
  if (words.some((text) => REFUSED.test(text))) return false;
  return words.some(
    (text) => /^(?:404|204)$/.test(text) || ENDED.some((pattern) => pattern.test(text)),
  );
}

const decoder = new TextDecoder();

/** A name of a field for faults, in part. Of nearly all pages nothing more is read than this. */
const MAY_BE_FAULT = /err|fail|fault|xception|"(?:ok|(?:is_?)?succe\w*)"\s*:\s*"?false/i;

/**
 * The page without its records, parsed, if one of its fields may tell of a fault; else null. The
 * list's other content stays: `{"items":[{…},{…}],"errors":["x"]}` gives `{"items":[],"errors":["x"]}`.
 *
 * @param found records that stand in an array of the page
 */
export function envelopeWithFault(page: Uint8Array, found: FoundRecords): unknown {
  const { count, spans, source } = found;
  if (count === 0 || source !== undefined) return null;
  const head = page.subarray(0, spans[0]);
  const tail = page.subarray(spans[2 * count - 1]);
  const text = decoder.decode(head) + decoder.decode(tail);
  if (!MAY_BE_FAULT.test(text)) return null;
  try {
    return JSON.parse(text);
  } catch {
    // If one object stands in the place of a list, nothing is left around it that is JSON.
    return null;
  }
}
