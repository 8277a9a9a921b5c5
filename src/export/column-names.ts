import { counted } from '../core/units.ts';

/**
 * Names of columns such that none is empty and no two are the same. A name that is free stays as it is, and
 * comes before names that need a suffix.
 *
 * @returns `names` in the order of what was given, and what to say of those that are new
 * @example columnNames(['a.b', 'a.b', '']).names // ['a.b', 'a.b_2', 'unnamed']
 */
export function columnNames(given: readonly string[]): {
  readonly names: readonly string[];
  readonly notes: readonly string[];
} {
  // Half of a surrogate pair is no UTF-8.
  const paths = given.map((path) => path.toWellFormed());
  const taken = new Set<string>();
  const isFirst = paths.map((path) => {
    if (path === '' || taken.has(path)) return false;
    taken.add(path);
    return true;
  });
  const renamed: string[] = [];
  const names = paths.map((path, index) => {
    if (isFirst[index]) return path;
    const base = path === '' ? 'unnamed' : path;
    let free = base;
    for (let number = 2; taken.has(free); number += 1) free = `${base}_${number}`;
    taken.add(free);
    renamed.push(free);
    return free;
  });
  if (renamed.length === 0) return { names, notes: [] };
  const more = renamed.length > SHOWN ? ` and ${renamed.length - SHOWN} more` : '';
  const shown = renamed.slice(0, SHOWN).join(', ');
  const are = counted(renamed.length, 'column has a name of its', 'columns have names of their');
  return {
    names,
    notes: [`${are} own, because the records' is empty or stands twice: ${shown}${more}`],
  };
}

const SHOWN = 5;
