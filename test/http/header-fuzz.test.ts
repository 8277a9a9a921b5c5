/** Headers that servers may fill with anything (docs/reliability.md, R3, S4; RFC 9110 §5.5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { classifyRedirect } from '../../src/fetch/follow-redirect.ts';
import { parseMoment } from '../../src/http/limits/moment.ts';
import { retryAfterMs } from '../../src/http/limits/retry-after.ts';
import { parseContentRange } from '../../src/plan/styles/page-reading.ts';
import { withoutHanging } from '../without-hanging.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 1000);
const NOW = Date.UTC(2026, 0, 15, 12, 0, 0);
const DAY_MS = 86_400_000;

/** Words of the grammar in any order, so that near misses are as likely as hits. */
const nearDate = fc
  .array(
    fc.oneof(
      fc.constantFrom(...['Sun', 'Sunday', 'Thu', 'Jan', 'Nov', 'GMT', 'UTC', ', ', ' ', '-', ':']),
      fc.constantFrom(
        ...['06', '6', '  6', '31', '99', '00', '2026', '94', '08:49:37', '24:60:61'],
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 14 },
  )
  .map((words) => words.join(''));

const anyValue = fc.oneof(
  nearDate,
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^[ +-]?\d{0,30}[.,eEx]?\d{0,5}s?$/),
  fc
    .tuple(fc.constantFrom('1', ' ', '0.', 'Sun, '), fc.nat(20_000))
    .map(([text, times]) => text.repeat(times)),
);

const instant = fc
  .integer({ min: 0, max: Date.UTC(9999, 11, 31) / 1000 })
  .map((seconds) => seconds * 1000);

const LONG_DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** The three forms of RFC 9110 §5.6.7. */
function written(moment: number): { imf: string; rfc850: string; asctime: string } {
  const imf = new Date(moment).toUTCString();
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) (\S+) GMT$/.exec(imf)!;
  const weekday = LONG_DAYS[new Date(moment).getUTCDay()]!;
  return {
    imf,
    rfc850: `${weekday}, ${day}-${month}-${year!.slice(2)} ${time} GMT`,
    asctime: `${weekday.slice(0, 3)} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`,
  };
}

test('a Retry-After of any text is a wait from now on, or nothing', () => {
  fc.assert(
    fc.property(anyValue, fc.option(anyValue, { nil: undefined }), (value, date) => {
      const headers = { 'retry-after': value, ...(date === undefined ? {} : { date }) };
      const waitMs = withoutHanging(
        () => retryAfterMs(headers, NOW),
        () => value.slice(0, 100),
      );
      assert.ok(waitMs === null || waitMs > 0, `${waitMs}`);
    }),
    { numRuns },
  );
});

test('whole seconds are the wait they name', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.constantFrom('', ' ', '\t '),
      (seconds, space) => {
        const value = `${space}${seconds}${space}`;
        assert.equal(retryAfterMs({ 'retry-after': value }, NOW), seconds * 1000);
      },
    ),
    { numRuns },
  );
});

test('every second from 1970 to 9999 is read back from each form of a date', () => {
  fc.assert(
    fc.property(instant, fc.integer({ min: -45, max: 45 }), (moment, years) => {
      const { imf, rfc850, asctime } = written(moment);
      assert.equal(parseMoment(imf, NOW)?.at, moment);
      assert.equal(parseMoment(asctime, NOW)?.at, moment);
      // Two digits of a year are read within fifty years of now.
      assert.equal(parseMoment(rfc850, moment + years * 365 * DAY_MS)?.at, moment);
    }),
    { numRuns },
  );
});

test('a date against the Date of its response is the difference, whatever the clock here', () => {
  fc.assert(
    fc.property(instant, fc.nat(1e6), instant, (sent, seconds, clock) => {
      const until = Math.min(sent + seconds * 1000, Date.UTC(9999, 11, 31, 23, 59, 59));
      const headers = { date: written(sent).imf, 'retry-after': written(until).imf };
      assert.equal(retryAfterMs(headers, clock), until > sent ? until - sent : null);
    }),
    { numRuns },
  );
});

test('a date of any text is a moment, or none', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const moment = withoutHanging(
        () => parseMoment(value, NOW)?.at,
        () => value.slice(0, 100),
      );
      assert.ok(moment === undefined || Number.isFinite(moment));
    }),
    { numRuns },
  );
});

test('a Location of any text leads to http or https without user info, or nowhere', () => {
  const from = new URL('https://api.example:8443/v1/items?page=1');
  const pieces = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          ...['https:', 'http:', '//', '/', '\\', '@', ':', '8443', 'api.example', '#'],
        ),
        fc.constantFrom(
          ...['me:pw@', '?page=2', '..', '%2e', 'javascript:', 'file:', '[::1]', '\t', '\n'],
        ),
        fc.string({ unit: 'binary', maxLength: 3 }),
      ),
      { maxLength: 10 },
    )
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(pieces, fc.string({ unit: 'binary' })), (location) => {
      const redirect = classifyRedirect(from, location);
      if (redirect.kind === 'invalid') return;
      const { url, kind } = redirect;
      assert.match(url.protocol, /^https?:$/);
      assert.equal(url.username + url.password + url.hash, '');
      assert.equal(kind === 'same-origin', url.origin === from.origin);
      assert.equal(kind === 'downgrade', url.protocol === 'http:');
    }),
    { numRuns },
  );
});

test('a Content-Range of any text is numbers, or nothing, and a good one is what it says', () => {
  const count = fc.option(fc.maxSafeNat(), { nil: null });
  fc.assert(
    fc.property(anyValue, fc.maxSafeNat(), fc.maxSafeNat(), count, (value, from, to, total) => {
      const read = withoutHanging(
        () => parseContentRange(value),
        () => value.slice(0, 100),
      );
      for (const number of Object.values(read ?? {})) {
        assert.ok(number === null || Number.isSafeInteger(number));
      }
      const good = parseContentRange(`items ${from}-${to}/${total ?? '*'}`);
      assert.deepEqual(good, { from, to, total });
    }),
    { numRuns },
  );
});
