/** Times, sizes and counts as people write and read them. */
import { expected } from './errors.ts';

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

// As curl has it, a bare letter is a power of 1024; `kB`, `MB` … are powers of 1000.
const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  kib: 1024,
  kb: 1e3,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  mb: 1e6,
  g: 1024 ** 3,
  gib: 1024 ** 3,
  gb: 1e9,
  t: 1024 ** 4,
  tib: 1024 ** 4,
  tb: 1e12,
};

/**
 * Milliseconds, whole: `500ms`, `90s`, `5m`, `1h`, `1d`, `1.5h`, `1h30m`; a bare number is seconds.
 * Throws `EverypageError` `USAGE` for anything else.
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim().toLowerCase();
  let ms = 0;
  if (/^\d+(?:\.\d+)?$/.test(trimmed)) {
    ms = Number(trimmed) * 1_000;
  } else if (/^(?:\d+(?:\.\d+)?(?:ms|s|min|m|h|d))+$/.test(trimmed)) {
    for (const [, number, unit] of trimmed.matchAll(/([\d.]+)([a-z]+)/g)) {
      ms += Number(number) * durationUnits[unit!]!;
    }
  } else {
    ms = Number.NaN;
  }
  return wholeOr(ms, text, 'a time such as 500ms, 90s, 5m, 1h or 1d');
}

/**
 * Bytes, whole: `123`, `10k`, `64M`, `64MiB` (powers of 1024), `64MB` (powers of 1000), `1.5G`;
 * upper and lower case are the same. Throws `EverypageError` `USAGE` for anything else.
 */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([a-z]*)$/.exec(text.trim().toLowerCase());
  const unit = match === null ? undefined : ownUnit(byteUnits, match[2]!);
  const bytes = match === null || unit === undefined ? Number.NaN : Number(match[1]) * unit;
  return wholeOr(bytes, text, 'a size such as 123, 10k, 64MiB or 1G');
}

function ownUnit(units: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(units, name) ? units[name] : undefined;
}

function wholeOr(value: number, text: string, what: string): number {
  const whole = Math.round(value);
  if (Number.isSafeInteger(whole)) return whole;
  throw expected(what, text);
}

/** `5m`, `1h`, `500ms`: a time as `parseDuration` reads it. */
export function shortDuration(ms: number): string {
  const units = ['d', 'h', 'm', 's'].map((unit) => [unit, durationUnits[unit]!] as const);
  const [unit, unitMs] = units.find((it) => ms >= it[1] && ms % it[1] === 0) ?? ['ms', 1];
  return `${ms / unitMs}${unit}`;
}

/** `64MiB`, `100`: a size as `parseBytes` reads it. */
export function shortBytes(bytes: number): string {
  const units = ['GiB', 'MiB', 'KiB'].map(
    (unit) => [unit, byteUnits[unit.toLowerCase()]!] as const,
  );
  const [unit, unitBytes] = units.find((it) => bytes >= it[1] && bytes % it[1] === 0) ?? ['', 1];
  return `${bytes / unitBytes}${unit}`;
}

/** A number in a time. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

/**
 * `10/s`, `5/15s`, `100/min`, `1000/h`; the unit is required.
 * Throws `EverypageError` `USAGE` for anything else.
 */
export function parseRate(text: string): Rate {
  const match = /^(\d+(?:\.\d+)?) ?\/ ?(\d+(?:\.\d+)?)?([a-z]+)$/.exec(text.trim().toLowerCase());
  const unitMs = match === null ? undefined : ownUnit(durationUnits, match[3]!);
  const count = Number(match?.[1]);
  const perMs = Number(match?.[2] ?? 1) * (unitMs ?? Number.NaN);
  if (count > 0 && perMs > 0 && Number.isFinite(count / perMs)) return { count, perMs };
  throw expected('a rate such as 10/s, 5/15s, 100/min or 1000/h', text);
}

/** `850 ms`, `14.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`: two units at most, a zero one left out. */
export function formatDuration(durationMs: number): string {
  if (!Number.isFinite(durationMs)) return 'unknown';
  const ms = Math.max(0, durationMs);
  if (Math.round(ms) < 1_000) return `${Math.round(ms)} ms`;
  if (Math.round(ms / 100) < 600) return `${(Math.round(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return pair(seconds, 60, 'min', 's');
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1_440) return pair(minutes, 60, 'h', 'min');
  return pair(Math.round(ms / 3_600_000), 24, 'd', 'h');
}

function pair(amount: number, base: number, large: string, small: string): string {
  const rest = amount % base;
  const head = `${(amount - rest) / base} ${large}`;
  return rest === 0 ? head : `${head} ${rest} ${small}`;
}

/** `950 B`, `12.4 MB`: powers of 1000, one decimal from kB on. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'unknown';
  let amount = Math.max(0, Math.round(bytes));
  if (amount < 1_000) return `${amount} B`;
  for (const unit of ['kB', 'MB', 'GB', 'TB']) {
    amount /= 1_000;
    // Compared as it will be shown, so that 999,999 is 1.0 MB and not 1000.0 kB.
    if (Math.round(amount * 10) < 10_000) return `${amount.toFixed(1)} ${unit}`;
  }
  return `${(amount / 1_000).toFixed(1)} PB`;
}

/** A limit as people set it: `64 MiB` if it is that exactly, else `1,000,000 bytes`. */
export function formatByteLimit(bytes: number): string {
  const mib = bytes / 1024 ** 2;
  return Number.isInteger(mib) && mib > 0 ? `${formatCount(mib)} MiB` : counted(bytes, 'byte');
}

/** `25,000`. By hand: making an Intl.NumberFormat takes 18 ms of a command's start. */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 page`, `25,000 pages`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
