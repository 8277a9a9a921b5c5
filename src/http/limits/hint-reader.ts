/**
 * Reads what responses say about limits. One reader is for one bucket, because some numbers show
 * their unit only in the light of those before them; else it is pure: times are passed in.
 */
import { type Hint, type Limit, noHint } from '../../core/hint.ts';
import type { HeaderValues } from '../transport.ts';
import { addToFamilies, type Family, familyLimits } from './counted-limits.ts';
import { slotOf } from './header-slots.ts';
import { ietfLimits } from './ietf-fields.ts';
import { mergeLimits } from './merge-limits.ts';
import { policyName } from './policy-name.ts';
import { ResetUnit } from './reset-unit.ts';
import { sentAt } from './reset-value.ts';
import { statedWaitMs } from './stated-wait.ts';
import { vendorGrammars } from './vendor-grammars.ts';

export interface HintReader {
  /**
   * @param now milliseconds that never run backwards
   * @param wallTime milliseconds since 1970, for responses without a `Date`
   */
  read(status: number, headers: HeaderValues, now: number, wallTime: number): Hint;
}

/** Header values are as long as a server likes; none that is meant is. */
const LONGEST_VALUE = 1_000;
const MOST_UNITS = 32;

/** A reader that remembers nothing yet. */
export function createHintReader(): HintReader {
  const units = new Map<string, ResetUnit>();

  return {
    read(status, headers, now, wallTime) {
      const stated: (Limit | null)[] = [];
      const { families, name } = familiesOf(headers);
      const rateLimit = textOf(headers['ratelimit']);
      const policy = textOf(headers['ratelimit-policy']);
      if (rateLimit !== null || policy !== null) stated.push(...ietfLimits(rateLimit, policy));
      if (families.size > 0) {
        const date = textOf(headers['date']);
        const times = { sentAt: sentAt(date, textOf(headers['age']), wallTime), wallTime };
        for (const family of families.values()) {
          stated.push(
            ...familyLimits(family, name, times, (key, value, remaining) => {
              return unitOf(key).read(value, remaining, now);
            }),
          );
        }
      }
      for (const grammar of vendorGrammars) {
        const value = textOf(headers[grammar.name]);
        if (value === null) continue;
        const beside = grammar.beside === null ? null : textOf(headers[grammar.beside]);
        stated.push(...grammar.read(value, beside));
      }
      // Some servers send a Retry-After with every good answer: RFC 9110 gives it no meaning there.
      const isSuccess = status >= 200 && status < 300;
      const waitMs = isSuccess ? null : statedWaitMs(headers, wallTime);
      if (waitMs === null && stated.length === 0) return noHint;
      return { waitMs, limits: mergeLimits(stated) };
    },
  };

  function unitOf(key: string): ResetUnit {
    let unit = units.get(key);
    if (unit === undefined) {
      unit = new ResetUnit();
      if (units.size < MOST_UNITS) units.set(key, unit);
    }
    return unit;
  }
}

function familiesOf(headers: HeaderValues): { families: Map<string, Family>; name: string } {
  const families = new Map<string, Family>();
  for (const header in headers) {
    const slot = slotOf(header);
    if (slot === null) continue;
    const value = textOf(headers[header]);
    if (value !== null) addToFamilies(families, slot, value);
  }
  return { families, name: families.size === 0 ? '' : (policyName(headers) ?? '') };
}

/** A field's value; repeated fields are one list (RFC 9110 §5.3). */
function textOf(value: string | readonly string[] | undefined): string | null {
  if (value === undefined) return null;
  const text = (typeof value === 'string' ? value : value.join(', ')).trim();
  return text === '' || text.length > LONGEST_VALUE ? null : text;
}
