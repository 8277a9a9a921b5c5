/** How a list paged, in the words that the end of a run and `explain` share. */
import { escapeText } from '../core/escape.ts';
import { RECORDS_UNKNOWN } from '../core/output-shape.ts';
import { factsOf, isOnePage, NO_RECORDS } from '../core/pagination.ts';
import type { PaginationFacts } from '../core/summary.ts';
import type { Painter } from './paint.ts';

/** The first phrases say what was seen and tried; what a server would have to say more often is not. */
const SHOWN_PHRASES = 3;

/**
 * What was found, why, and what was tried.
 *
 * @param more what only a run knows
 */
export function pagingText(
  facts: PaginationFacts,
  { together = '', beside = [] }: { together?: string; beside?: readonly string[] } = {},
): string {
  const { evidence, recordsPath } = facts;
  const { name } = factsOf(facts);
  const how = isOnePage(facts) ? name : `paginated by ${name}${together}`;
  const why = evidence
    .slice(0, isOnePage(facts) ? 1 : SHOWN_PHRASES)
    .map((text) => escapeText(text));
  const parts = [how, ...(why.length === 0 ? [] : [why.join('; ')]), ...recordsText(recordsPath)];
  return [...parts, ...beside].join(' · ');
}

function recordsText(recordsPath: string | null): readonly string[] {
  if (recordsPath === null) return [];
  if (recordsPath === '@') return ['each page is a list of records'];
  if (recordsPath === RECORDS_UNKNOWN) return ['its records were not found'];
  if (recordsPath === NO_RECORDS) return ['an empty list, left out of its page'];
  return [`records at ${escapeText(recordsPath)}`];
}

/**
 * The command that needs no detection, or those that would help.
 *
 * @param commandWith the command that was given, with these flags
 */
export function pagingCommands(
  { flags, cures = [] }: PaginationFacts,
  commandWith: (flags: readonly string[], isOtherRun: boolean) => string,
  paint: Painter,
): readonly string[] {
  const helping = cures.flatMap(({ heading, flags: own }) => [
    `${heading}:`,
    `  ${paint('cyan', escapeText(commandWith(own, true)))}`,
  ]);
  if (flags.length === 0) return helping;
  return [
    paint('dim', 'to skip detection next time:'),
    `  ${paint('dim', escapeText(commandWith(flags, false)))}`,
    ...helping,
  ];
}
