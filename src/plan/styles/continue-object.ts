/** An object in a page whose members are to be sent with the next request. */
import { means } from '../names.ts';
import { type Field, isObject } from '../page-fields.ts';

export interface ContinueSaid {
  readonly path: string;
  readonly isThere: boolean;
}

/**
 * MediaWiki: `continue` while there is more, `batchcomplete` where there is nothing left to merge;
 * OpenFEC: `last_indexes`, with null for what does not count.
 */
export function readContinue(fields: readonly Field[]): ContinueSaid | null {
  const isScalar = (value: unknown): boolean =>
    value === null || typeof value === 'string' || typeof value === 'number';
  const found = fields.find(
    ({ name, value }) =>
      means.parameters(name) &&
      isObject(value) &&
      Object.values(value).some((member) => member !== null) &&
      Object.values(value).every(isScalar),
  );
  if (found !== undefined) return { path: found.path, isThere: true };
  const isLast = fields.some(({ path }) => path === 'batchcomplete');
  return isLast ? { path: 'continue', isThere: false } : null;
}
