/**
 * Names of the fields of one object as a table can have them: none is empty, and no two are the same,
 * also where upper and lower case are, as in SQL. A name that is free stays as it is, and comes before
 * names that need a suffix.
 *
 * @returns in the order of the keys
 * @example columnNames(['id', 'ID', '']) // ['id', 'ID_2', 'unnamed']
 */
export function columnNames(keys: readonly string[]): string[] {
  const taken = new Set<string>();
  const names = keys.map(writable);
  const isFirst = names.map((name) => {
    const folded = name.toLowerCase();
    if (name === '' || taken.has(folded)) return false;
    taken.add(folded);
    return true;
  });
  return names.map((name, index) => {
    if (isFirst[index]) return name;
    const base = name === '' ? 'unnamed' : name;
    let free = base;
    for (let number = 2; taken.has(free.toLowerCase()); number += 1) free = `${base}_${number}`;
    taken.add(free.toLowerCase());
    return free;
  });
}

/** Half of a surrogate pair is no UTF-8, and SQL ends at NUL. */
function writable(key: string): string {
  return key.toWellFormed().replaceAll('\0', '\uFFFD');
}
