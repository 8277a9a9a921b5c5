/** From a request to the answer that the API gave, by what was recorded. */

import type { AskedPage } from '../archive/archive-types.ts';
import { type Place, placeName } from '../core/page-request.ts';
import { findRecorded, nearestTo } from './find-recorded.ts';
import { madePage } from './made-page.ts';
import { createLinkRewriter } from './own-links.ts';
import { targetOf } from './request-name.ts';
import type {
  Asked,
  RecordedAnswer,
  RecordedAttempt,
  Recording,
  ReplayOptions,
  Reply,
} from './serve.ts';

/** What was true at that moment only: what was left of a limit, how long to wait, the time of day. */
const OF_A_MOMENT = /^(?:(?:x-)?rate-?limit|retry-after$|date$)/;

const NEAREST = 3;

/**
 * A function that answers as the recorded API did.
 *
 * @example
 * const answer = createReplay(recording, {});
 * answer({ method: 'GET', target: '/items?page=2', headers: {}, body: new Uint8Array(0), origin: 'http://127.0.0.1:8080' });
 */
export function createReplay(
  recording: Recording,
  { realtime = false, asStored = false }: ReplayOptions,
): (asked: Asked) => Reply {
  const rewrite = createLinkRewriter(recording.origins);
  const nextAttempt = createAttempts(recording);

  function sent(answer: RecordedAnswer, asked: Asked): Pick<Reply, 'status' | 'headers' | 'body'> {
    const own = (text: string): string =>
      asStored ? text : rewrite(Buffer.from(text), asked.origin).toString();
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries(answer.headers)) {
      if (!realtime && OF_A_MOMENT.test(name)) continue;
      headers[name] = typeof value === 'string' ? own(value) : value.map(own);
    }
    const { body, encoding } = bodyFor(answer, asked);
    if (encoding !== null) headers['content-encoding'] = encoding;
    return { status: answer.status, headers, body };
  }

  /** The bytes that were stored, unless the client cannot decode them, or links in them lead elsewhere. */
  function bodyFor(
    answer: RecordedAnswer,
    { headers, origin }: Asked,
  ): Pick<RecordedAnswer, 'body' | 'encoding'> {
    const { body, encoding } = answer;
    const isUnderstood = encoding === null || accepts(headers['accept-encoding'], encoding);
    if (asStored && isUnderstood) return { body, encoding };
    const decoded = answer.decode();
    if (asStored) return { body: decoded, encoding: null };
    const text = Buffer.from(decoded.buffer, decoded.byteOffset, decoded.length);
    const changed = rewrite(text, origin);
    return changed === text && isUnderstood
      ? { body, encoding }
      : { body: changed, encoding: null };
  }

  function recorded(request: AskedPage, asked: Asked): Reply {
    const what = `page ${request.place.position + 1}`;
    const attempt = realtime ? nextAttempt(request.place) : null;
    const delayMs = attempt?.durationMs ?? 0;
    if (attempt !== null && !attempt.isLast) {
      const { status, outcome, toldToWaitMs } = attempt;
      return { ...problem(status, outcome, toldToWaitMs), delayMs, what: `${what}: ${outcome}` };
    }
    if (request.hasBody) {
      return { ...sent(recording.answer(request.place), asked), delayMs, what };
    }
    const why = request.state === 'failed' ? 'this page failed' : 'past the end of the list';
    return { ...problem(request.status, why), delayMs, what: `${what}: ${why}` };
  }

  return (asked) => {
    const target = targetOf(asked.target);
    const request = findRecorded(recording, target, asked);
    if (request !== null) return recorded(request, asked);
    const made = madePage(recording, target, asked);
    if (made !== null) {
      const answer = { ...made, encoding: null, decode: () => made.body };
      return { ...sent(answer, asked), delayMs: 0, what: 'made of stored records' };
    }
    const why = `the archive does not hold ${asked.method} ${asked.target}`;
    const nearest = nearestTo(recording, target, NEAREST);
    return { ...problem(404, why, null, { nearest }), delayMs: 0, what: 'never stored' };
  };
}

/** RFC 9110, section 12.5.3: a coding with the weight 0 is not accepted. */
function accepts(header: string | readonly string[] | undefined, encoding: string): boolean {
  const codings = String(header ?? '')
    .toLowerCase()
    .split(',')
    .map((each) => each.split(';').map((part) => part.trim()));
  return encoding
    .split(',')
    .map((each) => each.trim().replace(/^x-/, ''))
    .every((wanted) =>
      codings.some(
        ([name, ...weights]) =>
          (name === wanted || name === '*') && !weights.some((each) => /^q=0(?:\.0*)?$/.test(each)),
      ),
    );
}

/** An answer that was not stored. */
function problem(
  status: number | null,
  error: string,
  waitMs: number | null = null,
  more: Readonly<Record<string, unknown>> = {},
): Pick<Reply, 'status' | 'headers' | 'body'> {
  const wait = waitMs === null ? {} : { 'retry-after': String(Math.ceil(waitMs / 1000)) };
  return {
    status,
    headers: { 'content-type': 'application/json', ...wait },
    body: Buffer.from(`${JSON.stringify({ error, ...more }, null, 2)}\n`),
  };
}

/** A client asks a page for a few times; what it asked longest ago is forgotten first. */
const MOST_REMEMBERED = 100_000;

type NextAttempt = RecordedAttempt & {
  /** The one that brought what is stored. */
  readonly isLast: boolean;
};

/** Each time that a page is asked for, its next try: first those that failed, in the end the answer. */
function createAttempts(
  recording: Pick<Recording, 'attempts'>,
): (place: Place) => NextAttempt | null {
  const made = new Map<string, number>();
  return (place) => {
    const name = placeName(place);
    const attempts = recording.attempts(place);
    if (attempts.length === 0) return null;
    const before = made.get(name) ?? 0;
    made.delete(name);
    made.set(name, before + 1);
    if (made.size > MOST_REMEMBERED) made.delete(made.keys().next().value!);
    const last = attempts.length - 1;
    const at = Math.min(before, last);
    return { ...attempts[at]!, isLast: at === last };
  };
}
