import { usageError } from './errors.ts';
import { nearest } from './nearest.ts';
import type { Paginate, ResolvedPaginate } from './options.ts';
import { factsOf, noPagination, type PaginationStyle, paginationStyles } from './pagination.ts';

const NOTHING = { pinned: {}, preset: null, split: null, next: null } as const;

/** Styles that a user may name: the other two are a function's and what is left without any. */
export const namedStyles: readonly PaginationStyle[] = paginationStyles.filter(
  (style) => factsOf({ style }).isUnnamed !== true,
);

const numbers = new Set(['size', 'first', 'ceiling', 'overlap']);

/**
 * What `paginate` means.
 *
 * @throws EverypageError USAGE for a style or a property that there is not, or a number that is none
 */
export function resolvePaginate(paginate: Paginate | undefined): ResolvedPaginate {
  if (paginate === undefined) return { kind: 'default', ...NOTHING };
  if (typeof paginate === 'function') return { kind: 'function', ...NOTHING, next: paginate };
  if (typeof paginate === 'string') {
    if (paginate === 'auto' || paginate === 'none') return { kind: paginate, ...NOTHING };
    return { kind: 'style', ...NOTHING, pinned: { style: styleNamed(paginate) } };
  }
  const { style = 'auto', preset = null, split = null, ...parts } = paginate;
  for (const [name, value] of Object.entries(parts)) {
    if (!(name in noPagination)) {
      const near = nearest(name, ['style', 'preset', 'split', ...Object.keys(noPagination)]);
      const hint = near === null ? 'see docs/pagination.md' : `did you mean ${near}?`;
      throw usageError(`paginate has no ${name}; ${hint}`);
    }
    // A page of no records never ends a list.
    const least = name === 'size' ? 1 : 0;
    const isCount = typeof value === 'number' && Number.isSafeInteger(value) && value >= least;
    if (numbers.has(name) && value !== null && !isCount) {
      throw usageError(`${name} takes a whole number of at least ${least}, not ${value}`);
    }
  }
  const isAuto = style === 'auto';
  return {
    kind: isAuto ? 'auto' : 'style',
    pinned: isAuto ? parts : { ...parts, style: styleNamed(style) },
    preset,
    split,
    next: null,
  };
}

function styleNamed(name: string): PaginationStyle {
  const style = namedStyles.find((it) => it === name);
  if (style !== undefined) return style;
  const near = nearest(String(name), ['auto', 'none', ...namedStyles]);
  const hint = near === null ? '' : ` did you mean ${near}?`;
  throw usageError(
    `there is no pagination style ${JSON.stringify(name)};${hint} There are auto, ${namedStyles.join(', ')} and none`,
  );
}
