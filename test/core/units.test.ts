import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatByteLimit,
  formatBytes,
  formatCount,
  formatDuration,
  parseBytes,
  parseDuration,
  parseRate,
} from '../../src/core/units.ts';

const usage = { name: 'EverypageError', code: 'USAGE' };

test('durations are read with their units, seconds without one', () => {
  for (const [text, ms] of [
    ...([
      ['500ms', 500],
      ['90s', 90_000],
      ['5m', 300_000],
      ['5min', 300_000],
    ] as const),
    ...([
      ['1h', 3_600_000],
      ['1d', 86_400_000],
      ['10', 10_000],
      ['0', 0],
    ] as const),
    ...([
      ['1.5h', 5_400_000],
      ['0.5', 500],
      ['1h30m', 5_400_000],
      [' 2S ', 2_000],
    ] as const),
    ...([
      ['0.1s', 100],
      ['1m500ms', 60_500],
    ] as const),
  ]) {
    assert.equal(parseDuration(text), ms, text);
  }
});

test('what is no duration is refused', () => {
  for (const text of [
    '',
    'x',
    '5 minutes',
    '-1s',
    '1y',
    's',
    '1.s',
    '.5s',
    '1e3',
    'Infinity',
    '9'.repeat(30),
  ]) {
    assert.throws(() => parseDuration(text), {
      ...usage,
      message: /^expected a time such as .*, got /,
    });
  }
});

test('sizes are read with their units, powers of 1024 unless they end in B alone', () => {
  for (const [text, bytes] of [
    ...([
      ['123', 123],
      ['10k', 10_240],
      ['64M', 67_108_864],
      ['64MiB', 67_108_864],
    ] as const),
    ...([
      ['64mb', 64_000_000],
      ['1.5G', 1_610_612_736],
      ['1 kB', 1_000],
      ['0', 0],
    ] as const),
    ...([
      ['7b', 7],
      ['2TiB', 2_199_023_255_552],
    ] as const),
  ]) {
    assert.equal(parseBytes(text), bytes, text);
  }
});

test('what is no size is refused', () => {
  for (const text of ['', 'M', '1x', '-1', '1.2.3', '0x10', '1 constructor', '9'.repeat(30)]) {
    assert.throws(() => parseBytes(text), {
      ...usage,
      message: /^expected a size such as .*, got /,
    });
  }
});

test('durations are shown in the two units that say most', () => {
  for (const [ms, text] of [
    ...([
      [0, '0 ms'],
      [-5, '0 ms'],
      [850.4, '850 ms'],
      [999.6, '1.0 s'],
      [4_000, '4.0 s'],
    ] as const),
    ...([
      [14_230, '14.2 s'],
      [59_949, '59.9 s'],
      [59_960, '1 min'],
      [200_000, '3 min 20 s'],
    ] as const),
    ...([
      [3_599_700, '1 h'],
      [7_500_000, '2 h 5 min'],
      [86_399_999, '1 d'],
    ] as const),
    ...([
      [273_600_000, '3 d 4 h'],
      [Number.NaN, 'unknown'],
    ] as const),
    ...([[Number.POSITIVE_INFINITY, 'unknown']] as const),
  ]) {
    assert.equal(formatDuration(ms), text, String(ms));
  }
});

test('sizes are shown with one decimal, and never as 1000 of a unit', () => {
  for (const [bytes, text] of [
    ...([
      [0, '0 B'],
      [950, '950 B'],
      [1_000, '1.0 kB'],
      [12_400_000, '12.4 MB'],
    ] as const),
    ...([
      [999_949, '999.9 kB'],
      [999_950, '1.0 MB'],
      [2.5e12, '2.5 TB'],
      [3e15, '3.0 PB'],
    ] as const),
    ...([[Number.NaN, 'unknown']] as const),
  ]) {
    assert.equal(formatBytes(bytes), text, String(bytes));
  }
});

test('counts are shown with commas', () => {
  assert.equal(formatCount(25_000), '25,000');
  assert.equal(formatCount(999), '999');
  assert.equal(formatCount(1_234_567), '1,234,567');
});

test('a limit of bytes is said as it was set: in MiB where it is whole', () => {
  assert.equal(formatByteLimit(64 * 1024 ** 2), '64 MiB');
  assert.equal(formatByteLimit(2048 * 1024 ** 2), '2,048 MiB');
  assert.equal(formatByteLimit(1_000_000), '1,000,000 bytes');
  assert.equal(formatByteLimit(1), '1 byte');
});

test('a rate is a number in a time, and its unit has to be there', () => {
  for (const [text, count, perMs] of [
    ['10/s', 10, 1_000],
    ['5/15s', 5, 15_000],
    ['0.5/s', 0.5, 1_000],
    ['100 / min', 100, 60_000],
    ['1000/h', 1000, 3_600_000],
    ['5000/D', 5000, 86_400_000],
  ] as const) {
    assert.deepEqual(parseRate(text), { count, perMs }, text);
  }
  for (const text of [
    '10',
    '10/',
    '/s',
    '0/s',
    '10/0s',
    '-1/s',
    '10/fortnight',
    'ten/s',
    '1e3/s',
  ]) {
    assert.throws(() => parseRate(text), { code: 'USAGE', message: /such as 10\/s/ }, text);
  }
});
