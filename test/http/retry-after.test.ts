import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseMoment } from '../../src/http/limits/moment.ts';
import { retryAfterMs } from '../../src/http/limits/retry-after.ts';

const NOW = Date.UTC(2026, 0, 15, 12, 0, 0);

test('seconds, also with decimals', () => {
  assert.equal(retryAfterMs({ 'retry-after': '5' }, NOW), 5000);
  assert.equal(retryAfterMs({ 'retry-after': ' 120 ' }, NOW), 120_000);
  assert.equal(retryAfterMs({ 'retry-after': '1.5' }, NOW), 1500);
});

test('all three forms of an HTTP-date name the same moment', () => {
  const moment = Date.UTC(1994, 10, 6, 8, 49, 37);
  assert.equal(parseMoment('Sun, 06 Nov 1994 08:49:37 GMT', NOW)?.at, moment);
  assert.equal(parseMoment('Sunday, 06-Nov-94 08:49:37 GMT', NOW)?.at, moment);
  assert.equal(parseMoment('Sun Nov  6 08:49:37 1994', NOW)?.at, moment);
});

test('a date is read against the response’s own Date, so a wrong client clock changes nothing', () => {
  const headers = {
    date: 'Thu, 15 Jan 2026 12:00:00 GMT',
    'retry-after': 'Thu, 15 Jan 2026 12:00:30 GMT',
  };
  for (const skewMs of [-3_600_000, 0, 3_600_000]) {
    assert.equal(retryAfterMs(headers, NOW + skewMs), 30_000);
  }
});

test('without a Date the machine’s clock has to do', () => {
  assert.equal(retryAfterMs({ 'retry-after': 'Thu, 15 Jan 2026 12:01:00 GMT' }, NOW), 60_000);
});

test('a moment may be written in other ways than HTTP has', () => {
  const headers = (value: string) => ({
    date: 'Thu, 15 Jan 2026 12:00:00 GMT',
    'retry-after': value,
  });
  for (const value of [
    '2026-01-15T12:00:30Z',
    '2026-01-15T12:00:30.000Z',
    '2026-01-15T14:00:30+02:00',
    '2026-01-15 12:00:30 UTC',
    '2026-01-15T12:00:30',
    String(NOW / 1000 + 30),
    String(NOW + 30_000),
    'Thu, 15 Jan 2026 12:00:30 UTC',
    'Thu, 15 Jan 2026 13:00:30 CET',
    'Thu, 15 Jan 2026 07:00:30 EST',
    'Thu, 15 Jan 2026 14:00:30 +0200',
    'Thursday, 15-Jan-26 13:00:30 CET',
  ]) {
    for (const skewMs of [-5_400_000, 0, 5_400_000]) {
      assert.equal(retryAfterMs(headers(value), NOW + skewMs), 30_000, value);
    }
  }
});

test('a date of a zone that nobody knows is understood by the Date of its response', () => {
  const until = 'Thu, 15 Jan 2026 17:30:30 IST';
  assert.equal(
    retryAfterMs({ date: 'Thu, 15 Jan 2026 12:00:00 GMT', 'retry-after': until }, NOW),
    30_000,
  );
  assert.equal(
    retryAfterMs({ date: 'Thu, 15 Jan 2026 17:00:00 IST', 'retry-after': until }, NOW),
    1_830_000,
  );
  // Without a zone, in the past: the clock of the server's own zone.
  const local = { date: 'Thu, 15 Jan 2026 12:00:00 GMT', 'retry-after': '2026-01-15T07:00:30' };
  assert.equal(retryAfterMs(local, NOW), 30_000);
});

test('a moment in the past asks for nothing, in whatever way it is written', () => {
  const date = 'Thu, 15 Jan 2026 12:00:00 GMT';
  for (const value of ['2026-01-15T11:59:30Z', String(NOW / 1000 - 30), String(NOW - 30_000)]) {
    assert.equal(retryAfterMs({ date, 'retry-after': value }, NOW), null, value);
  }
});

test('absent, malformed, repeated, zero and past are ignored', () => {
  for (const value of [
    '',
    'soon',
    '-5',
    '5s',
    '5 seconds',
    '0',
    '1e3',
    '0x10',
    '2026-01-15',
    'Thu, 15 Jan 2020 12:00:00 GMT',
    'Thu, 99 Jan 2026 12:00:00 GMT',
  ]) {
    assert.equal(retryAfterMs({ 'retry-after': value }, NOW), null, value);
  }
  assert.equal(retryAfterMs({ 'retry-after': ['5', '9'] }, NOW), null);
  assert.equal(retryAfterMs({}, NOW), null);
});

test('a wait of days stays what it is', () => {
  assert.equal(retryAfterMs({ 'retry-after': '2592000' }, NOW), 2_592_000_000);
});

test('a wait of more digits than any calendar has is still a wait, whose end is a date', () => {
  for (const digits of [12, 20, 400]) {
    const waitMs = retryAfterMs({ 'retry-after': '9'.repeat(digits) }, NOW)!;
    assert.ok(waitMs > 365 * 86_400_000);
    assert.ok(!Number.isNaN(new Date(NOW + waitMs).getTime()), String(digits));
  }
});

test('no text crashes it, and no result is negative', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z, 0-9:-]{0,40}$/)), (value) => {
      const result = retryAfterMs({ 'retry-after': value }, NOW);
      assert.ok(result === null || result > 0);
    }),
    { numRuns: 3000 },
  );
});
