/**
 * Moments as servers write them: the three forms of an HTTP-date (RFC 9110 §5.6.7), also with another
 * zone than GMT, and ISO 8601. The grammar is matched before anything is converted, because a lenient
 * date parser reads `5` as a year.
 */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = MONTHS.join('|');
const ZONE = '[A-Z]{1,5}|[+-]\\d{2}:?\\d{2}';
const IMF_FIXDATE = new RegExp(
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\\d{2}) (${MONTH}) (\\d{4}) (\\d{2}):(\\d{2}):(\\d{2}) (${ZONE})$`,
);
const RFC850_DATE = new RegExp(
  `^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\\d{2})-(${MONTH})-(\\d{2}) (\\d{2}):(\\d{2}):(\\d{2}) (${ZONE})$`,
);
const ASCTIME_DATE = new RegExp(
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (${MONTH}) ([ \\d]\\d) (\\d{2}):(\\d{2}):(\\d{2}) (\\d{4})$`,
);
/** The seconds may be missing (Jira), a blank may stand for the `T` and `UTC` for the `Z` (Ruby). */
const ISO_TIME =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z| ?UTC| ?[+-]\d{2}:?\d{2})?$/;

export interface Moment {
  /** Milliseconds since 1970; as if it were UTC where the zone is not known. */
  readonly at: number;
  /** Null where it has a zone that is known; else the name it has, `''` for none. */
  readonly unknownZone: string | null;
}

/** @param wallTime now, to place the two-digit years of RFC 850 dates */
export function parseMoment(text: string, wallTime: number): Moment | null {
  const read = readHttpDate(text, wallTime) ?? readIsoTime(text);
  if (read === null) return null;
  const offsetMs = zoneMs(read.zone);
  const isKnown = offsetMs !== null;
  return { at: read.local - (offsetMs ?? 0), unknownZone: isKnown ? null : read.zone };
}

/** Milliseconds since 1970 by a clock of the zone, whose name is `''` where none is given. */
interface LocalTime {
  readonly local: number;
  readonly zone: string;
}

function readHttpDate(value: string, wallTime: number): LocalTime | null {
  let match = IMF_FIXDATE.exec(value);
  if (match) {
    const [, day, month, year, h, m, s, zone] = match;
    return local(Number(year), month, day, [h, m, s], zone);
  }
  match = RFC850_DATE.exec(value);
  if (match) {
    const [, day, month, digits, h, m, s, zone] = match;
    // RFC 9110 §5.6.7: more than 50 years ahead means the most recent past year with those digits.
    const thisYear = new Date(wallTime).getUTCFullYear();
    let year = Math.floor(thisYear / 100) * 100 + Number(digits);
    if (year > thisYear + 50) year -= 100;
    else if (year <= thisYear - 50) year += 100;
    return local(year, month, day, [h, m, s], zone);
  }
  match = ASCTIME_DATE.exec(value);
  if (match === null) return null;
  const [, month, day, h, m, s, year] = match;
  return local(Number(year), month, day, [h, m, s], 'GMT');
}

type Digits = string | undefined;

function local(
  year: number,
  month: Digits,
  day: Digits,
  time: readonly Digits[],
  zone: Digits,
): LocalTime | null {
  const ms = clockTime(year, MONTHS.indexOf(month ?? ''), Number(day), time.map(Number));
  return ms === null ? null : { local: ms, zone: zone ?? '' };
}

function readIsoTime(text: string): LocalTime | null {
  const match = ISO_TIME.exec(text);
  if (match === null) return null;
  const [year, month, day, hours, minutes] = match.slice(1, 6).map(Number);
  if (month! < 1 || month! > 12) return null;
  const ms = clockTime(year!, month! - 1, day!, [hours!, minutes!, Number(match[6] ?? 0)]);
  if (ms === null) return null;
  const fractionMs = Math.floor(Number(`0.${match[7] ?? 0}`) * 1_000);
  return { local: ms + fractionMs, zone: (match[8] ?? '').trim() };
}

function clockTime(
  year: number,
  month: number,
  day: number,
  [hours = 0, minutes = 0, seconds = 0]: readonly number[],
): number | null {
  // 60 is a leap second.
  if (day < 1 || day > 31 || hours > 23 || minutes > 59 || seconds > 60) return null;
  return Date.UTC(year, month, day, hours, minutes, seconds);
}

/** RFC 5322 §4.3, and others, in hours ahead of UTC. `CST` is a zone of China too: it is left out. */
const ZONE_HOURS: Readonly<Record<string, number>> = {
  ...{ GMT: 0, UTC: 0, UT: 0, Z: 0, WET: 0, WEST: 1, CET: 1, CEST: 2, EET: 2, EEST: 3, MSK: 3 },
  ...{ EDT: -4, EST: -5, CDT: -5, MDT: -6, MST: -7, PDT: -7, PST: -8 },
  ...{ HKT: 8, JST: 9, KST: 9, AEST: 10, AEDT: 11, NZST: 12, NZDT: 13 },
};

/** Null where it is unknown. */
function zoneMs(zone: string): number | null {
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
  if (match === null) {
    return Object.hasOwn(ZONE_HOURS, zone) ? ZONE_HOURS[zone]! * 3_600_000 : null;
  }
  const ms = (Number(match[2]) * 60 + Number(match[3])) * 60_000;
  return match[1] === '-' ? -ms : ms;
}
