import type { ArchiveReader } from '../archive/archive-reader.ts';
import type { RunOptions } from '../core/options.ts';
import { keptShape, type OutputShape, outputShape } from '../core/output-shape.ts';

/** The options of an export that a look at an archive takes, too. */
export type ShapeOptions = Pick<RunOptions, 'select' | 'wholePages' | 'where' | 'fields'>;

/** As the user says, else as the run did. */
export function shapeOf(
  { run: { pagination, selection } }: ArchiveReader,
  options: Pick<ShapeOptions, 'select' | 'wholePages'>,
): OutputShape {
  const { select = selection, wholePages } = options;
  if (pagination === null) return { kind: 'selection', select: wholePages ? null : select };
  const isSaid = wholePages || options.select !== undefined;
  return isSaid ? outputShape(pagination, options) : keptShape(pagination);
}
