/** A whole page that says itself that it was refused, and how long it says to wait. */
import type { Rejection } from '../archive-thread/messages.ts';
import { limitInBody } from '../http/limits/limit-in-body.ts';
import { statedWaitMs } from '../http/limits/retry-after.ts';
import type { PauseOutcome } from '../http/outcome.ts';
import type { FinalAttempt } from './task.ts';

const UNITS: readonly (readonly [name: RegExp, ms: number])[] = [
  [/^m(?:illi)?s/i, 1],
  [/^s/i, 1_000],
  [/^m/i, 60_000],
];
const WAIT =
  /\b(?:in|after|wait(?: for)?|every)\s+(\d{1,5})\s*(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?)\b/i;

/**
 * The pause that a page which was taken for a success asks for: by its headers, or where its body
 * speaks of a limit or of a wait. Null where it asks for none.
 *
 * @param wallTime milliseconds since 1970
 */
export function pauseOfRefused(
  { kind, beginning }: Omit<Rejection, 'index'>,
  { headers, status }: FinalAttempt,
  wallTime: number,
): PauseOutcome | null {
  if (kind !== 'unlike' && kind !== 'selection') return null;
  const text = beginning ?? '';
  // A whole page of that kind is short; what was cut is text.
  const said = limitInBody(parsed(text), false) ?? limitInBody(text, false);
  const byHeader = headers === null ? null : statedWaitMs(headers, wallTime);
  const waitMs = byHeader ?? said?.waitMs ?? waitInText(text);
  if (waitMs === null && said?.isRefusal !== true) return null;
  const waitFrom = waitMs === null ? null : byHeader === null ? 'body' : 'retry-after';
  const reason = `${status} with ${said?.isRefusal ? said.reason : 'a refusal'} in its body`;
  return { kind: 'pause', waitMs, waitFrom, reason, hint: { waitMs, limits: said?.limits ?? [] } };
}

function waitInText(text: string): number | null {
  const [, digits, unit = ''] = WAIT.exec(text) ?? [];
  const [, ms] = UNITS.find(([name]) => name.test(unit)) ?? [];
  return digits === undefined || ms === undefined ? null : Number(digits) * ms;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
