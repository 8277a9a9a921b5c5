/**
 * Names of columns such that none is empty and no two are the same. A name that is free stays as it is, and
 * comes before names that need a suffix.
 *
 * @param fold what is the same for names that may not stand together: SQL does not tell `id` from `ID`
 * @returns in the order of what was given
 * @example columnNames(['a', 'a', 'A', '']) // ['a', 'a_2', 'A', 'unnamed']
 */
export function columnNames(
  given: readonly string[],
  fold: (name: string) => string = (name) => name,
): readonly string[] {
  const taken = new Set<string>();
  const isFirst = given.map((name) => {
    if (name === '' || taken.has(fold(name))) return false;
    taken.add(fold(name));
    return true;
  });
  return given.map((name, index) => {
    if (isFirst[index]) return name;
    const base = name === '' ? 'unnamed' : name;
    let free = base;
    for (let number = 2; taken.has(fold(free)); number += 1) free = `${base}_${number}`;
    taken.add(fold(free));
    return free;
  });
}
