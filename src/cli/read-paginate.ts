import { EverypageError } from '../core/errors.ts';
import type { Paginate, PaginateOptions } from '../core/options.ts';
import type { FlagName } from './flags.ts';
import type { TypedArguments } from './parse-arguments.ts';

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

const texts: readonly (readonly [FlagName, keyof PaginateOptions])[] = [
  ['preset', 'preset'],
  ['page-param', 'param'],
  ['size-param', 'sizeParam'],
  ['next-path', 'nextPath'],
  ['more-path', 'morePath'],
  ['total-path', 'totalPath'],
  ['pages-path', 'totalPagesPath'],
  ['key', 'key'],
  ['split', 'split'],
];

const headerNames: readonly (readonly [FlagName, keyof PaginateOptions])[] = [
  ['next-header', 'nextHeader'],
  ['total-header', 'totalHeader'],
  ['pages-header', 'totalPagesHeader'],
];

const counts: readonly (readonly [FlagName, keyof PaginateOptions])[] = [
  ['page-size', 'size'],
  ['first', 'first'],
  ['ceiling', 'ceiling'],
  ['overlap', 'overlap'],
];

/** What the flags say of pagination, or undefined where they say nothing. */
export function readPaginate(typed: TypedArguments): Paginate | undefined {
  const options: Mutable<Record<string, unknown>> = {};
  for (const [name, key] of texts) {
    const value = typed.value(name);
    if (value !== null) options[key] = value;
  }
  for (const [name, key] of headerNames) {
    const value = typed.value(name);
    if (value !== null) options[key] = value.toLowerCase();
  }
  for (const [name, key] of counts) {
    const value = typed.value(name);
    if (value === null) continue;
    if (!/^\d{1,15}$/.test(value)) {
      throw new EverypageError(
        'USAGE',
        `${typed.placeOf(name)} takes a whole number, not ${value}`,
      );
    }
    options[key] = Number(value);
  }
  const carrier = typed.value('param-in');
  if (carrier !== null) {
    if (carrier !== 'query' && carrier !== 'header' && carrier !== 'body') {
      throw new EverypageError('USAGE', '--param-in takes query, header or body');
    }
    options['carrier'] = carrier;
  }
  if (typed.has('repeat-is-end')) options['repeatIsEnd'] = true;
  const kind = typed.value('paginate');
  if (kind === 'none') {
    const [other] = Object.keys(options);
    if (other === undefined || other === 'key') return 'none';
    throw new EverypageError('USAGE', '--paginate none goes with no other flag of pagination');
  }
  if (Object.keys(options).length === 0) return (kind ?? undefined) as Paginate | undefined;
  // Its style is checked where the library's is.
  const style = (kind ?? 'auto') as NonNullable<PaginateOptions['style']>;
  return { ...(options as PaginateOptions), style };
}
