import { isByOrdinal, type Pagination } from '../core/pagination.ts';
import { styleOf } from '../plan/styles/styles.ts';

/** What the user asked for and this list has no use for, each a sentence without its full stop. */
export function idleOptions(pagination: Pagination): readonly string[] {
  const { overlap, size, sizeParam, style } = pagination;
  const idle: string[] = [];
  if (overlap > 0 && !isByOrdinal(pagination)) {
    idle.push(`--overlap does nothing here: this list is paged by ${style}, not by offset`);
  }
  const own = styleOf(pagination);
  const takesSize = sizeParam !== null || (own?.kind === 'counted' && own.needsSize === true);
  if (size !== null && !takesSize) {
    idle.push(
      '--page-size does nothing here: neither the URL nor the first page names a parameter for it; name it with --size-param',
    );
  }
  return idle;
}
