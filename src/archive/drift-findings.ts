/** Findings that a list changed while it was read, and of changes that did no harm. */
import { counted, formatCount } from '../core/units.ts';
import { pagesText } from './checks.ts';
import type { Finding, PagedFacts } from './finding.ts';
import type { SecondReading } from './recheck-scan.ts';
import { repeatFindings, repeatTexts } from './repeat-findings.ts';

/** A total, or a number of pages, that the server stated, and stated otherwise later. */
interface StatedChange {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

function statedChange({ pages }: PagedFacts): StatedChange | null {
  const { totalAtStart, totalAtEnd, totalBetween, totalPagesAtStart, totalPagesAtEnd } = pages;
  const change = (from: number, to: number, text: string): StatedChange => ({ from, to, text });
  const start = totalAtStart ?? 0;
  if (totalAtStart !== null && totalAtEnd !== null && totalAtStart !== totalAtEnd) {
    const [from, to] = [totalAtStart, totalAtEnd].map(formatCount);
    const text = `the total went from ${from} to ${to} while the list was read`;
    return change(totalAtStart, totalAtEnd, text);
  }
  if (totalBetween !== null) {
    const [first, between] = [start, totalBetween].map(formatCount);
    return change(start, totalBetween, `the total was ${first} at first and ${between} in between`);
  }
  const startPages = totalPagesAtStart ?? 0;
  if (totalPagesAtStart !== null && totalPagesAtStart !== totalPagesAtEnd) {
    const [first, last] = [startPages, totalPagesAtEnd ?? 0].map(formatCount);
    const text = `the server stated ${first} pages at first and ${last} at the end`;
    return change(startPages, totalPagesAtEnd ?? 0, text);
  }
  if (pages.totalPagesBetween === null) return null;
  const [first, between] = [startPages, pages.totalPagesBetween].map(formatCount);
  const text = `the server stated ${first} pages at first and ${between} in between`;
  return change(startPages, pages.totalPagesBetween, text);
}

/**
 * Whether a change of the total lost nothing that was there all the time: the borders or the requests
 * prove it, rows were only appended behind what did not change, or nothing of what is left changed.
 */
function isHarmless({ from, to }: StatedChange, { checks, keys }: PagedFacts): boolean {
  const { bordersHold, keysHold, readAgain, unchanged, isAllUnchanged } = checks;
  if (bordersHold || keysHold) return true;
  if ((keys?.duplicates ?? 0) > 0) return false;
  return to > from ? readAgain > 0 && unchanged === readAgain : isAllUnchanged;
}

export function driftFindings(facts: PagedFacts): readonly Finding[] {
  const { pages, keys, pagination, planEnd, checks, numberOf } = facts;
  const texts: string[] = [];
  const findings: Finding[] = [];
  const change = statedChange(facts);
  if (change !== null) {
    if (isHarmless(change, facts)) findings.push({ kind: 'note', text: change.text });
    else texts.push(change.text);
  }
  if (facts.isStill) findings.push(...repeatFindings(facts));
  else texts.push(...repeatTexts(facts));
  if (pagination.key !== null) {
    for (const { first, second, keys: count } of keys?.shifted ?? []) {
      const [a, b] = [first, second].map((place) => formatCount(numberOf(place)));
      const records = counted(count, 'record');
      // A page past the end has no number of its own.
      const where = a === b ? `at the end of page ${a}` : `where pages ${a} and ${b} overlap`;
      texts.push(`${where}, ${records} differed on the second read`);
    }
    for (const { first, second } of pages.brokenBorders) {
      const [a, b] = [first, second].map((place) => formatCount(numberOf(place)));
      texts.push(
        a === b
          ? `the list no longer ended with the last record of page ${a} when its end was checked`
          : `page ${b} did not begin with the last record of page ${a}, as it was asked to`,
      );
    }
  }
  // Behind a limit the server gives nothing, also not what it gave before.
  if (pages.shortened > 0 && planEnd?.reason !== 'ceiling') {
    texts.push('the list was shorter than before when its end was checked');
  }
  if (!checks.keysHold) texts.push(...changedTexts(facts));
  return [...texts.map((text): Finding => ({ kind: 'drifted', text })), ...findings];
}

function changedTexts({ pages, numberOf }: PagedFacts): readonly string[] {
  const of = (outcome: SecondReading['outcome']) =>
    pages.secondReadings.filter((reading) => reading.outcome === outcome);
  const [changed, gone] = [of('changed'), of('gone')];
  const texts: string[] = [];
  const numbers = (readings: readonly SecondReading[]) =>
    pagesText(readings.map(({ place }) => numberOf(place)));
  if (changed.length > 0) texts.push(`${numbers(changed)} held other records when read again`);
  if (gone.length > 0) texts.push(`${numbers(gone)} could no longer be found when read again`);
  return texts;
}

/** A list that stands still begins with the same records whenever it is read. */
export function rereadingFindings({ givenUp }: PagedFacts): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { place, gone, moved, unnamed } of givenUp) {
    const when = `when the list was read again after page ${formatCount(place.position)}`;
    if (gone > 0) {
      findings.push({
        kind: 'drifted',
        text: `${counted(gone, 'record was', 'records were')} gone ${when}`,
      });
    } else if (moved > 0) {
      const stood = counted(moved, 'record stood', 'records stood');
      findings.push({ kind: 'drifted', text: `${stood} elsewhere ${when}` });
    }
    if (unnamed === 0) continue;
    const came = counted(unnamed, 'record has', 'records have');
    const text = `${came} no key, so it is not known whether they came again ${when}`;
    findings.push({ kind: 'missing', text });
  }
  return findings;
}
