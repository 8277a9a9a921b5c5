/** Counts what runs over changing lists claimed, prints it, and says which bars they missed. */
import type { Kind } from './drift-case.ts';

export const modes = ['once', 'prove', 'still'] as const;

/** A changing list read once, or until it is proven; a list that stands still, read once. */
export type Mode = (typeof modes)[number];

/** What is kept of a run. */
export interface Outcome {
  readonly mode: Mode;
  readonly seed: number;
  readonly style: string;
  /** What the list had in the beginning, and what its tables call that. */
  readonly pages: number;
  readonly kind: Kind | null;
  /** The verdict's name, or why there is none. */
  readonly level: string;
  /** It ends with exit 0. */
  readonly isWhole: boolean;
  readonly lost: number;
  readonly twice: number;
  readonly requests: number;
  readonly readings: number;
  readonly reasons: readonly string[];
}

const isFalse = ({ lost, twice }: Outcome): boolean => lost + twice > 0;

/** Rows that move lose their order: nothing but another reading can see them. */
const keepsOrder = ({ kind }: Outcome): boolean => kind !== 'move';

/** Levels with exit 0, the highest first: those that are not here come behind them. */
const LEVELS = ['proven', 'complete', 'unverified'];
const ALARMS = ['drifted', 'incomplete', 'capped'];

export function levelsOf(outcomes: readonly Outcome[]): {
  readonly whole: readonly string[];
  readonly alarms: readonly string[];
} {
  const named = (isWhole: boolean, usual: readonly string[]): string[] => {
    const own = outcomes.filter((it) => it.isWhole === isWhole).map(({ level }) => level);
    const found = new Set(own);
    return [...usual.filter((it) => found.has(it)), ...found].filter(
      (it, at, all) => all.indexOf(it) === at,
    );
  };
  return { whole: named(true, LEVELS), alarms: named(false, ALARMS) };
}

function groupBy<T>(
  outcomes: readonly Outcome[],
  by: (outcome: Outcome) => T,
): Map<T, readonly Outcome[]> {
  return Map.groupBy(outcomes, by);
}

const count = (outcomes: readonly Outcome[], test: (it: Outcome) => boolean): number =>
  outcomes.filter(test).length;

const percent = (part: number, whole: number): string =>
  part === 0 ? '0' : `${((100 * part) / whole).toFixed(1)} %`;

const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

/** A row for each group, and one for all: how many ended at each level, and how many of them are false. */
export function levelTable(
  title: string,
  outcomes: readonly Outcome[],
  by: (outcome: Outcome) => string,
): string[] {
  const { whole, alarms } = levelsOf(outcomes);
  const head = [title, 'runs', ...whole.flatMap((it) => [it, 'false']), ...alarms];
  const row = (name: string, own: readonly Outcome[]): string => {
    const good = own.filter(({ isWhole }) => isWhole);
    const asked = good.reduce((sum, { requests }) => sum + requests, 0);
    const pages = good.reduce((sum, it) => sum + it.pages, 0);
    const cells = whole.flatMap((level) => {
      const at = good.filter((it) => it.level === level);
      return [at.length, count(at, isFalse)];
    });
    const others = alarms.map((level) => count(own, (it) => !it.isWhole && it.level === level));
    const cost = pages === 0 ? '' : (asked / pages).toFixed(2);
    return line([name, own.length, ...cells, ...others, cost]);
  };
  return [
    line([...head, 'requests a page']),
    line(['---', ...head.map(() => '---:')]),
    ...[...groupBy(outcomes, by)].map(([name, own]) => row(name, own)),
    row('all', outcomes),
  ];
}

/** Of all runs in which rows keep their order: the part that is false, by style and pages. */
export function falseTable(level: string, outcomes: readonly Outcome[]): string[] {
  const own = outcomes.filter(keepsOrder);
  const lengths = [...new Set(own.map(({ pages }) => pages))].sort((a, b) => a - b);
  return [
    line([`false \`${level}\``, ...lengths.map((pages) => `${pages} pages`)]),
    line(['---', ...lengths.map(() => '---:')]),
    ...[...groupBy(own, ({ style }) => style)].map(([style, ofStyle]) => {
      const cells = lengths.map((pages) => {
        const here = ofStyle.filter((it) => it.pages === pages);
        const wrong = count(here, (it) => isFalse(it) && it.level === level);
        return here.length === 0 ? '' : percent(wrong, here.length);
      });
      return line([style, ...cells]);
    }),
  ];
}

/** One false run of few is no rate. */
const LEAST_FALSE = 2;

/** What must hold and does not, in sentences. */
export function missedBars(outcomes: readonly Outcome[]): string[] {
  const missed: string[] = [];
  const ordered = outcomes.filter(keepsOrder);
  for (const mode of modes) {
    const own = outcomes.filter((it) => it.mode === mode);
    const ended = count(
      own,
      ({ level }) => level.startsWith('no end') || level.startsWith('threw'),
    );
    if (ended > 0) missed.push(`${mode}: ${ended} runs have no verdict`);
  }
  const wrong = (mode: Mode, level: string): number =>
    count(ordered, (it) => it.mode === mode && it.level === level && isFalse(it));
  const proven = wrong('once', 'proven');
  if (proven > 0) missed.push(`once: ${proven} runs are proven and false`);
  for (const level of ['proven', 'complete']) {
    const falseOnes = wrong('prove', level);
    if (falseOnes > 0) missed.push(`prove: ${falseOnes} runs are ${level} and false`);
  }
  const once = ordered.filter(({ mode }) => mode === 'once');
  for (const [name, own] of groupBy(once, ({ style, pages }) => `${style}, ${pages} pages`)) {
    const falseOnes = count(own, (it) => it.level === 'complete' && isFalse(it));
    if (falseOnes < LEAST_FALSE || falseOnes < own.length / 100) continue;
    missed.push(`once: ${name}: ${falseOnes} of ${own.length} runs are complete and false`);
  }
  const still = outcomes.filter(({ mode }) => mode === 'still');
  const alarms = count(still, (it) => !it.isWhole || isFalse(it));
  if (alarms > 0) missed.push(`still: ${alarms} of ${still.length} runs are false alarms`);
  return missed;
}

/** Whether a run is worth a line of its own. */
export function isOdd(outcome: Outcome): boolean {
  const { mode, level, isWhole } = outcome;
  if (mode === 'still') return !isWhole || isFalse(outcome);
  if (!isWhole) return level.startsWith('no end') || level.startsWith('threw');
  return isFalse(outcome) && keepsOrder(outcome) && level !== 'unverified';
}
