/** A flag that is not in the table: what it is here if another tool has it, else the nearest one. */
import { nearest } from '../core/nearest.ts';
import { flags } from './flags.ts';
import { findOtherName, type OtherName, VALUE } from './other-names.ts';
import { UsageError } from './typed-arguments.ts';

export function unknownFlag(rawName: string, argv: readonly string[], index: number): UsageError {
  const other = findOtherName(rawName);
  if (other !== undefined) {
    const said = `there is no flag ${rawName}; ${other.says}`;
    return new UsageError(said, wordsInstead(rawName, other, argv, index));
  }
  const names = flags.map((flag) => `--${flag.name}`);
  const near = rawName.startsWith('--') ? nearest(rawName, names) : null;
  if (near === null) return new UsageError(`there is no flag ${rawName}`);
  const words = argv.with(index, argv[index]!.replace(rawName, near));
  return new UsageError(`there is no flag ${rawName}; did you mean ${near}?`, words);
}

/** The command line with what a flag of another tool is here, in its place. */
function wordsInstead(
  rawName: string,
  { takes, instead, verb }: OtherName,
  argv: readonly string[],
  index: number,
): readonly string[] {
  const word = argv[index]!;
  const letters = rawName.startsWith('--') ? '' : word.slice(1).split(rawName[1]!)[0]!;
  const before = letters === '' ? [] : [`-${letters}`];
  // `--limit=5`, `-m5`; other letters that follow are flags of their own.
  const rest = rawName.startsWith('--')
    ? word.slice(rawName.length + 1)
    : word.slice(1 + letters.length + 1);
  const isAttached = takes && rest !== '';
  const after = isAttached || rest === '' || rawName.startsWith('--') ? [] : [`-${rest}`];
  const wantsValue = instead.some((it) => it.includes(VALUE));
  const next = argv[index + 1];
  const isNext =
    takes &&
    rest === '' &&
    next !== undefined &&
    (next === '-' || !next.startsWith('-')) &&
    // A URL stands by itself, unless the flag is one that has a URL.
    (wantsValue || !/^https?:\/\//i.test(next));
  const value = isAttached ? rest : isNext ? next : '';
  const own = instead.map((it) => it.replace(VALUE, () => value));
  const words = [...before, ...own, ...after];
  const changed = argv.toSpliced(index, isNext ? 2 : 1, ...words);
  return verb === null || changed[0] === verb ? changed : [verb, ...changed];
}
