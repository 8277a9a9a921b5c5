/** Reads what the page of a live view asks for. */
import { usageError } from '../core/errors.ts';
import type { LiveCommand } from '../report/live-data.ts';

/** One request a day. */
const LEAST_PER_SECOND = 1 / 86_400;
const MOST_PER_SECOND = 1_000_000;

/**
 * @param most requests in flight at most
 * @throws EverypageError USAGE for anything else than a command
 */
export function readCommand(text: string, most: number): LiveCommand {
  const { action, concurrency, perSecond } = fieldsOf(text);
  if (action === 'pause' || action === 'resume') return { action };
  if (action !== 'pace') throw usageError('the action is pause, resume or pace');
  if (concurrency !== 'auto' && !isWithin(concurrency, 1, most, true)) {
    throw usageError(`Requests at once: give a whole number from 1 to ${most}, or auto.`);
  }
  if (perSecond !== null && !isWithin(perSecond, LEAST_PER_SECOND, MOST_PER_SECOND, false)) {
    throw usageError('Requests a second: give a number above 0, or nothing for no limit.');
  }
  return { action, concurrency, perSecond };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw usageError('a command is a JSON object');
}

function isWithin(value: unknown, least: number, most: number, isWhole: boolean): value is number {
  if (typeof value !== 'number' || !(value >= least && value <= most)) return false;
  return !isWhole || Number.isInteger(value);
}
